//! What the parts of the planner share: findings and steps on their way into the plan, and the owner's choices.
//!
//! Every choice is accounted for: one that names nothing in the source is an error at the end, none is passed
//! over.

use std::collections::{BTreeMap, BTreeSet};

use super::choices::Choices;
use super::model::{Converted, Disposition, Finding, Plan, SchemaMode, Step, TablePlan, Todo};

use super::rules::{self, Rule};
use super::unknown_choice::UnknownChoice;
use crate::quote::quote_ident;
use crate::source::{Identity, TextEncoding};

/// The most values that the quarantine takes: a few dozen MiB while they are compared.
pub const QUARANTINE_VALUES_MAX: u64 = 100_000;

/// Before the name of a rule that stands for every object it blocks.
const BY_RULE: &str = "rule:";

/// The kinds of choices. What takes one kind may not take another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// Objects to leave out.
    Skip,
    /// How columns are carried over.
    Column,
    /// Names on the target.
    Name,
    /// The owner's own SQL.
    Sql,
    /// What stands for NOCASE in single columns.
    Nocase,
    /// How single columns are computed.
    Generated,
    /// Mapping and value policies of single columns.
    Stored,
    /// Rows that existing tables hold.
    Seeds,
    /// Zones of times in single columns.
    Timezone,
}

impl Family {
    const fn words(self) -> &'static str {
        match self {
            Self::Skip => "leave out",
            Self::Column => "choose for",
            Self::Name => "rename",
            Self::Sql => "write SQL for",
            Self::Nocase | Self::Generated | Self::Stored | Self::Timezone | Self::Seeds => "choose for",
        }
    }
}

/// Gathers findings and steps, and knows what their owner chose.
pub(super) struct Builder<'a> {
    pub choices: &'a Choices,
    /// The source's text encoding.
    pub encoding: TextEncoding,
    /// Values that go into the quarantine.
    set_aside: u64,
    findings: Vec<Finding>,
    todo: Vec<Todo>,
    preparations: Vec<Step>,
    steps: Vec<Step>,
    /// Choices that named something, by object.
    used: BTreeSet<(Family, String)>,
    /// Tables that are left out: choices for their own objects are no mistake.
    gone: Vec<String>,
    /// Names on the target and the objects that have them, by the scope they must be unique in.
    pub taken: BTreeMap<(Option<String>, String), String>,
}

impl<'a> Builder<'a> {
    /// A builder with nothing in it.
    pub fn new(choices: &'a Choices, encoding: TextEncoding) -> Self {
        Self {
            choices,
            encoding,
            set_aside: 0,
            findings: Vec::new(),
            todo: Vec::new(),
            preparations: Vec::new(),
            steps: Vec::new(),
            used: BTreeSet::new(),
            gone: Vec::new(),
            taken: BTreeMap::new(),
        }
    }

    /// Whether its owner asked to leave this object out; it is named as skipped then.
    pub fn skipped(&mut self, object: &str, detail: &str) -> bool {
        let asked = self.choices.skip.contains(object);
        if asked {
            self.leave_out(object, detail);
        }
        asked
    }

    /// Whether its owner asked to leave out this object, or everything that this rule blocks.
    fn skipped_by(&mut self, rule: Rule, object: &str, detail: &str) -> bool {
        let asked = self.choices.skip.contains(&format!("{BY_RULE}{rule}"));
        if asked {
            self.leave_out(object, &format!("{detail} ({BY_RULE}{rule})"));
        }
        asked || self.skipped(object, detail)
    }

    fn leave_out(&mut self, object: &str, detail: &str) {
        if self.used.insert((Family::Skip, object.to_owned())) {
            let rule = if object.starts_with("table:") {
                rules::TABLE_SKIPPED
            } else {
                rules::SKIPPED
            };
            let detail = format!("left out on request: {detail}");
            self.find(Disposition::Skipped, rule, object, detail);
        }
    }

    /// Whether this object is left out, as far as the plan has come.
    pub fn leaves_out(&self, object: &str) -> bool {
        self.choices.skip.contains(object) || self.used.contains(&(Family::Skip, object.to_owned()))
    }

