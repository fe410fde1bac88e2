//! Builds the plan of a migration into existing tables from both catalogs and the census: a pure function.

use outgrow_shared::ce1::Mode;
use outgrow_shared::value::Class;

use super::binding::{Alone, BoundTable};
use super::facts::Facts;
use super::kept::{self, Both};
use super::{columns, foreign_keys};
use crate::census::{Census, TableCensus, Trials};
use crate::plan::build::{block_wide_rows, note_unchecked};
use crate::plan::builder::{Builder, Family, plain, skip_flag};
use crate::plan::choices::Choices;
use crate::plan::mapping::Mapping;
use crate::plan::model::{ColumnPlan, Disposition, Finding, Plan, SchemaMode, Seeds, TablePlan};
use crate::plan::others;
use crate::plan::rules;
use crate::plan::unknown_choice::UnknownChoice;
use crate::quote::quote_ident;
use crate::source::catalog::{Catalog, IndexOrigin, Table};
use crate::source::objects::OtherKind;
use crate::source::{Identity, TextEncoding, Unchecked};
use crate::target::catalog::{ColumnKind, TargetTable};

/// What the source is, beside its tables.
#[derive(Debug, Clone, Copy)]
pub struct SourceFacts<'a> {
    /// What pins its state.
    pub identity: &'a Identity,
    /// Its text encoding.
    pub encoding: TextEncoding,
    /// What its own check could not look at.
    pub unchecked: &'a [Unchecked],
}

/// Builds the plan. Fails only when the choices name what is not there.
pub fn build(
    source: SourceFacts<'_>,
    catalog: &Catalog,
    census: &Census,
    trials: &Trials<'_>,
    facts: &Facts,
    choices: &Choices,
) -> Result<Plan, UnknownChoice> {
    let mut builder = Builder::new(choices, source.encoding);
    for (table, census) in catalog.tables.iter().zip(&census.tables) {
        let object = format!("table:{}", table.name);
        builder.used(Family::Name, &object);
        builder.used(Family::Seeds, &object);
        if builder.skipped(&object, &format!("{} rows are not copied", census.rows)) {
            builder.gone_with(&table.name);
        }
    }
    for (table, why) in &facts.binding.alone {
        if kept::is_ledger_elsewhere(&mut builder, facts, &catalog.tables[*table], *table) {
            continue;
        }
        note_alone(
            &mut builder,
            facts,
            &catalog.tables[*table],
            census.tables[*table].rows,
            why,
        );
    }
    let mut tables = Vec::new();
    for bound in &facts.binding.tables {
        let place = bound.pair.source;
        let (table, counted) = (&catalog.tables[place], &census.tables[place]);
        let target = &facts.target.tables[bound.pair.target];
        let ledger = facts.ledgers.get(&place);
        let rows = counted.rows;
        let Some(seeds) = kept::plan(&mut builder, &Both { table, target, rows }, ledger) else {
            continue;
        };
        tables.extend(plan_table(
            &mut builder,
            bound,
            table,
            target,
            counted,
            trials,
            seeds,
        ));
    }
    // Views and triggers are the application's to make; rows of virtual tables are nobody's.
    let others = catalog.others.iter();
    others
        .filter(|other| other.kind == OtherKind::VirtualTable)
        .for_each(|other| others::virtual_table(&mut builder, other));
    foreign_keys::plan(&mut builder, facts, catalog, &tables);
    source
        .unchecked
        .iter()
        .for_each(|found| note_unchecked(&mut builder, found));
    let plan = builder.finish(source.identity, tables)?;
    Ok(Plan {
        schema_mode: SchemaMode::App,
        ..plan
    })
}

