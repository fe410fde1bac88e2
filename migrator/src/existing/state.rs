//! Everything that an application's schema consists of, as text, to compare before and after.
//!
//! Objects are named and defined by text alone, without identifiers of the server, so that a constraint which is
//! dropped and made again the same way compares equal. Rows, positions of sequences and statistics are not part of it.

use std::collections::BTreeMap;
use std::fmt;

use crate::target::{Target, TargetError};

/// The queries, one per kind of object; each returns (object, definition).
const QUERIES: [&str; 5] = [
    include_str!("state/relations.sql"),
    include_str!("state/columns.sql"),
    include_str!("state/constraints.sql"),
    include_str!("state/attached.sql"),
    include_str!("state/others.sql"),
];

/// The definition of every object by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State(BTreeMap<String, String>);

/// An object that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is gone.
    Lost {
        /// The object.
        object: String,
        /// What it was.
        definition: String,
    },
    /// It was not there.
    New {
        /// The object.
        object: String,
        /// What it is.
        definition: String,
    },
    /// It is another.
    Changed {
        /// The object.
        object: String,
        /// What it was.
        before: String,
        /// What it is.
        after: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { object, definition } => write!(f, "{object} is lost; it was: {definition}"),
            Self::New { object, definition } => write!(f, "{object} is new: {definition}"),
            Self::Changed {
                object,
                before,
                after,
            } => write!(f, "{object} was: {before}; is now: {after}"),
        }
    }
}

impl State {
    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Objects with their definitions, in the order of their names.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(object, definition)| (object.as_str(), definition.as_str()))
    }
}

/// Reads these schemas; without a list all but those of Postgres and outgrow. What others do elsewhere meanwhile is no
/// business of a migration.
///
/// # Errors
/// The server refuses a query or goes away.
pub async fn read(target: &Target, schemas: Option<&[String]>) -> Result<State, TargetError> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sql in QUERIES {
        let rows = target.client().query(sql, &[&schemas]).await;
        for row in rows.map_err(|error| target.fault(&error))? {
            let object = row.try_get(0).map_err(|error| target.fault(&error))?;
            let definition = row
                .try_get::<_, Option<String>>(1)
                .map_err(|error| target.fault(&error))?;
            found
                .entry(object)
                .or_default()
                .push(definition.unwrap_or_default());
        }
    }
    let joined = found.into_iter().map(|(object, mut definitions)| {
        definitions.sort();
        (object, definitions.join(" | "))
    });
    Ok(State(joined.collect()))
}

/// What is different, in the order of the objects.
pub fn compare(before: &State, after: &State) -> Vec<Change> {
    let mut changes = Vec::new();
    for (object, definition) in &before.0 {
        match after.0.get(object) {
            None => changes.push(Change::Lost {
                object: object.clone(),
                definition: definition.clone(),
            }),
            Some(now) if now != definition => changes.push(Change::Changed {
                object: object.clone(),
                before: definition.clone(),
                after: now.clone(),
            }),
            Some(_) => {}
        }
    }
    for (object, definition) in after
        .0
        .iter()
        .filter(|(object, _)| !before.0.contains_key(*object))
    {
        changes.push(Change::New {
            object: object.clone(),
            definition: definition.clone(),
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_new_and_changed_is_named() {
        let state = |objects: &[(&str, &str)]| {
            State(
                objects
                    .iter()
                    .map(|(o, d)| ((*o).to_owned(), (*d).to_owned()))
                    .collect(),
            )
        };
        let before = state(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let after = state(&[("a", "1"), ("c", "4"), ("d", "5")]);
        let told: Vec<String> = compare(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["b is lost; it was: 2", "c was: 3; is now: 4", "d is new: 5"]
        );
        assert!(compare(&after, &after).is_empty());
    }
}