    /// Takes note that a table's own objects are left out with it.
    pub fn gone_with(&mut self, table: &str) {
        self.gone.push(table.to_owned());
    }

    /// Takes note that a choice for this object was looked at.
    pub fn used(&mut self, family: Family, object: &str) {
        self.used.insert((family, object.to_owned()));
    }

    /// Blocks on an object that could be left out, unless its owner asked for that.
    pub fn block_or_skip(&mut self, rule: Rule, object: &str, detail: String) {
        let next = format!(
            "Change it in the source, or leave it out with {}.",
            skip_flag(object)
        );
        self.block(Finding {
            next,
            ..plain(Disposition::Blocked, rule, object, detail)
        });
    }

    /// As [`Self::block_or_skip`], for an object that holds rows which cannot be carried over.
    pub fn block_or_skip_rows(
        &mut self,
        rule: Rule,
        object: &str,
        detail: String,
        rows: u64,
        samples: &[String],
    ) {
        let next = format!(
            "Change them in the source, or leave it out with {}.",
            skip_flag(object)
        );
        self.block(Finding {
            next,
            rows,
            samples: samples.to_vec(),
            ..plain(Disposition::Blocked, rule, object, detail)
        });
    }

    /// Blocks with this finding, unless its owner asked to leave the object out. Whether it blocks.
    pub fn block(&mut self, finding: Finding) -> bool {
        let rule = rules::ALL.iter().find(|rule| **rule == finding.rule);
        let left_out = rule.is_some_and(|rule| self.skipped_by(rule, &finding.object, &finding.detail));
        if !left_out {
            self.add(finding);
        }
        !left_out
    }

    /// Notes something that needs no choice.
    pub fn find(&mut self, disposition: Disposition, rule: Rule, object: &str, detail: impl Into<String>) {
        self.add(plain(disposition, rule, object, detail.into()));
    }

    /// Notes a finding as it is.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Counts values that go into the quarantine.
    pub fn set_aside(&mut self, values: u64) {
        self.set_aside += values;
    }

    /// Lists something that its owner has to write.
    pub fn list_todo(&mut self, todo: Todo) {
        self.todo.push(todo);
    }

    /// Adds a statement that runs before the tables are made, once for each object.
    pub fn prepare(&mut self, object: &str, sql: String) {
        if self.preparations.iter().all(|step| step.object != object) {
            self.preparations.push(Step {
                object: object.to_owned(),
                creates: None,
                sql,
            });
        }
    }

    /// Adds a statement that runs after the data.
    pub fn step(&mut self, object: impl Into<String>, sql: String) {
        self.steps.push(Step {
            object: object.into(),
            creates: None,
            sql,
        });
    }

    /// Adds a statement that runs after the data and takes a name in the schema.
    pub fn creating_step(&mut self, object: String, creates: String, sql: String) {
        self.steps.push(Step {
            object,
            creates: Some(creates),
            sql,
        });
    }

    /// A name on the target with its schema, quoted.
    pub fn qualified(&self, target_name: &str) -> String {
        format!(
            "{}.{}",
            quote_ident(&self.choices.schema),
            quote_ident(target_name)
        )
    }

    /// The plan, once everything is in it.
    pub fn finish(mut self, identity: &Identity, tables: Vec<TablePlan>) -> Result<Plan, UnknownChoice> {
        self.refuse_unknown()?;
        self.bound_quarantine();
        self.findings.sort_by_key(|f| f.disposition);
        let converted = Converted {
            objects: self.converted(&tables),
        };
        Ok(Plan {
            format: super::model::FORMAT.to_owned(),
            schema_mode: SchemaMode::Own,
            choices: self.choices.clone(),
            source: identity.clone(),
            findings: self.findings,
            todo: self.todo,
            converted,
            preparations: self.preparations,
            tables,
            steps: self.steps,
        })
    }

