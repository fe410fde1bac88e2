//! The options that name the source and what its owner decided, shared by `inspect`, `plan` and `migrate`.

use std::path::PathBuf;
use std::sync::Arc;

use super::runtime;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::migrate::Mandate;
use crate::plan::choices::{Choices, DEFAULT_SCHEMA, Nocase};
use crate::plan::existing::seeds::SeedPolicy;
use crate::plan::file::Reviewed;
use crate::plan::policy::{Policy, ValueKind};
use crate::report::layout::quoted;
use crate::report::progress::{Progress, Show};
use crate::survey::survey;
use crate::target::{Conninfo, connect};

/// The source and what its owner decided.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// The SQLite database file; a -wal file beside it is read too
    #[arg(value_name = "FILE")]
    pub source: PathBuf,
    /// Schema on the target that receives the tables; made if it is missing
    ///
    /// Where the application has made tables of these names there, they are filled as they are: bound by name, cast
    /// to the types they have. Else outgrow makes them.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_SCHEMA)]
    pub schema: String,
    /// Leave this object out, by the name `inspect` gives it, such as index:orders.ix_date; repeatable
    #[arg(long, value_name = "OBJECT")]
    pub skip: Vec<String>,
    /// What becomes of values that do not fit their column: KIND=POLICY, or OBJECT/KIND=POLICY; repeatable
    ///
    /// KIND is integer, real, text, text-nul, text-not-unicode or blob. POLICY is block, null (they become NULL),
    /// text or bytea (the column gets that type), or quarantine (NULL in the column, kept whole in
    /// _outgrow.quarantine). Without an OBJECT such as column:orders.amount it counts for every column, and there
    /// only for values the column is not made for.
    #[arg(long, value_name = "[OBJECT/]KIND=POLICY", value_parser = parse_values)]
    values: Vec<ValuesArg>,
    /// What stands for the collation NOCASE: icu, citext or bytes
    ///
    /// NOCASE folds the letters A to Z. An ICU collation and the type citext fold those of every script; LIKE needs
    /// Postgres 18 on the former, and the latter needs its extension. With bytes, case makes a difference.
    #[arg(long, value_name = "WAY")]
    nocase: Option<Nocase>,
    /// Fill tables that the application made, and make none: refuse where one is missing
    #[arg(long)]
    into_existing: bool,
    /// What becomes of rows that existing tables hold already: POLICY, or OBJECT=POLICY; repeatable
    ///
    /// POLICY is stop (refuse, the default), replace (delete them first), keep (they stay, and nothing is copied into
    /// the table) or merge-identical (they stay if the source has the very same, and the rest is added). OBJECT is a
    /// table such as table:auth_group. Migration ledgers of the application are compared and kept, unless named here.
    #[arg(long, value_name = "[OBJECT=]POLICY", value_parser = parse_seeds)]
    seeds: Vec<SeedsArg>,
    /// Zone of times that state none, where an existing column has one: Europe/Paris, +02:00; UTC unless named
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Take all choices from this plan, written by `outgrow plan -o` and edited under [choices]
    #[arg(
        long,
        value_name = "PLAN",
        conflicts_with_all = ["schema", "skip", "values", "nocase", "into_existing", "seeds", "timezone"]
    )]
    plan: Option<PathBuf>,
}

/// One `--seeds`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SeedsArg {
    object: Option<String>,
    policy: SeedPolicy,
}

fn parse_seeds(text: &str) -> Result<SeedsArg, String> {
    let (object, policy) = match text.rsplit_once('=') {
        Some((object, policy)) => (Some(object), policy),
        None => (None, text),
    };
    let policy = SeedPolicy::parse(policy).ok_or_else(|| {
        let known = SeedPolicy::ALL.map(SeedPolicy::word).join(", ");
        format!("{policy:?} is no policy; known are {known}")
    })?;
    if object.is_some_and(|object| !object.starts_with("table:")) {
        return Err("a table is named as table:NAME".to_owned());
    }
    Ok(SeedsArg {
        object: object.map(str::to_owned),
        policy,
    })
}

/// One `--values`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ValuesArg {
    object: Option<String>,
    kind: ValueKind,
    policy: Policy,
}

fn parse_values(text: &str) -> Result<ValuesArg, String> {
    let (left, policy) = text.rsplit_once('=').ok_or("it has no '='")?;
    let (object, kind) = match left.rsplit_once('/') {
        Some((object, kind)) => (Some(object), kind),
        None => (None, left),
    };
    let kinds = ValueKind::ALL;
    let kind = kinds
        .into_iter()
        .find(|known| known.word() == kind)
        .ok_or_else(|| {
            let known = kinds.map(ValueKind::word).join(", ");
            format!("{kind:?} is no kind of value; known are {known}")
        })?;
    let policies = Policy::ALL;
    let policy = policies
        .into_iter()
        .find(|known| known.word() == policy)
        .ok_or_else(|| {
            let known = policies.map(Policy::word).join(", ");
            format!("{policy:?} is no policy; known are {known}")
        })?;
    Ok(ValuesArg {
        object: object.map(str::to_owned),
        kind,
        policy,
    })
}

