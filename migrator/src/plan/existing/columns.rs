//! The columns of a bound table: which cast each takes, and what its values become by it.
//!
//! A cast is taken only if every value fits it, those left aside that a policy takes out. Exact casts go before
//! folding ones, and what a folding one does is named.

use super::binding::BoundTable;
use super::changes;
use crate::census::{CastCount, ColumnCensus, TableCensus};
use crate::plan::builder::{Builder, Family, plain, skip_flag};
use crate::plan::cast::real_moment::RealUnit;
use crate::plan::cast::{Candidate, Cast};
use crate::plan::mapping::Mapping;
use crate::plan::model::{ColumnPlan, Disposition, Finding};
use crate::plan::policy::{Policy, ValueKind};
use crate::plan::rules;
use crate::plan::values::{self, Applied};
use crate::source::catalog::{Column, Table};
use crate::target::catalog::{ColumnKind, TargetColumn, TargetTable};
use outgrow_shared::value::Class;

/// A bound pair of columns with what is known of both.
pub(super) struct Bound<'a> {
    pub object: String,
    source: &'a Column,
    pub target: &'a TargetColumn,
    pub census: &'a ColumnCensus,
    candidates: &'a [Candidate],
    /// Whether its owner chose the mapping.
    pub is_chosen: bool,
    /// Whether its values are read at all; computed ones are not always.
    is_read: bool,
}

/// Plans the columns of one bound table; what cannot be bound or cast becomes a finding.
pub(super) fn plan<'a>(
    builder: &mut Builder<'_>,
    bound: &BoundTable,
    table: &Table,
    target: &TargetTable,
    census: &TableCensus,
    candidates: impl Fn(&str) -> &'a [Candidate],
) -> Vec<(usize, ColumnPlan)> {
    let mut planned = Vec::new();
    for pair in &bound.columns {
        let source = &table.columns[pair.source];
        let object = format!("column:{}.{}", table.name, source.name);
        let choice = builder.choices.column(&object);
        let column = Bound {
            is_chosen: choice.is_some_and(|choice| choice.mapping.is_some()),
            object,
            source,
            target: &target.columns[pair.target],
            census: &census.columns[pair.source],
            candidates: candidates(&source.name),
            is_read: !source.generated || table.computed_read.contains(&pair.source),
        };
        builder.used(Family::Column, &column.object);
        builder.used(Family::Name, &column.object);
        let plan = plan_column(builder, &column);
        planned.extend(plan.map(|plan| (pair.source, plan)));
    }
    planned
}

/// Whether nothing of the column is copied, and why.
fn is_left_out(builder: &mut Builder<'_>, column: &Bound<'_>) -> bool {
    let object = &column.object;
    if builder.skipped(
        object,
        "its values stay behind; the target's column gets its default, or NULL",
    ) {
        if column.target.not_null && !column.target.has_default && !column.target.generated {
            let detail = "it is left out, and the target's column is NOT NULL without a default".to_owned();
            builder.add(plain(
                Disposition::Blocked,
                rules::BINDING_NO_VALUE,
                object,
                detail,
            ));
        }
        return true;
    }
    if column.target.generated {
        let detail = "the target computes it; its values are neither copied nor compared";
        builder.find(Disposition::Skipped, rules::BINDING_COMPUTED, object, detail);
        return true;
    }
    if column.source.generated {
        builder.used(Family::Generated, object);
        if !column.is_read {
            let detail =
                "its expression may make much of little, so SQLite is not asked for its values".to_owned();
            let next = format!(
                "Have them read all the same: columns.\"{object}\" = {{ generated = \"materialise\" }} in a plan. Or \
                 leave it out with {}.",
                skip_flag(object)
            );
            let finding = plain(Disposition::Blocked, rules::GENERATED, object, detail);
            builder.block(Finding { next, ..finding });
            return true;
        }
    }
    false
}