    /// Tables, columns and what steps make, as far as no finding speaks of them.
    fn converted(&self, tables: &[TablePlan]) -> Vec<String> {
        let named: BTreeSet<&str> = self.findings.iter().map(|f| f.object.as_str()).collect();
        let of_tables = tables.iter().flat_map(|table| {
            let columns = table
                .columns
                .iter()
                .map(move |c| format!("column:{}.{}", table.name, c.name));
            std::iter::once(format!("table:{}", table.name)).chain(columns)
        });
        let of_steps = self.steps.iter().map(|step| step.object.clone());
        let objects = of_tables.chain(of_steps);
        objects
            .filter(|object| !named.contains(object.as_str()))
            .collect()
    }

    /// The quarantine is held in memory while both sides are compared.
    fn bound_quarantine(&mut self) {
        if self.set_aside <= QUARANTINE_VALUES_MAX {
            return;
        }
        let detail = format!(
            "{} values would go into the quarantine, which takes {QUARANTINE_VALUES_MAX}: it is for exceptions",
            self.set_aside
        );
        let next = "Choose text, bytea or null for the columns that have most of them.".to_owned();
        let finding = plain(
            Disposition::Blocked,
            rules::POLICY_UNFIT,
            "quarantine:_outgrow",
            detail,
        );
        self.add(Finding { next, ..finding });
    }

    fn refuse_unknown(&self) -> Result<(), UnknownChoice> {
        let choices = self.choices;
        let families: [(Family, Vec<&String>); 5] = [
            (Family::Seeds, choices.tables.keys().collect()),
            (Family::Skip, choices.skip.iter().collect()),
            (Family::Column, choices.columns.keys().collect()),
            (Family::Name, choices.names.keys().collect()),
            (Family::Sql, choices.sql.keys().collect()),
        ];
        let rules_named = choices
            .skip
            .iter()
            .filter_map(|object| object.strip_prefix(BY_RULE));
        for rule in rules_named {
            if !rules::ALL.contains(&rule) {
                return Err(UnknownChoice::Rule(rule.to_owned()));
            }
        }
        for (family, objects) in families {
            let mut objects = objects.into_iter();
            if let Some(object) = objects.find(|object| !self.is_known(family, object)) {
                return Err(UnknownChoice::Object {
                    object: object.clone(),
                    what: family.words(),
                });
            }
        }
        self.refuse_useless()
    }

    /// Choices for a column that exists and is not what they are for.
    fn refuse_useless(&self) -> Result<(), UnknownChoice> {
        for (object, choice) in &self.choices.columns {
            let stored = choice.mapping.is_some() || !choice.values.is_empty();
            let useless = [
                (
                    Family::Nocase,
                    choice.nocase.is_some(),
                    "nocase",
                    "it holds no texts that compare by NOCASE",
                ),
                (
                    Family::Generated,
                    choice.generated.is_some(),
                    "generated",
                    "it is no computed column",
                ),
                (
                    Family::Timezone,
                    choice.timezone.is_some(),
                    "timezone",
                    "it holds no times without a zone that go into an existing column with one",
                ),
                (
                    Family::Stored,
                    stored,
                    "a mapping or value policy",
                    "Postgres computes its values; only generated = \"materialise\" makes it a column of its own",
                ),
            ];
            let found = useless
                .iter()
                .find(|(family, chosen, ..)| *chosen && !self.is_known(*family, object));
            if let Some((_, _, key, why)) = found {
                return Err(UnknownChoice::Useless {
                    object: object.clone(),
                    key,
                    why,
                });
            }
        }
        Ok(())
    }

    fn is_known(&self, family: Family, object: &str) -> bool {
        let of_gone = |table: &String| {
            let rest = object
                .split_once(':')
                .and_then(|(_, name)| name.strip_prefix(table.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.used.contains(&(family, object.to_owned()))
            || object.starts_with(BY_RULE)
            || self.gone.iter().any(of_gone)
    }
}

/// The flag that leaves an object out, as a shell reads it.
pub fn skip_flag(object: &str) -> String {
    format!("--skip '{}'", object.replace('\'', "'\\''"))
}

/// A finding that is not about rows and leaves nothing to do.
pub(super) fn plain(disposition: Disposition, rule: Rule, object: &str, detail: String) -> Finding {
    Finding {
        disposition,
        rule: rule.to_owned(),
        object: object.to_owned(),
        detail,
        rows: 0,
        samples: Vec::new(),
        next: String::new(),
    }
}
