//! Thousands of files through the library, in one process: the same stages as the command's, without starting
//! it. What a plan blocks is answered as its owner might: by a policy, or by leaving the object out.

use std::path::Path;
use std::sync::Arc;

use outgrow_e2e::postgres::Session;
use outgrow_migrator::exit::Exit;
use outgrow_migrator::failure::Failure;
use outgrow_migrator::migrate::{Mandate, Migrated, Pace, Request, Standing, migrate};
use outgrow_migrator::plan::choices::{Choices, Generated, Nocase};
use outgrow_migrator::plan::file::{self as plan_file, Reviewed};
use outgrow_migrator::plan::model::{ColumnPlan, Disposition, Finding, Plan, TablePlan};
use outgrow_migrator::plan::policy::{Policy, ValueKind};
use outgrow_migrator::plan::rules;
use outgrow_migrator::report::progress::{Progress, Show};
use outgrow_migrator::survey::survey;
use outgrow_migrator::target::{Conninfo, Environment, connect, resolve};
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Runtime;

use super::compare::{self, Sides};
use super::names::quoted;
use super::random::Random;
use super::{existing, objects, run, source};

/// Answers are tried so many times: leaving one object out can block others.
const ROUNDS_MAX: usize = 16;

/// Every so many files are migrated a second time, into the tables of the first.
const AGAIN_EVERY: u64 = 5;

/// From this round on, what is still blocked is left out.
const ROUNDS_OF_POLICIES: usize = 3;

const POLICIES: [Policy; 4] = [Policy::Null, Policy::Text, Policy::Bytea, Policy::Quarantine];

/// The library with what it needs, for one thread.
pub struct Library {
    runtime: Runtime,
    conninfo: Conninfo,
    progress: Arc<Progress>,
    session: Session,
}