fn plan_column(builder: &mut Builder<'_>, column: &Bound<'_>) -> Option<ColumnPlan> {
    if is_left_out(builder, column) {
        return None;
    }
    let object = &column.object;
    builder.used(Family::Stored, object);
    if matches!(
        column.target.kind,
        ColumnKind::Timestamp(_) | ColumnKind::Timestamptz(_)
    ) {
        builder.used(Family::Timezone, object);
    }
    let mut applied = applied(builder, column);
    let choice = decide(column, &applied);
    let (candidate, count) = match choice {
        Decision::Taken(candidate, count) => (candidate, count),
        Decision::OnlyNulls => {
            check_nulls(builder, column, 0);
            // NULL travels alike in every mapping; a later value of a type that is not known is a difference.
            let mapping = column
                .candidates
                .first()
                .map_or(Mapping::BlobBytea, |first| first.mapping);
            return Some(planned(
                column,
                mapping,
                Applied::new(),
                "there is nothing to cast".to_owned(),
            ));
        }
        Decision::Refused(finding) => {
            builder.add(*finding);
            return None;
        }
    };
    // A policy that has nothing to do is none.
    applied.retain(|kind, _| count.refused.by_kind().any(|(refused, _)| refused == *kind));
    changes::note_cast(builder, column, candidate.mapping, count);
    let taken_out = changes::note_policies(builder, column, count, &applied);
    check_nulls(builder, column, taken_out);
    let mapping = candidate.mapping;
    let reason = if count.folded + count.rounded + taken_out == 0 {
        format!("every value survives {mapping}")
    } else {
        format!("{mapping}; see the findings")
    };
    Some(planned(column, mapping, applied, reason))
}

fn planned(column: &Bound<'_>, mapping: Mapping, values: Applied, reason: String) -> ColumnPlan {
    ColumnPlan {
        name: column.source.name.clone(),
        target_name: column.target.name.clone(),
        declared_type: column.source.declared_type.clone(),
        target_type: column.target.type_name.clone(),
        mapping,
        could_be: Vec::new(),
        fits: (!values.is_empty()).then(|| column.target.kind.clone()),
        values,
        generated: None,
        not_null: column.target.not_null,
        reason,
    }
}

/// What its owner said of values that do not fit; policies that change a type have no place here.
fn applied(builder: &mut Builder<'_>, column: &Bound<'_>) -> Applied {
    let own = builder.choices.column(&column.object);
    let policies = values::occurring(column.census).filter_map(|kind| {
        let own = own.and_then(|choice| choice.values.get(&kind));
        // What is said of all columns is for those that outgrow makes, too.
        let general = || {
            builder
                .choices
                .values
                .get(&kind)
                .filter(|policy| policy.takes_out())
        };
        let policy = own.or_else(general)?;
        (*policy != Policy::Block).then_some((kind, *policy))
    });
    let (kept, unfit): (Applied, Applied) = policies.partition(|(_, policy)| policy.takes_out());
    if !unfit.is_empty() {
        let detail = format!(
            "text and bytea give a column another type, and this one stays {}",
            column.target.type_name
        );
        let next = "Choose null or quarantine, or correct the values in the source.".to_owned();
        let finding = plain(Disposition::Blocked, rules::POLICY_UNFIT, &column.object, detail);
        builder.add(Finding { next, ..finding });
    }
    kept
}

/// Which cast a column takes.
enum Decision<'a> {
    Taken(&'a Candidate, &'a CastCount),
    /// There is nothing to cast.
    OnlyNulls,
    Refused(Box<Finding>),
}

fn decide<'a>(column: &'a Bound<'_>, applied: &Applied) -> Decision<'a> {
    if column.census.classes().is_empty() {
        return Decision::OnlyNulls;
    }
    if column.candidates.is_empty() && column.is_chosen {
        return Decision::Refused(Box::new(unfit_mapping(column)));
    }
    if column.candidates.is_empty() {
        return Decision::Refused(Box::new(unknown_type(column)));
    }
    let tried: Vec<(&Candidate, &CastCount)> = column
        .candidates
        .iter()
        .zip(&column.census.casts)
        .filter(|(candidate, _)| column.is_chosen || is_certain(candidate.mapping, column.census))
        .collect();
    let left = |count: &CastCount| -> u64 {
        let blocking = count.refused.by_kind();
        blocking
            .filter(|(kind, _)| !applied.contains_key(kind))
            .map(|(_, rows)| rows)
            .sum()
    };
    let fitting = tried.iter().filter(|(_, count)| left(count) == 0);
    // A policy is for what no cast takes: the fewest go before anything else. Then the first that changes the least.
    let taken_out = |count: &CastCount| -> u64 { count.refused.by_kind().map(|(_, rows)| rows).sum() };
    let best = fitting.min_by_key(|(_, count)| (taken_out(count), count.rounded, count.folded > 0));
    match best {
        Some((candidate, count)) => Decision::Taken(candidate, count),
        None if is_number_of_unknown_unit(column) => Decision::Refused(Box::new(no_unit(column))),
        // The last one takes most; what it refuses fits in no way.
        None => Decision::Refused(Box::new(refused(column, column.census.casts.last(), applied))),
    }
}