/// A table without a partner blocks if it holds rows.
fn note_alone(builder: &mut Builder<'_>, facts: &Facts, table: &Table, rows: u64, why: &Alone) {
    let object = format!("table:{}", table.name);
    let schema = &facts.target.schema;
    let what = match why {
        Alone::Missing => format!("schema {schema} of the target has no table of this name"),
        other => alone(other),
    };
    if rows == 0 && *why == Alone::Missing {
        let detail = format!("{what}; it is empty");
        builder.find(Disposition::Skipped, rules::BINDING_TABLE, &object, detail);
        builder.gone_with(&table.name);
        return;
    }
    let next = format!(
        "Let the application make it there. Or name its table in a plan: names.\"{object}\" = \"...\". Or leave it \
         out with {}. To have outgrow make all tables, name an empty schema with --schema.",
        skip_flag(&object)
    );
    builder.block(Finding {
        rows,
        next,
        ..plain(Disposition::Blocked, rules::BINDING_TABLE, &object, what)
    });
    builder.gone_with(&table.name);
}

/// Why a name has no partner, in words.
fn alone(why: &Alone) -> String {
    match why {
        Alone::Missing => "the target's table has no column of this name".to_owned(),
        Alone::ChoiceMissing(name) => format!("the target has no {name}, which was chosen for it"),
        Alone::Ambiguous(names) => format!(
            "several names of the target differ only in case: {}",
            names.join(", ")
        ),
        Alone::Taken { partner, by } => format!("{partner} on the target is bound to {by}"),
    }
}

fn plan_table(
    builder: &mut Builder<'_>,
    bound: &BoundTable,
    table: &Table,
    target: &TargetTable,
    census: &TableCensus,
    trials: &Trials<'_>,
    seeds: Option<Seeds>,
) -> Option<TablePlan> {
    block_wide_rows(builder, &format!("table:{}", table.name), &census.widths);
    check_rights(builder, table, target);
    let planned = columns::plan(builder, bound, table, target, census, |column| {
        &trials.casts(&table.name, column).candidates
    });
    for (position, why) in &bound.alone {
        note_alone_column(builder, table, *position, census, why);
    }
    if census.rows > 0 {
        note_extra(builder, bound, table, target);
    }
    if planned.is_empty() {
        note_no_column(builder, table, census.rows);
        return None;
    }
    let key = usable_key(builder.encoding, table, target, census, &planned);
    Some(TablePlan {
        name: table.name.clone(),
        target_name: target.name.clone(),
        rows: census.rows,
        bytes: census.total_bytes(),
        mode: if key.is_empty() { Mode::Bucket } else { Mode::Keyed },
        key,
        create: String::new(),
        seeds,
        columns: planned.into_iter().map(|(_, column)| column).collect(),
    })
}

/// A table none of whose columns goes anywhere: COPY has no rows without columns.
fn note_no_column(builder: &mut Builder<'_>, table: &Table, rows: u64) {
    let object = format!("table:{}", table.name);
    let detail = "none of its columns goes into the target's table".to_owned();
    if rows == 0 {
        builder.find(Disposition::Skipped, rules::BINDING_TABLE, &object, detail);
    } else {
        let next = format!("Leave the table out with {}.", skip_flag(&object));
        let finding = plain(Disposition::Blocked, rules::BINDING_TABLE, &object, detail);
        builder.block(Finding {
            rows,
            next,
            ..finding
        });
    }
    builder.gone_with(&table.name);
}

/// Whether the role may take off and put back what hangs on the table, and sees all of its rows.
fn check_rights(builder: &mut Builder<'_>, table: &Table, target: &TargetTable) {
    let object = format!("table:{}", table.name);
    let name = builder.qualified(&target.name);
    let (detail, next) = if !target.is_owned {
        (
            format!(
                "its table on the target belongs to {}, and only an owner can take its foreign keys off",
                target.owner
            ),
            format!(
                "Migrate as {}, or have an administrator run: GRANT {} TO the role of this session.",
                target.owner,
                quote_ident(&target.owner)
            ),
        )
    } else if target.hides_rows {
        (
            "row security hides rows of its table on the target from the role".to_owned(),
            format!("Run ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY for the time of the migration."),
        )
    } else if !(target.may_select && target.may_insert) {
        // An owner can take these from itself, and its schema may be closed to it.
        let schema = quote_ident(&builder.choices.schema);
        (
            "the role may not read its table on the target, or may not insert into it".to_owned(),
            format!(
                "Have an administrator run: GRANT USAGE ON SCHEMA {schema} TO the role of this session; GRANT SELECT, \
                 INSERT, DELETE ON {name} TO it."
            ),
        )
    } else {
        return;
    };
    let finding = plain(Disposition::Blocked, rules::TARGET_RIGHTS, &object, detail);
    builder.add(Finding { next, ..finding });
}

