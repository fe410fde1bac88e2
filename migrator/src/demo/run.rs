//! The demo's flow: a store, its metrics, the verdict, the cut-over, the proof.
//!
//! It reads in the order of the chapters. What is shown is what the library did: the verdict is the one that
//! `outgrow verdict` gives, the migration the one that `outgrow migrate` runs.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use outgrow_shared::verdict::Unit;

use super::private_postgres::PrivatePostgres;
use super::proof;
use super::store::{Order, Store};
use super::story::Story;
use super::watching;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::migrate::{self, Mandate, Migrated, Pace, Standing};
use crate::report::certificate;
use crate::report::progress::Progress;
use crate::report::summary;
use crate::target::{Conninfo, Disk, Environment, resolve};
use crate::verdict::Watch;
use crate::verify::again::{self, verify_again};

/// The database of the private server that takes over.
pub const DATABASE: &str = "postgres";

/// What the demo is asked to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// The store to run.
    pub store: Order,
    /// How long the verdict watches.
    pub window: Duration,
    /// Where the certificate goes, if the default does not suit.
    pub certificate: Option<PathBuf>,
}

/// A demo that came to its end: both sides EQUAL. Dropping it stops the server and removes both databases.
#[derive(Debug)]
pub struct Finished {
    /// The migration; its certificate lies at the path asked for.
    pub migrated: Migrated,
    /// The store, its writers ended.
    pub store: Store,
    /// The server that took over.
    pub postgres: PrivatePostgres,
    /// How long each part took, in order.
    pub times: Vec<(&'static str, Duration)>,
}

/// Runs the demo.
///
/// # Errors
/// When a part fails, the verdict does not turn, or a proof does not hold. Nothing is left then.
pub async fn run(
    request: &Request,
    story: &mut Story,
    progress: &Arc<Progress>,
) -> Result<Finished, Failure> {
    // A path that cannot be written is told before the show, not after it.
    certificate::choose_path(request.certificate.as_deref(), uuid::Uuid::nil())?;
    let begun = Instant::now();
    let store = outgrow_sqlite(request, story).await?;
    let watched = begun.elapsed();

    story.chapter("Cut-over: the writers stop, so that nothing is written behind the copy's back");
    tokio::task::block_in_place(|| store.end())?;
    let bytes = fs::metadata(&store.database).map_or(0, |found| found.len());
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let size = Unit::Bytes.show(bytes as f64);
    story.say(&format!("stopped between two writes; the file holds {size}"));

    story.chapter("A private Postgres takes over");
    let starting = Instant::now();
    let postgres = tokio::task::block_in_place(|| PrivatePostgres::builder().start())?;
    story.say(&format!(
        "Postgres {}, {}, started in {:.1} s",
        postgres.programs().major_version,
        postgres.url_without_password(DATABASE),
        starting.elapsed().as_secs_f64()
    ));

    let conninfo = conninfo(&postgres)?;
    let migrating = Instant::now();
    let mut migrated = move_over(&store, &conninfo, story, progress).await?;
    let migration = migrating.elapsed();

    let proving = Instant::now();
    prove(&store, &conninfo, story, progress).await?;
    let proof = proving.elapsed();
    keep_certificate(&mut migrated, request)?;
    let times = vec![
        ("watching", watched),
        ("migration, verified", migration),
        ("counter-proof", proof),
        ("in all", begun.elapsed()),
    ];
    Ok(Finished {
        migrated,
        store,
        postgres,
        times,
    })
}

/// Runs the store until the verdict says that it has outgrown SQLite.
async fn outgrow_sqlite(request: &Request, story: &mut Story) -> Result<Store, Failure> {
    story.chapter("A checkpoint store keeps its state in one SQLite file; the agent inside it counts");
    let store = tokio::task::block_in_place(|| Store::start(&request.store))?;
    story.say(&format!("file     {}", store.database.display()));
    story.say(&format!("metrics  {}", store.endpoint.shown()));
    let mut watch = Watch::new(store.endpoint.clone(), request.window);
    let calm = watching::calm(story, &store, &mut watch, request.store.calm).await?;
    let headline = story.paint().level(calm.decision.level, &calm.decision.headline);
    story.say(&format!("verdict  {headline}"));

    story.chapter("Its users multiply, and a slow clean-up holds the write lock now and then");
    let turned = watching::until_migrate_now(story, &store, &mut watch, request.window).await?;
    story.say(&format!("\n{}", turned.brief(story.paint())));
    Ok(store)
}

async fn move_over(
    store: &Store,
    conninfo: &Conninfo,
    story: &mut Story,
    progress: &Arc<Progress>,
) -> Result<Migrated, Failure> {
    story.chapter("outgrow migrate: copy, then read both sides back and compare by hash");
    let order = migrate::Request {
        pace: Pace::default(),
        restart: false,
        source: store.database.clone(),
        mandate: Mandate::default(),
        // Beside the database, until the whole demo has succeeded.
        certificate: Some(store.database.with_extension("certificate.json")),
    };
    let migrated = migrate::migrate(&order, conninfo, progress, &Standing::default()).await?;
    let certificate = &migrated.certificate;
    story.say(&format!("source root  {}", certificate.source.root));
    story.say(&format!("target root  {}", certificate.target.root));
    Ok(migrated)
}

/// The proof, and that it can fail.
async fn prove(
    store: &Store,
    conninfo: &Conninfo,
    story: &mut Story,
    progress: &Arc<Progress>,
) -> Result<(), Failure> {
    story.chapter("Asked in plain SQL, both sides answer alike");
    story.say(&proof::same_answers(&store.database, conninfo).await?);

    story.chapter("Would it notice? One bit is flipped in Postgres");
    let statement = proof::choose_bit(conninfo).await?;
    story.say(&statement);
    proof::change_one_row(conninfo, &statement).await?;
    let order = again::Request {
        source: store.database.clone(),
        run: None,
        plan: None,
        certificate: None,
        jobs: again::default_jobs(),
    };
    let flipped = verify_again(&order, conninfo, progress).await?;
    story.say(&summary::render_differences(&flipped, story.paint()));
    if flipped.is_equal() || flipped.differences.total != 1 {
        return Err(disproved(
            "verification did not find the one row that was changed",
        ));
    }

    story.chapter("The bit is flipped back");
    proof::change_one_row(conninfo, &statement).await?;
    let restored = verify_again(&order, conninfo, progress).await?;
    if restored.is_equal() {
        Ok(())
    } else {
        Err(disproved("both sides differ although the change was undone"))
    }
}

fn disproved(what: &str) -> Failure {
    let next = "This is a fault of outgrow. Please report it with the lines above.";
    Failure::new(Exit::Different, what, next)
}

fn keep_certificate(migrated: &mut Migrated, request: &Request) -> Result<(), Failure> {
    let asked = request.certificate.as_deref();
    migrated.path = certificate::choose_path(asked, &migrated.certificate.run_id)?;
    migrated.certificate.write(&migrated.path).map_err(|error| {
        let next = "Free space or rights there, or name another file with --certificate.";
        Failure::new(Exit::Usage, "the certificate cannot be written", next)
            .at(migrated.path.display().to_string())
            .because(error)
    })
}

/// The private server alone: no variable of the user's environment may lead elsewhere.
fn conninfo(postgres: &PrivatePostgres) -> Result<Conninfo, Failure> {
    let nothing = Environment {
        variables: std::collections::BTreeMap::new(),
        home: None,
        os_user: None,
        files: Box::new(Disk),
    };
    Ok(resolve(Some(&postgres.url(DATABASE)), &nothing)?)
}
