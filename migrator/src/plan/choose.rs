//! The type of a column, chosen from what is stored in it first and from its declaration second.
//!
//! A pure function over the census. It returns a mapping only if every counted value survives it.

use outgrow_shared::value::Class;

use super::decimal::declared_numeric;
use super::mapping::Mapping;
use super::policy::{Policy, ValueKind};
use super::rules::{self, Rule};
use super::text_time::TimestampFormat;
use super::translate::StoredClass;
use super::values::{Applied, occurring};
use crate::census::{ColumnCensus, TextShape, TimeTexts};
use crate::source::TextEncoding;
use crate::source::catalog::Column;
use crate::source::ddl::Affinity;

/// What becomes of a column's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// They travel by this mapping.
    Mapped {
        /// The mapping.
        mapping: Mapping,
        /// Why this one.
        reason: String,
        /// Whether the declaration led to expect another type.
        surprising: bool,
    },
    /// No type holds them all.
    Blocked {
        /// The rule.
        rule: Rule,
        /// What was found.
        detail: String,
        /// Rows concerned.
        rows: u64,
        /// The first of them.
        samples: Vec<String>,
    },
}

/// Chooses for one column under the value policies that hold in it.
pub fn choose(
    column: &Column,
    census: &ColumnCensus,
    wanted: Option<Mapping>,
    applied: &Applied,
    encoding: TextEncoding,
) -> Choice {
    let left: Vec<ValueKind> = occurring(census)
        .filter(|kind| !applied.get(kind).is_some_and(|policy| policy.takes_out()))
        .collect();
    if let Some(mapping) = wanted {
        return as_chosen(census, mapping, &left);
    }
    let asked = |wanted: Policy| left.iter().any(|kind| applied.get(kind) == Some(&wanted));
    match (asked(Policy::Text), asked(Policy::Bytea)) {
        (true, true) => {
            let detail = "one policy asks for text and another for bytea; a column has one type".to_owned();
            blocked(rules::POLICY_UNFIT, detail, 0, &[])
        }
        (true, false) => as_text(census, &left),
        (false, true) => as_bytea(census, &left, encoding),
        (false, false) => by_class(column, census, &left),
    }
}

/// The mapping that its owner chose, if every value that is left survives it.
fn as_chosen(census: &ColumnCensus, mapping: Mapping, left: &[ValueKind]) -> Choice {
    if let Mapping::Cast(cast) = mapping {
        let detail = format!(
            "the mapping {cast} leads into a type that the application chose, and here outgrow makes the column"
        );
        return blocked(rules::MAPPING_UNFIT, detail, 0, &[]);
    }
    let refused = census.refused.clone().unwrap_or_default();
    match refused.of_kinds(left) {
        0 => Choice::Mapped {
            mapping,
            reason: "chosen; every value survives it".to_owned(),
            surprising: false,
        },
        rows => {
            let detail =
                format!("values that do not survive the mapping {mapping}, which was chosen for it: {rows}");
            blocked(rules::MAPPING_UNFIT, detail, rows, &refused.samples)
        }
    }
}

fn by_class(column: &Column, census: &ColumnCensus, left: &[ValueKind]) -> Choice {
    if let Some(unfit) = unfit_for_text(census, left) {
        return unfit;
    }
    match left {
        [] => expected(column),
        [ValueKind::Text] => choose_text(column, census),
        [ValueKind::Blob] => observed(column, Mapping::BlobBytea, "every value is a blob"),
        [ValueKind::Integer] | [ValueKind::Real] | [ValueKind::Integer, ValueKind::Real] => {
            choose_number(column, census, left)
        }
        kinds => mixed(census, kinds),
    }
}

/// Texts that no text column of Postgres holds.
fn unfit_for_text(census: &ColumnCensus, left: &[ValueKind]) -> Option<Choice> {
    let kinds = [ValueKind::TextNotUnicode, ValueKind::TextNul];
    let kind = kinds.into_iter().find(|kind| left.contains(kind))?;
    let count = census.of_kind(kind);
    let (rule, what) = match kind {
        ValueKind::TextNul => (
            rules::TEXT_NUL,
            "texts with a NUL character, which Postgres cannot store in text",
        ),
        _ => (rules::TEXT_NOT_UNICODE, "texts that are not valid Unicode"),
    };
    Some(blocked(
        rule,
        format!("{what}: {count}"),
        count,
        census.samples_of_kind(kind),
    ))
}