impl SourceArgs {
    /// What was decided, for a plan to be carried out as it was reviewed.
    pub fn mandate(&self) -> Result<Mandate, Failure> {
        let reviewed = self.plan.as_deref().map(Reviewed::read).transpose()?;
        Ok(Mandate {
            choices: reviewed
                .as_ref()
                .map_or_else(|| self.choices(), |plan| Ok(plan.choices().clone()))?,
            reviewed,
        })
    }

    /// What was decided, for a plan that is to be made anew.
    fn new_mandate(&self) -> Result<Mandate, Failure> {
        Ok(Mandate {
            reviewed: None,
            ..self.mandate()?
        })
    }

    fn choices(&self) -> Result<Choices, Failure> {
        let mut choices = Choices {
            skip: self.skip.iter().cloned().collect(),
            nocase: self.nocase,
            into_existing: self.into_existing,
            timezone: self.timezone.clone(),
            ..Choices::into_schema(&self.schema)
        };
        for ValuesArg { object, kind, policy } in &self.values {
            let values = match object {
                Some(object) => &mut choices.columns.entry(object.clone()).or_default().values,
                None => &mut choices.values,
            };
            if values
                .insert(*kind, *policy)
                .is_some_and(|other| other != *policy)
            {
                let place = object.as_deref().unwrap_or("every column");
                let what = format!("--values names two policies for {kind} in {place}");
                return Err(Failure::new(Exit::Usage, what, "Keep one of them."));
            }
        }
        for SeedsArg { object, policy } in &self.seeds {
            let seeds = match object {
                Some(object) => &mut choices.tables.entry(object.clone()).or_default().seeds,
                None => &mut choices.seeds,
            };
            if seeds.replace(*policy).is_some_and(|other| other != *policy) {
                let place = object.as_deref().unwrap_or("every table");
                let what = format!("--seeds names two policies for {place}");
                return Err(Failure::new(Exit::Usage, what, "Keep one of them."));
            }
        }
        Ok(choices)
    }

    /// The command that migrates what was asked for, to be copied into a shell.
    pub fn migrate_command(&self) -> String {
        let mut words = vec![
            "outgrow migrate".to_owned(),
            quoted(&self.source.to_string_lossy()),
        ];
        if self.schema != DEFAULT_SCHEMA {
            words.push(format!("--schema {}", quoted(&self.schema)));
        }
        words.extend(
            self.skip
                .iter()
                .map(|object| format!("--skip {}", quoted(object))),
        );
        words.extend(
            self.values
                .iter()
                .map(|values| format!("--values {}", quoted(&values.to_string()))),
        );
        words.extend(self.nocase.map(|way| format!("--nocase {way}")));
        words.extend(self.into_existing.then(|| "--into-existing".to_owned()));
        words.extend(
            self.seeds
                .iter()
                .map(|seeds| format!("--seeds {}", quoted(&seeds.to_string()))),
        );
        words.extend(
            self.timezone
                .as_ref()
                .map(|zone| format!("--timezone {}", quoted(zone))),
        );
        let plan = self.plan.as_ref();
        words.extend(plan.map(|plan| format!("--plan {}", quoted(&plan.to_string_lossy()))));
        words.push("--to postgres://USER@HOST/DATABASE".to_owned());
        words.join(" ")
    }

    /// Reads the source, looks at the target where one is named, and makes the plan.
    pub fn survey(&self, conninfo: Option<&Conninfo>) -> Result<Arc<Job>, Failure> {
        let mandate = self.new_mandate()?;
        let progress = Arc::new(Progress::new(Show::Human));
        let work = async {
            let target = match conninfo {
                Some(conninfo) => {
                    conninfo
                        .warnings
                        .iter()
                        .for_each(|warning| progress.note(warning));
                    Some(connect(conninfo).await?)
                }
                None => None,
            };
            survey(&self.source, &mandate, target.as_ref(), &progress).await
        };
        runtime::run(work).inspect_err(|_| progress.abandon())
    }
}

impl std::fmt::Display for SeedsArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.object {
            Some(object) => write!(f, "{object}={}", self.policy),
            None => write!(f, "{}", self.policy),
        }
    }
}

impl std::fmt::Display for ValuesArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.object {
            Some(object) => write!(f, "{object}/{}={}", self.kind, self.policy),
            None => write!(f, "{}={}", self.kind, self.policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_name_a_policy_and_perhaps_a_table() {
        for text in ["replace", "table:a=b=merge-identical"] {
            assert_eq!(parse_seeds(text).unwrap().to_string(), text);
        }
        for text in ["", "drop", "a=keep", "table:a=", "column:a.b=keep"] {
            assert!(parse_seeds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn values_name_a_kind_a_policy_and_perhaps_a_column() {
        for text in ["text-nul=quarantine", "column:a/b=c.d/text=null"] {
            assert_eq!(parse_values(text).unwrap().to_string(), text);
        }
        let of_column = parse_values("column:a/b=c.d/text=null").unwrap();
        assert_eq!(of_column.object.as_deref(), Some("column:a/b=c.d"));
        for text in ["", "text", "text=", "words=null", "text=drop", "column:t.c=null"] {
            assert!(parse_values(text).is_err(), "{text}");
        }
    }
}
