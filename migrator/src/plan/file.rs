//! The plan as a file: TOML that is read, edited under `[choices]`, and given back.
//!
//! What follows from the choices is in the file to be read. Its digest is in it too, so that an edit there,
//! which would be without effect, is refused instead of being passed over.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use outgrow_shared::ce1::Digest;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::choices::Choices;
use super::model::{FORMAT, Plan, SchemaMode};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Identity;

/// Keys of the file that are not the plan's own: digests of its two parts as they were written.
const CHOICES_SHA256: &str = "choices_sha256";
const DERIVED_SHA256: &str = "derived_sha256";

/// Why a plan's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It cannot be read.
    #[error("the plan {0} cannot be read")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It is no plan.
    #[error("{path} is no plan: {why}")]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where known.
        why: String,
    },
    /// Something beside the choices was edited.
    #[error("the plan {0} was edited outside [choices]")]
    EditedOutside(PathBuf),
    /// Its choices were edited, and what follows from them is not in it.
    #[error("the choices of the plan {0} were edited since it was written")]
    Edited(PathBuf),
    /// It was made for another file, or for another state of this one.
    #[error("the plan {path} was made for {what}")]
    OtherSource {
        /// The plan.
        path: PathBuf,
        /// Which other one.
        what: String,
    },
    /// It was made for other tables: the application's, or outgrow's own.
    #[error("the plan {path} was made for tables that {planned}, and here {found}")]
    OtherMode {
        /// The plan.
        path: PathBuf,
        /// Who makes the tables by the plan.
        planned: &'static str,
        /// Who makes or made them.
        found: &'static str,
    },
    /// The same choices lead to something else now.
    #[error("the plan {0} would come out otherwise now")]
    OtherOutcome(PathBuf),
}

impl From<PlanFileError> for Failure {
    fn from(error: PlanFileError) -> Self {
        let (exit, next) = match &error {
            PlanFileError::Unreadable(..) => (Exit::Usage, "Name a file that `outgrow plan -o FILE` wrote."),
            PlanFileError::NotAPlan { .. } => (
                Exit::Usage,
                "Mend it there, or write it anew with `outgrow plan FILE -o PLAN`.",
            ),
            PlanFileError::EditedOutside(_) => (
                Exit::Usage,
                "Only [choices] is read back; the rest follows from it. Undo the other edits, or make them under \
                 [choices] (the head of the file shows how).",
            ),
            PlanFileError::Edited(_) => (Exit::Usage, "Name the plan as `outgrow` wrote it."),
            PlanFileError::OtherMode { .. } => (
                Exit::PlanBlocked,
                "Nothing was written. Write the plan anew with the target beside it: outgrow plan FILE --to URL -o PLAN.",
            ),
            PlanFileError::OtherSource { .. } | PlanFileError::OtherOutcome(_) => (
                Exit::PlanBlocked,
                "Nothing was written. Take its choices over into a new plan, and review that: \
                 outgrow plan FILE --plan OLD -o NEW.",
            ),
        };
        let failure = Self::new(exit, error.to_string(), next);
        match error {
            PlanFileError::Unreadable(_, cause) => failure.because(cause),
            _ => failure,
        }
    }
}

/// A plan that somebody has looked at.
#[derive(Debug, Clone)]
pub struct Reviewed {
    path: PathBuf,
    plan: Plan,
    derived_sha256: String,
    edited: bool,
}