/// The whole column as text, because a policy says so.
fn as_text(census: &ColumnCensus, left: &[ValueKind]) -> Choice {
    if let Some(unfit) = unfit_for_text(census, left) {
        return unfit;
    }
    if left.contains(&ValueKind::Blob) {
        let detail = format!(
            "blobs, which cannot become text: {}",
            census.of_kind(ValueKind::Blob)
        );
        return blocked(
            rules::POLICY_UNFIT,
            detail,
            census.of_kind(ValueKind::Blob),
            census.samples(Class::Blob),
        );
    }
    let mapping = match left {
        [ValueKind::Text] => Mapping::TextText,
        kinds if kinds.contains(&ValueKind::Text) => Mapping::AnyText,
        _ => Mapping::NumberText,
    };
    by_policy(mapping, "a policy asks for text")
}

/// The whole column as bytes, because a policy says so.
fn as_bytea(census: &ColumnCensus, left: &[ValueKind], encoding: TextEncoding) -> Choice {
    let numbers = census.of_class(Class::Integer) + census.of_class(Class::Real);
    if left.contains(&ValueKind::Integer) || left.contains(&ValueKind::Real) {
        let detail = format!("numbers, which cannot become bytea: {numbers}");
        return blocked(
            rules::POLICY_UNFIT,
            detail,
            numbers,
            census.samples(Class::Integer),
        );
    }
    let blobs = left.contains(&ValueKind::Blob);
    let texts = left.iter().any(|kind| *kind != ValueKind::Blob);
    // Broken UTF-16 can happen to be good UTF-8, and would then come back as another text.
    let ambiguous = left.contains(&ValueKind::TextNotUnicode) && encoding != TextEncoding::Utf8;
    let mapping = match (blobs, texts) {
        (true, false) => Mapping::BlobBytea,
        (false, _) if !ambiguous => Mapping::TextBytea,
        _ => Mapping::AnyBytea,
    };
    by_policy(mapping, "a policy asks for bytea")
}

fn by_policy(mapping: Mapping, reason: &str) -> Choice {
    Choice::Mapped {
        mapping,
        reason: reason.to_owned(),
        surprising: false,
    }
}

/// The class of a column's values, as expressions over it need to know.
pub fn stored_class(mapping: Mapping) -> StoredClass {
    match mapping {
        Mapping::IntegerBigint
        | Mapping::IntegerBoolean
        | Mapping::IntegerSmallint
        | Mapping::IntegerInteger => StoredClass::Integer,
        Mapping::RealDouble => StoredClass::Real,
        Mapping::NumberDouble | Mapping::NumberNumeric { .. } => StoredClass::Number,
        Mapping::TextText | Mapping::TextTimestamp(_) | Mapping::TextDate => StoredClass::Text,
        Mapping::BlobBytea => StoredClass::Blob,
        // What these hold on the target compares otherwise than what the source holds.
        Mapping::TextBytea
        | Mapping::NumberText
        | Mapping::AnyText
        | Mapping::AnyBytea
        | Mapping::IntegerTimestamptz(_)
        | Mapping::TextUuid
        | Mapping::BlobUuid
        | Mapping::TextJson
        | Mapping::Cast(_) => StoredClass::Mixed,
    }
}

fn blocked(rule: Rule, detail: String, rows: u64, samples: &[String]) -> Choice {
    Choice::Blocked {
        rule,
        detail,
        rows,
        samples: samples.to_vec(),
    }
}

/// The type that the declaration alone leads to expect; taken when a column holds nothing but NULL.
fn expected(column: &Column) -> Choice {
    let mapping = declared_mapping(column);
    Choice::Mapped {
        mapping,
        reason: "no value but NULL; by its declaration".to_owned(),
        surprising: false,
    }
}

fn declared_mapping(column: &Column) -> Mapping {
    let upper = column.declared_type.to_ascii_uppercase();
    if let Some((precision, scale)) = declared_numeric(&column.declared_type) {
        return Mapping::NumberNumeric { precision, scale };
    }
    match column.affinity {
        Affinity::Integer => Mapping::IntegerBigint,
        Affinity::Real => Mapping::RealDouble,
        Affinity::Text => Mapping::TextText,
        Affinity::Blob if upper.contains("BLOB") => Mapping::BlobBytea,
        Affinity::Blob => Mapping::TextText,
        Affinity::Numeric if is_boolean(column) => Mapping::IntegerBoolean,
        Affinity::Numeric if upper == "DATE" => Mapping::TextDate,
        Affinity::Numeric if upper.contains("DATE") || upper.contains("TIMESTAMP") => {
            Mapping::TextTimestamp(TimestampFormat::SQLITE)
        }
        Affinity::Numeric => Mapping::NumberDouble,
    }
}

fn is_boolean(column: &Column) -> bool {
    column.declared_type.to_ascii_uppercase().starts_with("BOOL")
}

/// A mapping that the values decided, and whether the declaration agrees.
fn observed(column: &Column, mapping: Mapping, reason: &str) -> Choice {
    let declared = &column.declared_type;
    let surprising =
        !declared.is_empty() && declared_mapping(column) != mapping && !is_close(column, mapping);
    let reason = if surprising {
        format!("declared {declared}, but {reason}")
    } else {
        reason.to_owned()
    };
    Choice::Mapped {
        mapping,
        reason,
        surprising,
    }
}

