//! What a cast or a policy does to the values of a column, in words: each is named, none is silent.

use super::columns::Bound;
use crate::census::CastCount;
use crate::plan::builder::{Builder, plain};
use crate::plan::cast::{Cast, ZoneRef};
use crate::plan::mapping::Mapping;
use crate::plan::model::{Disposition, Finding};
use crate::plan::policy::Policy;
use crate::plan::rules;
use crate::plan::values::Applied;
use crate::target::catalog::ColumnKind;

/// Whether the cast reads numbers as moments or time spans.
fn has_a_unit(mapping: Mapping) -> bool {
    match mapping {
        Mapping::IntegerTimestamptz(_) => true,
        Mapping::Cast(cast) => cast.assumes_a_unit(),
        _ => false,
    }
}

/// Names what a cast does to the values, where they do not come back as they were.
pub(super) fn note_cast(builder: &mut Builder<'_>, column: &Bound<'_>, mapping: Mapping, count: &CastCount) {
    let type_name = &column.target.type_name;
    if count.rounded > 0 {
        let detail = format!(
            "values that {type_name} holds less precisely, rounded by {mapping}: {}",
            count.rounded
        );
        builder.add(Finding {
            rows: count.rounded,
            samples: count.rounded_samples.clone(),
            ..plain(Disposition::Changed, rules::CAST_ROUNDED, &column.object, detail)
        });
    }
    if count.folded > 0 {
        let detail = format!(
            "becomes {type_name} by {mapping}; values that come back in that type's own form: {}",
            count.folded
        );
        builder.add(Finding {
            rows: count.folded,
            samples: count.folded_samples.clone(),
            ..plain(
                Disposition::Changed,
                rules::CAST_NORMAL_FORM,
                &column.object,
                detail,
            )
        });
    }
    if has_a_unit(mapping) && !column.is_chosen {
        let detail =
            format!("numbers become {type_name} by {mapping}, as their size and the application say");
        builder.find(Disposition::Changed, rules::CAST_UNIT, &column.object, detail);
    }
    note_zone(builder, column, mapping);
}

/// Says in which zone times are read that state none; where only some state one, nothing is guessed.
fn note_zone(builder: &mut Builder<'_>, column: &Bound<'_>, mapping: Mapping) {
    let zones = column.census.zones;
    let chosen = builder.choices.timezone(&column.object);
    let (zone, is_said) = match mapping {
        Mapping::Cast(Cast::LocalTimestamptz(_, zone) | Cast::AnyTimestamptz(zone, _)) => {
            (zone.name(), chosen.is_some())
        }
        // Wall times are read as they are, and those that state UTC as UTC's.
        Mapping::Cast(Cast::AnyTimestamp(_)) => ("UTC", chosen == Some("UTC")),
        _ => return,
    };
    let own = builder.choices.column(&column.object);
    let own = own.and_then(|choice| ZoneRef::named(choice.timezone.as_deref()?));
    if let Some(own) = own.filter(|own| column.is_chosen && own.name() != zone) {
        let detail =
            format!("the mapping that was chosen for it reads times in {zone}, and its timezone is {own}");
        let next = "Take one of both away.".to_owned();
        let finding = plain(Disposition::Blocked, rules::MAPPING_UNFIT, &column.object, detail);
        return builder.add(Finding { next, ..finding });
    }
    if zones.stated > 0 && zones.unstated > 0 && !is_said {
        let detail = format!(
            "times that state their zone and times that do not: {} and {}",
            zones.stated, zones.unstated
        );
        let next = format!(
            "Say in which zone the latter are: --timezone UTC, or columns.\"{}\" = {{ timezone = \"UTC\" }} in a plan.",
            column.object
        );
        let finding = plain(Disposition::Blocked, rules::CAST_ZONE, &column.object, detail);
        return builder.add(Finding { next, ..finding });
    }
    if zones.unstated > 0 && matches!(column.target.kind, ColumnKind::Timestamptz(_)) {
        let detail = format!("times that state no zone are read in {zone}");
        builder.find(Disposition::Changed, rules::CAST_ZONE, &column.object, detail);
    }
}

/// Names what the policies take out, and counts it.
pub(super) fn note_policies(
    builder: &mut Builder<'_>,
    column: &Bound<'_>,
    count: &CastCount,
    applied: &Applied,
) -> u64 {
    let mut taken_out = 0;
    for (kind, rows) in count.refused.by_kind() {
        let Some(policy) = applied.get(&kind) else {
            continue;
        };
        taken_out += rows;
        let (rule, what) = if *policy == Policy::Quarantine {
            builder.set_aside(rows);
            (
                rules::VALUES_QUARANTINED,
                "become NULL and are kept whole in _outgrow.quarantine",
            )
        } else {
            (
                rules::VALUES_NULL,
                "become NULL and are not kept, and equality is modulo that",
            )
        };
        let detail = format!(
            "values of kind {kind} that do not fit {} {what}",
            column.target.type_name
        );
        builder.add(Finding {
            rows,
            samples: count.refused.samples.clone(),
            ..plain(Disposition::Changed, rule, &column.object, detail)
        });
    }
    taken_out
}