impl Reviewed {
    /// Reads a plan's file.
    pub fn read(path: &Path) -> Result<Self, PlanFileError> {
        let text =
            std::fs::read_to_string(path).map_err(|e| PlanFileError::Unreadable(path.to_owned(), e))?;
        let not_a_plan = |why: String| PlanFileError::NotAPlan {
            path: path.to_owned(),
            why,
        };
        // As text first: this error knows lines and columns.
        let mut table: toml::Table = toml::from_str(&text).map_err(|e| not_a_plan(e.to_string()))?;
        let format = table
            .get("format")
            .and_then(toml::Value::as_str)
            .unwrap_or_default();
        if format != FORMAT {
            return Err(not_a_plan(format!(
                "its format is {format:?}, this outgrow reads {FORMAT:?}"
            )));
        }
        if table.get("choices").is_some_and(holds_nul) {
            return Err(not_a_plan(
                "[choices] holds a NUL character, which Postgres takes nowhere".to_owned(),
            ));
        }
        let mut digest = |key: &str| match table.remove(key) {
            Some(toml::Value::String(digest)) => Ok(digest),
            _ => Err(not_a_plan(format!("{key} is missing"))),
        };
        let (choices_sha256, derived_sha256) = (digest(CHOICES_SHA256)?, digest(DERIVED_SHA256)?);
        let plan: Plan = table
            .try_into()
            .map_err(|e: toml::de::Error| not_a_plan(e.to_string()))?;
        let now = Digests::of(&plan);
        if now.derived != derived_sha256 {
            return Err(PlanFileError::EditedOutside(path.to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            edited: now.choices != choices_sha256,
            plan,
            derived_sha256,
        })
    }

    /// What its owner decided.
    pub fn choices(&self) -> &Choices {
        &self.plan.choices
    }

    /// The plan as it was written.
    ///
    /// # Errors
    /// Its choices were edited since, so that the rest does not follow from them.
    pub fn unedited(&self) -> Result<&Plan, PlanFileError> {
        if self.edited {
            return Err(PlanFileError::Edited(self.path.clone()));
        }
        Ok(&self.plan)
    }

    /// Refuses a source that is not the one the plan was made for, or not in that state.
    pub fn check_source(&self, source: &Identity) -> Result<(), PlanFileError> {
        let planned = &self.plan.source;
        let what = if planned == source {
            return Ok(());
        } else if planned.path_sha256 == source.path_sha256 {
            format!("another state of {}", source.file_name)
        } else {
            format!("another file, {}", planned.file_name)
        };
        Err(PlanFileError::OtherSource {
            path: self.path.clone(),
            what,
        })
    }

    /// Refuses a plan that differs from the reviewed one although its choices were not edited since.
    pub fn check_outcome(&self, plan: &Plan) -> Result<(), PlanFileError> {
        // Whoever has written into_existing since has said so.
        let is_said = self.edited && plan.choices.into_existing;
        if plan.schema_mode != self.plan.schema_mode && !is_said {
            let (planned, found) = match plan.schema_mode {
                SchemaMode::App => ("outgrow makes", "the application has made them"),
                SchemaMode::Own => ("the application has made", "there are none of its own"),
            };
            return Err(PlanFileError::OtherMode {
                path: self.path.clone(),
                planned,
                found,
            });
        }
        if self.edited || Digests::of(plan).derived == self.derived_sha256 {
            return Ok(());
        }
        Err(PlanFileError::OtherOutcome(self.path.clone()))
    }
}

fn holds_nul(value: &toml::Value) -> bool {
    match value {
        toml::Value::String(text) => text.contains('\0'),
        toml::Value::Array(values) => values.iter().any(holds_nul),
        toml::Value::Table(table) => table.values().any(holds_nul),
        _ => false,
    }
}

/// SHA-256, in hex, of both parts of a plan.
struct Digests {
    choices: String,
    derived: String,
}

impl Digests {
    fn of(plan: &Plan) -> Self {
        // Our own structs have string keys, so this cannot fail.
        let mut json = serde_json::to_value(plan).unwrap_or_default();
        let choices = json.as_object_mut().and_then(|plan| plan.remove("choices"));
        Self {
            choices: sha256(&choices.unwrap_or_default()),
            derived: sha256(&json),
        }
    }
}

fn sha256(json: &Json) -> String {
    let text = serde_json_canonicalizer::to_string(json).unwrap_or_default();
    Digest(Sha256::digest(text.as_bytes()).into()).to_hex()
}

/// The text of a plan's file.
pub fn text(plan: &Plan) -> Result<String, Failure> {
    let fail = |error: toml::ser::Error| {
        let next = "Use --json instead, and please report this.";
        Failure::new(Exit::Bug, "the plan cannot be written as TOML", next).because(error)
    };
    let digests = Digests::of(plan);
    let mut table = toml::Table::new();
    table.insert(CHOICES_SHA256.to_owned(), digests.choices.into());
    table.insert(DERIVED_SHA256.to_owned(), digests.derived.into());
    let digests = toml::to_string(&table).map_err(fail)?;
    let body = toml::to_string_pretty(plan).map_err(fail)?;
    Ok(format!("{HEAD}\n{digests}{body}"))
}

/// How to go on with the file, for who opens it.
const HEAD: &str = r#"# A plan of outgrow. Nothing is written to any database before `outgrow migrate FILE --plan THIS` runs.
#
# Edit [choices] and nothing else: the rest follows from it and is checked against it. What follows is shown by
# `outgrow plan FILE --plan THIS -o NEW`. Objects are named as the findings name them. For example:
#   skip = ["index:orders.ix_note", "table:cache"]             leave out
#   nocase = "icu"                                             or "citext", "bytes"
#   values = { text-nul = "quarantine" }                       in every column; KIND = POLICY
#   columns."column:orders.amount" = { mapping = "text.text", values = { text = "null" } }
#   columns."column:orders.total" = { generated = "materialise" }
#   names."table:a name that is too long" = "short"
#   sql."check:orders.1" = "amount > 0"                        sent to Postgres as it is
# Where the tables are the application's own:
#   seeds = "replace"                                          or "stop", "keep", "merge-identical": rows already there
#   tables."table:orders" = { seeds = "keep" }
#   names."column:orders.userId" = "user_id"                   the column of the target that it goes into
#   timezone = "Europe/Paris"                                  of times that state no zone
# KIND: integer, real, text, text-nul, text-not-unicode, blob. POLICY: block, null, text, bytea, quarantine.
"#;

/// Writes a plan to a new file.
pub fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            let what = format!("the plan cannot be written to {}", path.display());
            Failure::new(Exit::Usage, what, "Name a new file in a folder you can write.").because(error)
        })
}