impl Library {
    pub fn new(url: &str) -> Self {
        let environment = Environment::of_this_process();
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            conninfo: resolve(Some(url), &environment).unwrap(),
            progress: Arc::new(Progress::new(Show::Nothing)),
            session: Session::open(url),
        }
    }

    /// Makes the file of this seed and migrates it; true unless nothing of it could be.
    pub fn check(&self, seed: u64, folder: &Path) -> bool {
        let path = folder.join("a.db");
        let mut random = Random::new(seed);
        let tables = source::make(&path, &mut random);
        let mut choices = Choices::into_schema(format!("case {seed}"));
        general_choices(&mut choices, &mut random);
        let Some(migrated) = self.migrate(&path, choices, &mut random) else {
            return false;
        };
        let source = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let sides = Sides {
            source: &source,
            target: &self.session,
            plan: &migrated.plan,
            run: Some(&migrated.certificate.run_id),
        };
        for table in &migrated.plan.tables {
            compare::assert_same_values(&sides, table);
        }
        objects::assert_none_lost(&sides, &tables);
        assert_only_asked_for(&migrated.plan);
        if seed.is_multiple_of(AGAIN_EVERY) {
            self.fill_again(&path, &migrated.plan, seed);
        }
        // The state of a whole database is compared around each such run.
        let _ = self.session.rows(&format!(
            "DROP SCHEMA {} CASCADE",
            quoted(&migrated.plan.choices.schema)
        ));
        true
    }

    /// Empties the tables and fills them as if an application had made them: the same rows must come of it.
    fn fill_again(&self, path: &Path, plan: &Plan, seed: u64) {
        let before = self.rows_of(plan);
        let tables: Vec<String> = plan
            .tables
            .iter()
            .map(|table| qualified(plan, &table.target_name))
            .collect();
        if tables.is_empty() {
            return;
        }
        let _ = self
            .session
            .rows(&format!("TRUNCATE {} RESTART IDENTITY", tables.join(", ")));
        let mut choices = existing::choices(plan);
        for _ in 0..ROUNDS_MAX {
            let mandate = Mandate {
                choices: choices.clone(),
                reviewed: None,
            };
            let blocked = self.blocked_again(path, &mandate);
            if blocked.is_empty() {
                let again = match self.carry_out(path, mandate, false) {
                    // Such a key is NOT VALID on the target, and takes no new orphans.
                    Err(failure) if existing::has_orphans(plan) => {
                        assert_eq!(failure.exit, Exit::PlanBlocked, "seed {seed}: {failure}");
                        return;
                    }
                    again => again.unwrap_or_else(|failure| panic!("seed {seed}: {failure}")),
                };
                assert_eq!(again.certificate.source.root, again.certificate.target.root);
                assert_eq!(before, self.rows_of(plan), "seed {seed}");
                return;
            }
            // Such a key is NOT VALID on the target, and takes no new orphans.
            let (orphans, others): (Vec<&Finding>, Vec<&Finding>) = blocked
                .iter()
                .partition(|finding| finding.rule == rules::FOREIGN_KEY_ORPHANS);
            if others.is_empty() && existing::has_orphans(plan) {
                return;
            }
            assert!(
                orphans.is_empty() || existing::has_orphans(plan),
                "seed {seed}: {orphans:?}"
            );
            for finding in others {
                assert!(
                    existing::answer(&mut choices, finding),
                    "seed {seed}: {finding:?}"
                );
            }
        }
        panic!("seed {seed}: still blocked with {choices:?}");
    }

    /// What blocks a migration into the tables that are there.
    fn blocked_again(&self, path: &Path, mandate: &Mandate) -> Vec<Finding> {
        let job = self.runtime.block_on(async {
            let target = connect(&self.conninfo).await?;
            let job = survey(path, mandate, Some(&target), &self.progress).await;
            target.close().await;
            job
        });
        let job = job.unwrap_or_else(|failure| panic!("{failure}"));
        job.plan.with(Disposition::Blocked).cloned().collect()
    }

    /// What each table of a plan holds on the target, whatever the order. A table from which a policy took values is
    /// only counted: an application's column takes some that outgrow's own did not.
    fn rows_of(&self, plan: &Plan) -> Vec<String> {
        let digest = |table: &TablePlan| {
            let taken_out = |column: &ColumnPlan| column.values.values().any(|policy| policy.takes_out());
            let rows = if table.columns.iter().any(taken_out) {
                "''"
            } else {
                "coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
            };
            let table = qualified(plan, &table.target_name);
            let sql = format!("SELECT count(*) || ' ' || {rows} FROM {table} t");
            self.session.rows(&sql)[0][0].clone().unwrap()
        };
        plan.tables.iter().map(digest).collect()
    }

    fn migrate(&self, path: &Path, mut choices: Choices, random: &mut Random) -> Option<Migrated> {
        for round in 0..ROUNDS_MAX {
            let mandate = Mandate {
                choices: choices.clone(),
                reviewed: None,
            };
            let job = self
                .runtime
                .block_on(survey(path, &mandate, None, &self.progress));
            let job = job.unwrap_or_else(|failure| panic!("{failure}"));
            let blocked: Vec<Finding> = job.plan.with(Disposition::Blocked).cloned().collect();
            let before = choices.clone();
            if blocked.is_empty() {
                let mandate = if random.chance(30) {
                    reviewed(&job.plan, path)
                } else {
                    mandate
                };
                // Where a table was left out, others may be planned otherwise than they were made.
                let ended = match self.carry_out(path, mandate.clone(), false) {
                    Err(failure) if failure.what.contains("had another plan") => {
                        assert!(failure.next.contains("--restart"), "{failure}");
                        self.carry_out(path, mandate, true)
                    }
                    ended => ended,
                };
                let failure = match ended {
                    Ok(migrated) => return Some(migrated),
                    Err(failure) => failure,
                };
                // The target itself could not take an object; the failure names it.
                assert_eq!(failure.exit, Exit::PlanBlocked, "{failure}");
                let object = run::skip_in(&failure.next);
                choices
                    .skip
                    .insert(object.unwrap_or_else(|| panic!("no way on: {failure}")));
            }
            for finding in &blocked {
                answer(&mut choices, finding, round, random);
            }
            assert!(choices != before, "advice that did not help: {blocked:#?}");
            let left_out = |name: &str| choices.skip.contains(&format!("table:{name}"));
            if job.catalog.tables.iter().all(|table| left_out(&table.name)) {
                return None;
            }
        }
        panic!("still blocked with {choices:?}");
    }

    fn carry_out(&self, path: &Path, mandate: Mandate, restart: bool) -> Result<Migrated, Failure> {
        let certificate = path.with_extension("json");
        let _ = std::fs::remove_file(&certificate);
        let request = Request {
            pace: Pace::default(),
            restart,
            source: path.to_owned(),
            mandate,
            certificate: Some(certificate),
        };
        let point = Standing::default();
        self.runtime.block_on(async {
            let ended = migrate(&request, &self.conninfo, &self.progress, &point).await;
            // The session of one that failed is closed by a task of its own, which runs only while something waits.
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            ended
        })
    }
}

