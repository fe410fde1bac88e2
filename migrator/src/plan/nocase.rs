//! Columns that compare by NOCASE: what stands for it on the target, chosen by their owner.
//!
//! NOCASE folds A to Z and nothing else. No type of Postgres does exactly that, so nothing is chosen by itself, and
//! what was chosen is named with its difference.

use super::build::Draft;
use super::builder::{Builder, Family, plain, skip_flag};
use super::choices::Nocase;
use super::mapping::Mapping;
use super::model::{Disposition, Finding};
use super::rules;
use super::target_type::TargetType;
use crate::quote::quote_ident;

/// The collation that is made for NOCASE in the schema of the tables.
const COLLATION: &str = "outgrow_nocase";

/// What a chosen way makes of a column.
pub(super) struct Folding {
    /// The way; none where the column compares by its bytes.
    pub nocase: Option<Nocase>,
    /// The column's type, where it is not its mapping's.
    pub target_type: Option<String>,
}

impl Folding {
    const NONE: Self = Self {
        nocase: None,
        target_type: None,
    };
}

/// Whether values under this mapping compare by a collation at all.
pub(super) fn has_collation(mapping: Mapping) -> bool {
    matches!(
        mapping,
        Mapping::TextText | Mapping::AnyText | Mapping::TextBytea | Mapping::AnyBytea
    )
}

/// Whether a collation's name is NOCASE.
pub(super) fn is_nocase(collation: &str) -> bool {
    collation.eq_ignore_ascii_case("NOCASE")
}

/// Plans a column that compares by another collation than BINARY.
pub(super) fn plan(
    builder: &mut Builder<'_>,
    (table, column): (&str, &str),
    collation: &str,
    mapping: Mapping,
) -> Folding {
    let object = format!("collation:{table}.{column}");
    let column_object = format!("column:{table}.{column}");
    let foldable = is_nocase(collation) && mapping.target_type() == TargetType::Text;
    if foldable {
        builder.used(Family::Nocase, &column_object);
    }
    let chosen = builder.choices.nocase(&column_object).filter(|_| foldable);
    let Some(nocase) = chosen else {
        block(builder, &object, &column_object, collation, foldable);
        return Folding::NONE;
    };
    if builder.skipped(&object, "the column compares by its bytes") {
        return Folding::NONE;
    }
    let (target_type, what) = match nocase {
        Nocase::Icu => {
            let name = builder.qualified(COLLATION);
            builder.prepare(
                &format!("collation:{COLLATION}"),
                format!(
                    "CREATE COLLATION IF NOT EXISTS {name} \
                     (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
                ),
            );
            let what = "by an ICU collation that ignores the case of every script, where NOCASE ignores that of A to \
                        Z; LIKE needs Postgres 18 there, or COLLATE \"C\" beside it";
            (Some(format!("text COLLATE {name}")), what)
        }
        Nocase::Citext => {
            let schema = quote_ident(&builder.choices.schema);
            builder.prepare(
                "extension:citext",
                format!("CREATE EXTENSION IF NOT EXISTS citext SCHEMA {schema}"),
            );
            let what = "as the type citext, which ignores the case of all letters that the database's locale knows, \
                        where NOCASE ignores that of A to Z";
            (Some(format!("{schema}.citext")), what)
        }
        Nocase::Bytes => (None, "by its bytes: case makes a difference there"),
    };
    builder.find(
        Disposition::Changed,
        rules::NOCASE,
        &column_object,
        format!("compares by NOCASE in SQLite, and on the target {what}"),
    );
    Folding {
        nocase: Some(nocase).filter(|nocase| *nocase != Nocase::Bytes),
        target_type,
    }
}

fn block(builder: &mut Builder<'_>, object: &str, column_object: &str, collation: &str, foldable: bool) {
    let detail = format!("compares by {collation}; left out, it would compare by bytes (COLLATE \"C\")");
    if !foldable {
        builder.block_or_skip(rules::COLLATION, object, detail);
        return;
    }
    let next = format!(
        "Choose what stands for NOCASE, which ignores the case of A to Z: --nocase icu (a collation that ignores \
         the case of every script; LIKE needs Postgres 18), --nocase citext (a type that does so too; needs the \
         extension) or --nocase bytes (case makes a difference). For one column: nocase = \"...\" under \
         [choices.columns.\"{column_object}\"] of the plan. As bytes also with {}.",
        skip_flag(object)
    );
    builder.block(Finding {
        next,
        ..plain(Disposition::Blocked, rules::COLLATION, object, detail)
    });
}

/// Whether rows of the table stand against a unique key under what was chosen; they block it then.
pub(super) fn refuses_rows(builder: &mut Builder<'_>, draft: &Draft<'_>, object: &str) -> bool {
    let Some(found) = draft.census.folded_keys.get(object) else {
        return false;
    };
    let detail = format!(
        "rows whose key is unique in the source and no longer so under what was chosen for its columns: {}",
        found.rows
    );
    let next = format!(
        "Change those rows, choose otherwise for the column (for NOCASE: bytes; for a value policy: quarantine), or \
         leave the key out with {}.",
        skip_flag(object)
    );
    builder.block(Finding {
        rows: found.rows,
        samples: found
            .pairs
            .iter()
            .map(|(one, other)| format!("{one} and {other}"))
            .collect(),
        next,
        ..plain(Disposition::Blocked, rules::KEY_FOLDED, object, detail)
    });
    true
}
