//! Ids go on above everything that was ever used.
//!
//! That is the largest id in any row, of every column that shares the sequence; the floor that the source gives, where
//! ids of deleted rows are remembered; and the sequence's own position. `ALTER SEQUENCE … RESTART` is undone by a
//! rollback. `setval` is not, so that a sequence of another owner is set as the last thing before COMMIT.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::quote_ident;
use crate::target::{Target, TargetError};

use super::next_id::{self, Next};
use super::savepoint::batch;
use super::sequences::{self, Column, Numbers, Sequence};
use super::{Relation, literal, rights};

/// An id that was used, though no row may hold it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The largest id that was ever used.
    pub used: i64,
}

/// How the ids of some tables go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Continued {
    /// Every column of the tables that uses a sequence.
    pub ids: Vec<NextId>,
    /// What is left to [`set_late`].
    pub late: Vec<Late>,
    /// Sequences of the schema that no column uses; only the application knows what they count.
    pub unused: Vec<Relation>,
}

/// How the ids of one column go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextId {
    /// The table.
    pub table: Relation,
    /// The column.
    pub column: String,
    /// The sequence.
    pub sequence: Relation,
    /// Its next value.
    pub next: i64,
    /// Whether it had to be moved there.
    pub moved: bool,
    /// Whether an INSERT that leaves the column out draws from it.
    pub draws: bool,
    /// Whether the role has the rights of the sequence's owner.
    pub is_owned: bool,
    /// Whether the column holds numbers.
    pub is_number: bool,
}

/// A sequence to be set just before COMMIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// The sequence.
    pub sequence: Relation,
    /// Its next value.
    pub next: i64,
    /// Its step.
    pub increment: i64,
}

/// Lets the sequences of these tables go on above everything that was used.
///
/// # Errors
/// A sequence has no value left, the role may not set it, or the server refuses.
pub async fn continue_after(
    target: &Target,
    schema: &str,
    tables: &[String],
    floors: &[Floor],
) -> Result<Continued, Failure> {
    let mut continued = Continued {
        unused: sequences::unused(target, schema).await?,
        ..Continued::default()
    };
    for sequence in sequences::read(target, schema, tables).await? {
        let next = move_on(target, schema, &sequence, floors).await?;
        if next.moved && !sequence.is_owned {
            continued.late.push(Late {
                sequence: sequence.name.clone(),
                next: next.value,
                increment: sequence.course.increment,
            });
        }
        let named = sequence.columns.iter().filter(|column| column.is_named);
        continued.ids.extend(named.map(|column| NextId {
            table: column.table.clone(),
            column: column.name.clone(),
            sequence: sequence.name.clone(),
            next: next.value,
            moved: next.moved,
            draws: column.draws,
            is_owned: sequence.is_owned,
            is_number: column.numbers.is_some(),
        }));
    }
    continued
        .ids
        .sort_by(|a, b| (&a.table, &a.column).cmp(&(&b.table, &b.column)));
    Ok(continued)
}

/// Finds where one sequence goes on, and restarts it there if it is not there already.
async fn move_on(
    target: &Target,
    schema: &str,
    sequence: &Sequence,
    floors: &[Floor],
) -> Result<Next, Failure> {
    if !(sequence.is_owned || sequence.may_select && sequence.may_update) {
        return Err(not_settable(target, sequence));
    }
    let position = sequences::position(target, &sequence.name).await?;
    let used = furthest_used(target, schema, sequence, floors).await?;
    let (mut least, mut greatest) = (i64::MIN, i64::MAX);
    for column in &sequence.columns {
        if let Some(Numbers::Integers(from, to)) = column.numbers {
            (least, greatest) = (least.max(from), greatest.min(to));
        }
    }
    let number = used.as_ref().map(|used| used.number);
    let Some(next) = next_id::next(sequence.course, position, number, least, greatest) else {
        return Err(exhausted(
            target,
            sequence,
            used.as_ref(),
            position.last,
            (least, greatest),
        ));
    };
    if next.moved && sequence.is_owned {
        let sql = format!(
            "ALTER SEQUENCE {} RESTART WITH {}",
            sequence.name.quoted(),
            next.value
        );
        batch(target, &sql).await?;
    }
    Ok(next)
}