/// A table on the target.
fn qualified(plan: &Plan, table: &str) -> String {
    format!("{}.{}", quoted(&plan.choices.schema), quoted(table))
}

/// The same plan, written to a file and given back.
fn reviewed(plan: &Plan, path: &Path) -> Mandate {
    let file = path.with_extension("toml");
    std::fs::write(
        &file,
        plan_file::text(plan).unwrap_or_else(|failure| panic!("{failure}")),
    )
    .unwrap();
    let reviewed = Reviewed::read(&file).unwrap_or_else(|error| panic!("{error}"));
    Mandate {
        choices: reviewed.choices().clone(),
        reviewed: Some(reviewed),
    }
}

/// What an owner might decide before seeing any finding.
fn general_choices(choices: &mut Choices, random: &mut Random) {
    for kind in ValueKind::ALL {
        if random.chance(12) {
            choices.values.insert(kind, *random.pick(&POLICIES));
        }
    }
    if random.chance(30) {
        choices.nocase = Some(*random.pick(&[Nocase::Icu, Nocase::Bytes]));
    }
}

/// Answers a blocked object by a policy for its values, or by leaving out what the finding says can be.
fn answer(choices: &mut Choices, finding: &Finding, round: usize, random: &mut Random) {
    let of_column = finding.object.starts_with("column:") && finding.next.contains("--values");
    if of_column && round < ROUNDS_OF_POLICIES && random.chance(80) {
        let column = choices.columns.entry(finding.object.clone()).or_default();
        let before = column.values.clone();
        for kind in ValueKind::ALL {
            let named = finding.next.split([' ', ',']).any(|word| word == kind.word());
            if named && random.chance(60) {
                column.values.insert(kind, *random.pick(&POLICIES));
            }
        }
        let answered = column.values != before;
        if column.values.is_empty() {
            choices.columns.remove(&finding.object);
        }
        if answered {
            return;
        }
    }
    if let Some(column) = finding
        .object
        .strip_prefix("collation:")
        .filter(|_| finding.next.contains("--nocase"))
    {
        let column = choices.columns.entry(format!("column:{column}")).or_default();
        column.nocase = Some(*random.pick(&[Nocase::Icu, Nocase::Bytes]));
        return;
    }
    let computed = finding.object.strip_prefix("generated:");
    if let Some(column) = computed.filter(|_| finding.next.contains("materialise") && random.chance(60)) {
        let column = choices.columns.entry(format!("column:{column}")).or_default();
        if column.generated.replace(Generated::Materialise).is_none() {
            return;
        }
    }
    let skip = run::skip_in(&finding.next);
    choices
        .skip
        .insert(skip.unwrap_or_else(|| panic!("no way on: {finding:?}")));
}

/// No value was taken out or turned that its owner said nothing of.
fn assert_only_asked_for(plan: &Plan) {
    for table in &plan.tables {
        for column in &table.columns {
            let object = format!("column:{}.{}", table.name, column.name);
            for (kind, policy) in &column.values {
                let own = plan.choices.column(&object).and_then(|own| own.values.get(kind));
                let asked = own.or_else(|| plan.choices.values.get(kind));
                assert_eq!(asked, Some(policy), "{kind} in {object}");
                let rule = match policy {
                    Policy::Block => panic!("{kind} in {object} is blocked"),
                    Policy::Null => rules::VALUES_NULL,
                    Policy::Text => rules::VALUES_TEXT,
                    Policy::Bytea => rules::VALUES_BYTEA,
                    Policy::Quarantine => rules::VALUES_QUARANTINED,
                };
                let named = plan
                    .with(Disposition::Changed)
                    .any(|finding| finding.object == object && finding.rule == rule);
                assert!(named, "{kind} in {object}: {policy:?} goes without a word");
            }
        }
    }
}