/// A column without a partner blocks if it holds data.
fn note_alone_column(
    builder: &mut Builder<'_>,
    table: &Table,
    position: usize,
    census: &TableCensus,
    why: &Alone,
) {
    let column = &table.columns[position];
    let object = format!("column:{}.{}", table.name, column.name);
    builder.used(Family::Column, &object);
    builder.used(Family::Name, &object);
    let what = alone(why);
    if column.generated && *why == Alone::Missing {
        let detail = format!("{what}; SQLite computes it from the others");
        builder.find(Disposition::Skipped, rules::BINDING_COLUMN, &object, detail);
        return;
    }
    let rows = census.rows - census.columns[position].of_class(Class::Null);
    if rows == 0 && *why == Alone::Missing {
        let detail = format!("{what}; it holds nothing but NULL");
        builder.find(Disposition::Skipped, rules::BINDING_COLUMN, &object, detail);
        return;
    }
    let next = format!(
        "Bring both to the same migration of the application. Or name its column in a plan: names.\"{object}\" = \
         \"...\". Or leave its values behind with {}.",
        skip_flag(&object)
    );
    builder.block(Finding {
        rows,
        next,
        ..plain(Disposition::Blocked, rules::BINDING_COLUMN, &object, what)
    });
}

/// Columns that only the target has need something to fill them.
fn note_extra(builder: &mut Builder<'_>, bound: &BoundTable, table: &Table, target: &TargetTable) {
    let without = bound.extra.iter().map(|place| &target.columns[*place]);
    for column in without.filter(|c| c.not_null && !c.has_default && !c.generated) {
        let detail = format!(
            "the target's column {} is NOT NULL without a default, and the source has none of its name",
            column.name
        );
        let next = "Bring both to the same migration of the application, give the column a default, or bind another \
                    column of the source to it in a plan, under names."
            .to_owned();
        let object = format!("table:{}", table.name);
        let finding = plain(Disposition::Blocked, rules::BINDING_NO_VALUE, &object, detail);
        builder.add(Finding { next, ..finding });
    }
}

/// Places of the source's primary key among the planned columns, if both engines order them alike and none is NULL;
/// else none.
fn usable_key(
    encoding: TextEncoding,
    table: &Table,
    target: &TargetTable,
    census: &TableCensus,
    planned: &[(usize, ColumnPlan)],
) -> Vec<usize> {
    let index = table
        .indexes
        .iter()
        .find(|index| index.origin == IndexOrigin::PrimaryKey);
    let is_binary = |position: usize| {
        index.is_none_or(|index| {
            let of_column = index.columns.iter().find(|c| c.column == Some(position));
            of_column.is_none_or(|c| c.collation.eq_ignore_ascii_case("BINARY"))
        })
    };
    let place = |position: &usize| {
        let place = planned.iter().position(|(own, _)| own == position)?;
        let column = &planned[place].1;
        let is_text = column.mapping == Mapping::TextText;
        let kind = target
            .columns
            .iter()
            .find(|c| c.name == column.target_name)
            .map(|c| &c.kind)?;
        let same_order = column.mapping.keeps_order()
            && !(is_text && encoding != TextEncoding::Utf8)
            // citext compares without case and character(n) without trailing spaces, whatever the collation.
            && !matches!(kind, ColumnKind::Citext | ColumnKind::Char(_) | ColumnKind::Other)
            && is_binary(*position);
        let taken_out = column.values.values().any(|policy| policy.takes_out());
        let no_null = census.columns[*position].of_class(Class::Null) == 0 && !taken_out;
        (same_order && no_null).then_some(place)
    };
    table
        .primary_key
        .iter()
        .map(place)
        .collect::<Option<Vec<usize>>>()
        .unwrap_or_default()
}
