//! Foreign keys between the tables of the plan.
//!
//! They are made last and validated, unless rows without a parent stand against that; then they hold for new
//! rows only (NOT VALID), by name.

use super::build::Draft;
use super::builder::{Builder, plain};
use super::choices::Choices;
use super::columns::Planned;
use super::constraints::object_names;
use super::mapping::Mapping;
use super::model::{Disposition, Finding};
use super::nocase::has_collation;
use super::rules;
use super::target_type::TargetType;
use crate::census::Orphans;
use crate::quote::quote_ident;
use crate::source::catalog::{IndexColumn, IndexOrigin};
use crate::source::ddl::{ForeignKeyDdl, RefAct};

/// Plans the foreign keys of one table.
pub(super) fn plan(builder: &mut Builder<'_>, draft: &Draft<'_>, drafts: &[Draft<'_>]) {
    let keys: Vec<&ForeignKeyDdl> = draft.ddl.foreign_keys().collect();
    let names = keys.iter().map(|key| key.name.as_deref());
    let objects = object_names("foreign-key", &draft.table.name, names);
    for (key, object) in keys.into_iter().zip(objects) {
        let target = format!("({}) to {}", key.columns.join(", "), key.parent_table);
        if builder.skipped(&object, &target) {
            continue;
        }
        match pair_columns(builder, draft, key, drafts) {
            Ok(pairs) => add(builder, draft, key, &object, &pairs),
            Err((rule, why)) => builder.block_or_skip(rule, &object, format!("{target}: {why}")),
        }
    }
}

/// Gives joined columns one type where what they hold leaves the choice, so that the key can be made: a column
/// without values takes its parent's, and a UUID column that is joined with texts stays text. Types that their owner
/// chose stay.
pub(super) fn reconcile(choices: &Choices, drafts: &mut [Draft<'_>]) {
    // Every change makes one more pair agree; a circle of keys that cannot agree ends here and is found as such.
    let pairs: usize = drafts.iter().map(|draft| draft.ddl.foreign_keys().count()).sum();
    for _ in 0..=pairs {
        let Some(((table, column), mapping, reason)) = disagreement(choices, drafts) else {
            return;
        };
        drafts[table].columns[column].retype(mapping, reason);
    }
}

/// Table and column.
type Place = (usize, usize);

/// The first column that can take another type to agree with one it is joined with.
fn disagreement(choices: &Choices, drafts: &[Draft<'_>]) -> Option<(Place, Mapping, &'static str)> {
    let at = |(table, column): Place| &drafts[table].columns[column];
    let kind = |place: Place| at(place).plan.mapping.target_type();
    let is_free = |place: Place| {
        let object = format!("column:{}.{}", drafts[place.0].table.name, at(place).plan.name);
        let chosen = choices
            .column(&object)
            .is_some_and(|choice| choice.mapping.is_some());
        // The id of a row stays an integer, so that Postgres can go on counting.
        let is_id = drafts[place.0].table.rowid_alias == Some(at(place).position);
        !chosen && !is_id && at(place).default.is_none() && at(place).plan.generated.is_none()
    };
    let is_empty = |place: Place| {
        drafts[place.0].census.columns[at(place).position]
            .classes()
            .is_empty()
    };
    joined(drafts).find_map(|(child, parent)| {
        let same = std::mem::discriminant(&kind(child)) == std::mem::discriminant(&kind(parent));
        if same {
            return None;
        }
        let text = "a foreign key joins it with a column of text";
        match (kind(child), kind(parent)) {
            _ if is_empty(child) && is_free(child) => {
                let reason = "no value but NULL; by the column that its foreign key points at";
                Some((child, at(parent).plan.mapping, reason))
            }
            (TargetType::Uuid, TargetType::Text) if is_free(child) => Some((child, Mapping::TextText, text)),
            (TargetType::Text, TargetType::Uuid) if is_free(parent) => {
                Some((parent, Mapping::TextText, text))
            }
            _ => None,
        }
    })
}

/// Every pair of child and parent column.
fn joined<'a>(drafts: &'a [Draft<'_>]) -> impl Iterator<Item = (Place, Place)> + 'a {
    let find = |table: usize, name: &str| {
        let columns = &drafts[table].columns;
        let column = columns
            .iter()
            .position(|c| c.plan.name.eq_ignore_ascii_case(name))?;
        Some((table, column))
    };
    let keys = drafts.iter().enumerate();
    let keys = keys.flat_map(|(child, draft)| draft.ddl.foreign_keys().map(move |key| (child, key)));
    keys.flat_map(move |(child, key)| {
        let named = |d: &Draft<'_>| d.table.name.eq_ignore_ascii_case(&key.parent_table);
        let Some(parent) = drafts.iter().position(named) else {
            return Vec::new();
        };
        let own = &drafts[parent].table;
        let primary = own.primary_key.iter().map(|p| own.columns[*p].name.as_str());
        let parents: Vec<&str> = match key.parent_columns.as_slice() {
            [] => primary.collect(),
            columns => columns.iter().map(String::as_str).collect(),
        };
        let pairs = key.columns.iter().zip(parents);
        pairs
            .filter_map(|(name, other)| Some((find(child, name)?, find(parent, other)?)))
            .collect()
    })
}

struct Pairs<'a> {
    parent: &'a Draft<'a>,
    columns: Vec<(&'a Planned, &'a Planned)>,
}

fn pair_columns<'a>(
    builder: &Builder<'_>,
    draft: &'a Draft<'_>,
    key: &ForeignKeyDdl,
    drafts: &'a [Draft<'_>],
) -> Result<Pairs<'a>, (rules::Rule, String)> {
    let parent = drafts
        .iter()
        .find(|d| d.table.name.eq_ignore_ascii_case(&key.parent_table))
        .ok_or_else(|| {
            (
                rules::FOREIGN_KEY_PARENT,
                "the parent table is not carried over".to_owned(),
            )
        })?;
    let parent_positions: Vec<Option<usize>> = if key.parent_columns.is_empty() {
        parent.table.primary_key.iter().copied().map(Some).collect()
    } else {
        key.parent_columns
            .iter()
            .map(|name| parent.table.column_named(name))
            .collect()
    };
    let missing = || {
        (
            rules::FOREIGN_KEY_PARENT,
            "a column of it is not carried over".to_owned(),
        )
    };
    if parent_positions.len() != key.columns.len() {
        return Err(missing());
    }
    let positions: Vec<usize> = parent_positions
        .into_iter()
        .collect::<Option<_>>()
        .ok_or_else(missing)?;
    if !is_unique(builder, parent, &positions) {
        let why = "the parent columns are no primary or unique key on the target".to_owned();
        return Err((rules::FOREIGN_KEY_NOT_UNIQUE, why));
    }
    let pair = |(name, position): (&String, &usize)| {
        let child = draft.column(name).ok_or_else(missing)?;
        let parent = parent.at(*position).ok_or_else(missing)?;
        let (from, to) = (
            child.plan.mapping.target_type(),
            parent.plan.mapping.target_type(),
        );
        // Precision and scale of numerics may differ, their kind may not.
        let same_kind = std::mem::discriminant(&from) == std::mem::discriminant(&to);
        // Seconds and milliseconds make two instants of one number.
        let same_kind = same_kind
            && match (child.plan.mapping, parent.plan.mapping) {
                (Mapping::IntegerTimestamptz(own), Mapping::IntegerTimestamptz(other)) => own == other,
                _ => true,
            };
        if same_kind && child.folding() == parent.folding() {
            Ok((child, parent))
        } else {
            let (from, to) = (&child.plan.target_type, &parent.plan.target_type);
            Err((
                rules::FOREIGN_KEY_TYPES,
                format!("{name} is {from}, its parent is {to}"),
            ))
        }
    };
    let columns = key
        .columns
        .iter()
        .zip(&positions)
        .map(pair)
        .collect::<Result<_, _>>()?;
    Ok(Pairs { parent, columns })
}

