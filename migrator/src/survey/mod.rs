//! The survey: the source read and counted, the target looked at where one is named, and the plan for both.
//!
//! Nothing is written anywhere. Here it is decided whether outgrow makes the tables or the application has made
//! them; what follows from either is the plan's.

mod ledgers;

use std::path::Path;
use std::sync::Arc;

use outgrow_shared::value::Value;

use crate::census::{Census, Trials, orphans_of};
use crate::copy::encode::encode_field;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::job::Job;
use crate::ledger::record::made_by_outgrow;
use crate::migrate::Mandate;
use crate::plan;
use crate::plan::cast::ZoneRef;
use crate::plan::choices::Choices;
use crate::plan::existing::{self, Facts, SourceFacts};
use crate::plan::mapping::Scratch;
use crate::plan::model::Plan;
use crate::report::layout::plural;
use crate::report::progress::Progress;
use crate::source::catalog::Catalog;
use crate::source::{Integrity, Source, SourceError};
use crate::target::{Target, catalog};

/// A source that was opened and found sound.
struct Opened {
    source: Source,
    catalog: Catalog,
    integrity: Integrity,
}

/// Reads the source and makes the plan. The target, where there is one, decides whether its tables are filled as
/// they are.
pub async fn survey(
    path: &Path,
    mandate: &Mandate,
    target: Option<&Target>,
    progress: &Arc<Progress>,
) -> Result<Arc<Job>, Failure> {
    let choices = &mandate.choices;
    plan::schema_name::check(&choices.schema)?;
    check_zones(choices)?;
    let opened = {
        let (path, mandate, progress) = (path.to_owned(), mandate.clone(), Arc::clone(progress));
        blocking(move || open(&path, &mandate, &progress)).await?
    };
    let facts = match target {
        Some(target) => look(target, &opened, choices).await?,
        None if choices.into_existing => return Err(no_target()),
        None => None,
    };
    let (mandate, progress) = (mandate.clone(), Arc::clone(progress));
    blocking(move || match facts {
        Some(facts) => plan_existing(opened, facts, &mandate, &progress),
        None => plan_new(opened, &mandate, &progress),
    })
    .await
}

/// Refuses a zone that nobody knows.
fn check_zones(choices: &Choices) -> Result<(), Failure> {
    let of_columns = choices
        .columns
        .values()
        .filter_map(|choice| choice.timezone.as_ref());
    let mut named = choices.timezone.iter().chain(of_columns);
    match named.find(|zone| ZoneRef::named(zone).is_none()) {
        None => Ok(()),
        Some(zone) => Err(Failure::new(
            Exit::Usage,
            format!("there is no time zone {zone:?}"),
            "Name one as Europe/Paris, UTC or +02:00.",
        )),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        let next = "Please report this with the command you ran.";
        Failure::new(Exit::Bug, "a worker ended unexpectedly", next)
    })?
}

fn no_target() -> Failure {
    Failure::new(
        Exit::Usage,
        "tables that exist already can only be looked at where they are",
        "Name the target with --to.",
    )
}

/// What the target holds, if its tables are to be filled as they are.
async fn look(target: &Target, opened: &Opened, choices: &Choices) -> Result<Option<Facts>, Failure> {
    let there = target.in_time(catalog::read(target, &choices.schema)).await?;
    let mut facts = Facts::new(&opened.catalog, there, choices);
    if !choices.into_existing && !are_the_applications(target, &facts, choices).await? {
        return Ok(None);
    }
    let bound = facts.bound_names();
    let names: Vec<&str> = bound.iter().map(String::as_str).collect();
    catalog::count_rows(target, &mut facts.target, &names).await?;
    ledgers::compare_all(target, &opened.source, &opened.catalog, &mut facts).await?;
    Ok(Some(facts))
}

/// Whether tables of the source are on the target already, made by somebody else.
async fn are_the_applications(target: &Target, facts: &Facts, choices: &Choices) -> Result<bool, Failure> {
    if facts.binding.tables.is_empty() {
        return Ok(false);
    }
    let names = facts.bound_names();
    // Tables that outgrow made are no application's: to fill them again is to migrate twice.
    let asked = target.in_time(made_by_outgrow(target, &choices.schema, &names));
    Ok(!asked.await?)
}

