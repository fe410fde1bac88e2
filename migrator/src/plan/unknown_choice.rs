//! Why a choice is refused: it names nothing, or nothing that such a choice is for. None is passed over.

use super::rules;
use crate::exit::Exit;
use crate::failure::Failure;

/// A choice that names nothing in the source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownChoice {
    /// No object has the name.
    #[error("there is no object {object} in the source to {what}")]
    Object {
        /// The name.
        object: String,
        /// What was to be done with it.
        what: &'static str,
    },
    /// No rule has the name.
    #[error("there is no rule {0}")]
    Rule(String),
    /// The column is not one that such a choice is for.
    #[error("{key} is chosen for {object}, and {why}")]
    Useless {
        /// The column.
        object: String,
        /// The choice.
        key: &'static str,
        /// Why it is without effect.
        why: &'static str,
    },
}

impl From<UnknownChoice> for Failure {
    fn from(error: UnknownChoice) -> Self {
        let next = match &error {
            UnknownChoice::Object { .. } => {
                "Name objects as `outgrow inspect` does, for example index:orders.ix_date.".to_owned()
            }
            UnknownChoice::Useless { .. } => {
                "Take it out, or correct the name: a choice is carried out or refused, never passed over."
                    .to_owned()
            }
            UnknownChoice::Rule(_) => format!("The rules are {}.", rules::ALL.join(", ")),
        };
        Self::new(Exit::Usage, error.to_string(), next)
    }
}