/// A number that was used, and where.
struct Used<'a> {
    number: i128,
    column: &'a Column,
}

/// The used number that is furthest along the sequence's course.
async fn furthest_used<'a>(
    target: &Target,
    schema: &str,
    sequence: &'a Sequence,
    floors: &[Floor],
) -> Result<Option<Used<'a>>, TargetError> {
    let mut most: Option<Used<'a>> = None;
    let up = sequence.course.increment > 0;
    for column in &sequence.columns {
        let floor = floors.iter().filter(|floor| {
            column.table.schema == schema && column.table.name == floor.table && column.name == floor.column
        });
        let mut found: Vec<i128> = floor.map(|floor| i128::from(floor.used)).collect();
        // Rows of other tables were not changed; where they cannot be read, the sequence's own position counts.
        if let Some(numbers) = column.numbers.filter(|_| column.is_readable || column.is_named) {
            found.extend(sequences::furthest(target, column, numbers, sequence.course.increment).await?);
        }
        for number in found {
            let is_further = |most: &Used<'_>| {
                if up {
                    number > most.number
                } else {
                    number < most.number
                }
            };
            if most.as_ref().is_none_or(is_further) {
                most = Some(Used { number, column });
            }
        }
    }
    Ok(most)
}

fn not_settable(target: &Target, sequence: &Sequence) -> Failure {
    let columns: Vec<String> = sequence.columns.iter().map(column_name).collect();
    let what = format!(
        "may not read and set sequence {}, from which {} draws",
        sequence.name,
        columns.join(" and ")
    );
    let mut grant = format!("SELECT, UPDATE ON SEQUENCE {}", sequence.name.quoted());
    if !sequence.may_select {
        let schema = quote_ident(&sequence.name.schema);
        let role = quote_ident(&target.facts().user);
        grant = format!("USAGE ON SCHEMA {schema} TO {role}; GRANT {grant}");
    }
    rights::not_granted(target, &what, &grant)
}

fn column_name(column: &Column) -> String {
    format!("{}.{}", column.table, column.name)
}

fn exhausted(
    target: &Target,
    sequence: &Sequence,
    used: Option<&Used<'_>>,
    last: i64,
    (least, greatest): (i64, i64),
) -> Failure {
    let course = sequence.course;
    let (end, of_columns) = if course.increment > 0 {
        (course.max, greatest)
    } else {
        (course.min, least)
    };
    let column = used.map(|used| used.column).or(sequence.columns.first());
    let column = column.map_or_else(|| sequence.name.to_string(), column_name);
    let reached = used.map_or(i128::from(last), |used| used.number);
    let what = format!(
        "{column} has no id left: {reached} is used, sequence {} ends at {end}, and the column's type at {of_columns}",
        sequence.name
    );
    let next = format!(
        "Nothing was kept. Give the column the type bigint by a migration of the application, and the sequence: ALTER \
         SEQUENCE {} AS bigint; or look at that id: nothing after it can be numbered.",
        sequence.name.quoted()
    );
    Failure::new(Exit::PlanBlocked, what, next).at(target.server())
}

/// Sets the sequences that belong to somebody else. A rollback does not take this back, so it comes last before COMMIT.
///
/// # Errors
/// The server refuses or goes away.
pub async fn set_late(target: &Target, late: &[Late]) -> Result<(), TargetError> {
    for Late {
        sequence,
        next,
        increment,
    } in late
    {
        let quoted = sequence.quoted();
        let behind = if *increment > 0 { "<" } else { ">" };
        // Another table's rows may have drawn meanwhile; the sequence never goes back.
        let sql = format!(
            "SELECT pg_catalog.setval({}::pg_catalog.regclass, {next}, false) FROM {quoted} \
             WHERE last_value + CASE WHEN is_called THEN {increment} ELSE 0 END {behind} {next}",
            literal(&quoted)
        );
        batch(target, &sql).await?;
    }
    Ok(())
}