fn open(path: &Path, mandate: &Mandate, progress: &Progress) -> Result<Opened, Failure> {
    let source = Source::open(path)?;
    source
        .warnings()
        .iter()
        .for_each(|warning| progress.note(warning));
    if let Some(reviewed) = &mandate.reviewed {
        reviewed.check_source(source.identity())?;
    }
    progress.begin("source", None);
    let catalog = Catalog::read(&source);
    // Damage is told first: a catalog may not be readable because of it.
    let integrity = source.check_integrity(catalog.as_ref().ok())?;
    let mut catalog = catalog?;
    plan::computed::mark(&mut catalog, &mandate.choices);
    if catalog.tables.is_empty() && catalog.others.is_empty() {
        return Err(SourceError::NoTables(path.to_owned()).into());
    }
    let sound = if integrity.unchecked.is_empty() {
        "integrity ok".to_owned()
    } else {
        format!(
            "integrity ok but for {} that need the application",
            integrity.unchecked.len()
        )
    };
    progress.end(&format!(
        "{} {}, {sound}",
        catalog.tables.len(),
        plural(catalog.tables.len() as u64, "table"),
    ));
    Ok(Opened {
        source,
        catalog,
        integrity,
    })
}

fn plan_new(opened: Opened, mandate: &Mandate, progress: &Progress) -> Result<Arc<Job>, Failure> {
    let Opened {
        source,
        catalog,
        integrity,
    } = opened;
    progress.begin("census", None);
    let trials = trials(&catalog, &mandate.choices);
    let mut census = take(&source, &catalog, &trials, progress)?;
    plan::folded_keys::count(&source, &catalog, &mandate.choices, &mut census)?;
    let plan = plan::build(
        source.identity(),
        source.header().encoding,
        &catalog,
        &census,
        &integrity.unchecked,
        &mandate.choices,
    )?;
    finish(source, catalog, census, plan, mandate, progress)
}

fn plan_existing(
    opened: Opened,
    mut facts: Facts,
    mandate: &Mandate,
    progress: &Progress,
) -> Result<Arc<Job>, Failure> {
    let Opened {
        source,
        mut catalog,
        integrity,
    } = opened;
    facts.keep_computed(&mut catalog);
    progress.begin("census", None);
    let trials = existing::trials(&catalog, &facts, &mandate.choices);
    let census = take(&source, &catalog, &trials, progress)?;
    for (child, name, key) in facts.keys(&catalog) {
        if let Some(orphans) = orphans_of(&source, &catalog, &catalog.tables[child], &key)? {
            facts.orphans.insert((child, name), orphans);
        }
    }
    let known = SourceFacts {
        identity: source.identity(),
        encoding: source.header().encoding,
        unchecked: &integrity.unchecked,
    };
    let plan = existing::build(known, &catalog, &census, &trials, &facts, &mandate.choices)?;
    finish(source, catalog, census, plan, mandate, progress)
}

fn take(
    source: &Source,
    catalog: &Catalog,
    trials: &Trials<'_>,
    progress: &Progress,
) -> Result<Census, Failure> {
    Ok(Census::take(source, catalog, trials, |table, rows, bytes| {
        progress.table(&table.name);
        progress.add(rows, bytes);
    })?)
}

fn finish(
    source: Source,
    catalog: Catalog,
    census: Census,
    plan: Plan,
    mandate: &Mandate,
    progress: &Progress,
) -> Result<Arc<Job>, Failure> {
    if let Some(reviewed) = &mandate.reviewed {
        reviewed.check_outcome(&plan)?;
    }
    progress.end(&format!("{} rows in {} tables", plan.rows(), plan.tables.len()));
    Ok(Job::new(source, catalog, Some(census), plan))
}

/// What the census has to try: the mappings that were chosen, as the copy would write them.
fn trials(catalog: &Catalog, choices: &Choices) -> Trials<'static> {
    let mut trials = Trials::default();
    for table in &catalog.tables {
        for column in &table.columns {
            let choice = choices.column(&format!("column:{}.{}", table.name, column.name));
            if let Some(mapping) = choice.and_then(|choice| choice.mapping) {
                let test = move |value: &Value<'_>| {
                    let mut scratch = Scratch::default();
                    let value = mapping.normal_form(*value, &mut scratch);
                    encode_field(mapping, &value, &mut Vec::new()).is_ok()
                };
                trials.add(&table.name, &column.name, Box::new(test));
            }
        }
    }
    trials
}