/// Whether the columns are the primary key or a plain unique index, in any order, and it is not left out.
fn is_unique(builder: &Builder<'_>, parent: &Draft<'_>, positions: &[usize]) -> bool {
    let same = |other: &[usize]| {
        other.len() == positions.len() && positions.iter().all(|position| other.contains(position))
    };
    let name = &parent.table.name;
    let mut constraints = 0;
    let by_index = parent.table.indexes.iter().any(|index| {
        let object = match index.origin {
            IndexOrigin::Created => format!("index:{name}.{}", index.name),
            IndexOrigin::PrimaryKey => return false,
            IndexOrigin::Unique => {
                constraints += 1;
                format!("unique:{name}.{constraints}")
            }
        };
        // One that compares otherwise than its column becomes an index over expressions.
        let own = |c: &IndexColumn| {
            c.column.filter(|at| {
                parent
                    .at(*at)
                    .is_none_or(|column| column.compares_by(&c.collation))
            })
        };
        let columns: Option<Vec<usize>> = index.columns.iter().map(own).collect();
        let plain = index.unique && !index.partial && columns.is_some_and(|columns| same(&columns));
        plain && !builder.leaves_out(&object)
    });
    by_index || (same(&parent.table.primary_key) && !builder.leaves_out(&format!("primary-key:{name}")))
}