/// Whether a column holds nothing but numbers and the target's holds moments or time spans.
fn is_number_of_unknown_unit(column: &Bound<'_>) -> bool {
    let temporal = matches!(
        column.target.kind,
        ColumnKind::Timestamp(_) | ColumnKind::Timestamptz(_) | ColumnKind::Interval(_)
    );
    let numbers = |class: &Class| matches!(class, Class::Integer | Class::Real);
    temporal && !column.is_chosen && column.census.classes().iter().all(numbers)
}

/// Numbers say by themselves only roughly what moment they mean; a unit that cannot be told is not guessed.
fn is_certain(mapping: Mapping, census: &ColumnCensus) -> bool {
    match mapping {
        Mapping::IntegerTimestamptz(unit) | Mapping::Cast(Cast::IntegerTimestamp(unit)) => {
            census.epoch_unit() == Some(unit)
        }
        Mapping::Cast(Cast::RealMoment(moment)) => match moment.unit {
            RealUnit::Seconds => census.reals_are_epoch_seconds(),
            RealUnit::JulianDays => census.reals_are_julian_days(),
        },
        _ => true,
    }
}

fn unfit_mapping(column: &Bound<'_>) -> Finding {
    let detail = format!(
        "the mapping that was chosen for it does not lead into the target's type {}",
        column.target.type_name
    );
    let next = "Take the choice away, or name a mapping of that type.".to_owned();
    let finding = plain(Disposition::Blocked, rules::MAPPING_UNFIT, &column.object, detail);
    Finding { next, ..finding }
}

fn unknown_type(column: &Bound<'_>) -> Finding {
    let detail = format!(
        "holds values, and outgrow cannot write the target's type {}",
        column.target.type_name
    );
    let next = format!(
        "Leave the column out with {} and fill it afterwards, if it may be empty.",
        skip_flag(&column.object)
    );
    let finding = plain(
        Disposition::Blocked,
        rules::CAST_TYPE_UNKNOWN,
        &column.object,
        detail,
    );
    Finding { next, ..finding }
}

fn refused(column: &Bound<'_>, last: Option<&CastCount>, applied: &Applied) -> Finding {
    let object = &column.object;
    let refused = last.map(|count| count.refused.clone()).unwrap_or_default();
    let kinds: Vec<(ValueKind, u64)> = refused
        .by_kind()
        .filter(|(kind, _)| !applied.contains_key(kind))
        .collect();
    let rows = kinds.iter().map(|(_, rows)| rows).sum();
    let told: Vec<String> = kinds
        .iter()
        .map(|(kind, rows)| format!("{rows} {kind}"))
        .collect();
    let what = match &column.target.kind {
        ColumnKind::Enum(labels) => format!("{} ({})", column.target.type_name, labels.join(", ")),
        _ => column.target.type_name.clone(),
    };
    let detail = format!(
        "values that do not fit the target's type {what}: {}",
        told.join(", ")
    );
    let words: Vec<&str> = kinds.iter().map(|(kind, _)| kind.word()).collect();
    let next = format!(
        "Correct them in the source. Or say what becomes of them: --values '{}/KIND=POLICY', where KIND is {} and \
         POLICY null or quarantine.",
        object.replace('\'', "'\\''"),
        words.join(", ")
    );
    Finding {
        rows,
        samples: refused.samples,
        next,
        ..plain(Disposition::Blocked, rules::CAST_REFUSED, object, detail)
    }
}

fn no_unit(column: &Bound<'_>) -> Finding {
    let range = column
        .census
        .integers
        .map_or_else(String::new, |(low, high)| format!(" (from {low} to {high})"));
    let detail = format!(
        "holds numbers{range} that go into {}, and their unit cannot be told",
        column.target.type_name
    );
    let base = match column.target.kind {
        ColumnKind::Timestamp(_) => "timestamp",
        ColumnKind::Interval(_) => "interval",
        _ => "timestamptz",
    };
    let next = format!(
        "Name it in a plan: columns.\"{}\" = {{ mapping = \"integer.{base}(s)\" }}, or (ms), or (us).",
        column.object
    );
    let finding = plain(Disposition::Blocked, rules::CAST_UNIT, &column.object, detail);
    Finding { next, ..finding }
}

/// NULL where the target takes none.
fn check_nulls(builder: &mut Builder<'_>, column: &Bound<'_>, taken_out: u64) {
    let nulls = column.census.of_class(Class::Null) + taken_out;
    if nulls == 0 || !column.target.not_null {
        return;
    }
    let detail = "holds NULL, and the target's column is NOT NULL".to_owned();
    let next =
        "Give these rows a value in the source; a policy that makes NULL has no place here.".to_owned();
    builder.add(Finding {
        rows: nulls,
        samples: column.census.samples(Class::Null).to_vec(),
        next,
        ..plain(Disposition::Blocked, rules::CAST_NULL, &column.object, detail)
    });
}