/// Pairs of declaration and type that nobody is surprised by.
fn is_close(column: &Column, mapping: Mapping) -> bool {
    match mapping {
        Mapping::TextTimestamp(_) | Mapping::TextDate | Mapping::IntegerBoolean | Mapping::TextUuid => true,
        Mapping::IntegerBigint | Mapping::RealDouble | Mapping::NumberDouble => {
            column.affinity == Affinity::Numeric && !is_temporal(column) && !is_boolean(column)
        }
        _ => false,
    }
}

/// A column with a default keeps it only as text.
fn is_uuid(column: &Column) -> bool {
    let upper = column.declared_type.to_ascii_uppercase();
    let declared = ["UUID", "GUID", "UNIQUEIDENTIFIER"]
        .iter()
        .any(|word| upper.contains(word));
    declared && column.default_sql.is_none()
}

fn is_temporal(column: &Column) -> bool {
    let upper = column.declared_type.to_ascii_uppercase();
    upper.contains("DATE") || upper.contains("TIME")
}

fn choose_text(column: &Column, census: &ColumnCensus) -> Choice {
    if is_uuid(column) && census.texts_are(TextShape::UuidCanonical) {
        return observed(
            column,
            Mapping::TextUuid,
            "declared a UUID, every text is one in lower case",
        );
    }
    if let Some(format) = census.timestamp_format() {
        let reason = format!("declared {}, every text is {format}", column.declared_type);
        return observed(column, Mapping::TextTimestamp(format), &reason);
    }
    if census.all_dates() {
        let reason = format!("declared {}, every text is YYYY-MM-DD", column.declared_type);
        return observed(column, Mapping::TextDate, &reason);
    }
    if is_temporal(column) {
        let reason = format!(
            "its texts share no one format of date or time: {}",
            time_kinds(census)
        );
        return observed(column, Mapping::TextText, &reason);
    }
    observed(column, Mapping::TextText, "every value is text")
}

/// `120 YYYY-MM-DD, 3 empty, 1 other`.
fn time_kinds(census: &ColumnCensus) -> String {
    let kinds = census.time_texts().map(TimeTexts::kinds).unwrap_or_default();
    let kinds = kinds
        .iter()
        .map(|counted| format!("{} {}", counted.rows, counted.kind.name()));
    kinds.collect::<Vec<String>>().join(", ")
}

fn choose_number(column: &Column, census: &ColumnCensus, left: &[ValueKind]) -> Choice {
    let count = |kind| {
        if left.contains(&kind) {
            census.of_kind(kind)
        } else {
            0
        }
    };
    let (integers, reals) = (count(ValueKind::Integer), count(ValueKind::Real));
    if reals == 0 && is_boolean(column) && census.integers_not_boolean == 0 {
        return observed(
            column,
            Mapping::IntegerBoolean,
            "declared boolean, every value is 0 or 1",
        );
    }
    let declared = declared_numeric(&column.declared_type);
    if let (Some((precision, scale)), Some(shape)) = (declared, census.decimals)
        && shape.fits(precision, scale)
        && census.reals_whole == 0
    {
        let mapping = Mapping::NumberNumeric { precision, scale };
        return observed(column, mapping, "every number fits the declared decimal");
    }
    if reals == 0 {
        return observed(column, Mapping::IntegerBigint, "every value is an integer");
    }
    if integers == 0 {
        return observed(column, Mapping::RealDouble, "every value is a real");
    }
    if census.reals_whole == 0 && census.integers_beyond_double == 0 {
        let reason = "integers and reals, all of which binary64 gives back exactly";
        return observed(column, Mapping::NumberDouble, reason);
    }
    let detail = format!(
        "{integers} integers and {reals} reals in one column, of which {} reals are whole numbers and {} \
         integers lie beyond 2^53: no number type gives them all back exactly",
        census.reals_whole, census.integers_beyond_double
    );
    blocked(
        rules::MIXED_NUMBERS,
        detail,
        integers + reals,
        census.samples(Class::Real),
    )
}

fn mixed(census: &ColumnCensus, kinds: &[ValueKind]) -> Choice {
    let counts: Vec<String> = kinds
        .iter()
        .map(|k| format!("{} {k}", census.of_kind(*k)))
        .collect();
    // The rows to look at are those of the rarest kind.
    let rarest = kinds.iter().copied().min_by_key(|k| census.of_kind(*k));
    let (rows, samples) = rarest.map_or((0, &[][..]), |k| (census.of_kind(k), census.samples_of_kind(k)));
    let detail = format!("values of several storage classes: {}", counts.join(", "));
    blocked(rules::MIXED_CLASSES, detail, rows, samples)
}

#[cfg(test)]
mod tests;