fn add(builder: &mut Builder<'_>, draft: &Draft<'_>, key: &ForeignKeyDdl, object: &str, pairs: &Pairs<'_>) {
    let valid = note_orphans(builder, draft, key, object, loses_parents(key, pairs));
    let names = |pick: fn(&(&Planned, &Planned)) -> String| {
        pairs.columns.iter().map(pick).collect::<Vec<String>>().join(", ")
    };
    let sql = format!(
        "ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {} ({}){}{}{}{}",
        builder.qualified(&draft.target_name),
        names(|(child, _)| quote_ident(&child.plan.target_name)),
        builder.qualified(&pairs.parent.target_name),
        names(|(_, parent)| quote_ident(&parent.plan.target_name)),
        action(" ON UPDATE", key.on_update),
        action(" ON DELETE", key.on_delete),
        if key.deferrable && key.initially_deferred {
            " DEFERRABLE INITIALLY DEFERRED"
        } else {
            ""
        },
        if valid { "" } else { " NOT VALID" },
    );
    builder.step(object, sql);
}

/// Why rows that have a parent in the source may have none on the target.
fn loses_parents(key: &ForeignKeyDdl, pairs: &Pairs<'_>) -> Option<String> {
    let takes_out = |column: &Planned, kind| {
        let policy = column.plan.values.get(kind);
        policy.is_some_and(|policy| policy.takes_out())
    };
    let parent_table = &key.parent_table;
    pairs.columns.iter().find_map(|(child, parent)| {
        let name = &parent.plan.name;
        let mut kinds = parent.plan.values.keys();
        if kinds.any(|kind| takes_out(parent, kind) && !takes_out(child, kind)) {
            return Some(format!("values are taken out of {parent_table}.{name}, which this key may point at"));
        }
        let collation = parent.collation();
        let loose = !collation.eq_ignore_ascii_case("BINARY") && has_collation(parent.plan.mapping);
        (loose && parent.folding().is_none()).then(|| {
            format!("{parent_table}.{name} compares by its bytes on the target, where {collation} may have found more parents")
        })
    })
}

/// Names the rows without a parent; whether the key can be made valid.
fn note_orphans(
    builder: &mut Builder<'_>,
    draft: &Draft<'_>,
    key: &ForeignKeyDdl,
    object: &str,
    loses_parents: Option<String>,
) -> bool {
    let orphans = orphans_of(draft, key);
    let what = match &draft.census.foreign_keys_broken {
        Some(why) => format!("SQLite cannot tell which rows have a parent ({why})"),
        None if orphans.rows == 0 => match loses_parents {
            Some(why) => why,
            None => return true,
        },
        None => format!("rows without a parent in {}: {}", key.parent_table, orphans.rows),
    };
    let detail = format!(
        "{what}; the key holds for new rows only (NOT VALID) until they are mended and \
         `ALTER TABLE ... VALIDATE CONSTRAINT` has run"
    );
    let finding = plain(Disposition::Changed, rules::FOREIGN_KEY_ORPHANS, object, detail);
    builder.add(Finding {
        rows: orphans.rows,
        samples: orphans.samples,
        ..finding
    });
    false
}

fn orphans_of(draft: &Draft<'_>, key: &ForeignKeyDdl) -> Orphans {
    draft
        .table
        .foreign_keys
        .iter()
        .filter(|listed| {
            let children = listed.columns.iter().map(|(child, _)| child);
            listed.parent.eq_ignore_ascii_case(&key.parent_table)
                && listed.columns.len() == key.columns.len()
                && children.zip(&key.columns).all(|(a, b)| a.eq_ignore_ascii_case(b))
        })
        .filter_map(|listed| draft.census.orphans.get(&listed.id))
        .max_by_key(|orphans| orphans.rows)
        .cloned()
        .unwrap_or_default()
}

fn action(event: &str, action: Option<RefAct>) -> String {
    let word = match action {
        None | Some(RefAct::NoAction) => return String::new(),
        Some(RefAct::Restrict) => "RESTRICT",
        Some(RefAct::Cascade) => "CASCADE",
        Some(RefAct::SetNull) => "SET NULL",
        Some(RefAct::SetDefault) => "SET DEFAULT",
    };
    format!("{event} {word}")
}
