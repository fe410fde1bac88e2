//! Verification over several sessions: the same result as over one, and one snapshot for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use outgrow_e2e::postgres;
use outgrow_migrator::job::Job;
use outgrow_migrator::ledger::record::find_record;
use outgrow_migrator::report::progress::{Progress, Show};
use outgrow_migrator::source::Source;
use outgrow_migrator::source::catalog::Catalog;
use outgrow_migrator::target::{Conninfo, Environment, Target, connect_many, resolve};
use outgrow_migrator::verify::digest::TableDigest;
use outgrow_migrator::verify::source_side::{SourceSideError, SourceTable};
use outgrow_migrator::verify::{Spread, Verified, snapshot, verify, verify_spread};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::scene::Scene;

/// Rows of a chunk, where they are small.
const CHUNK: i64 = 4096;

/// Random numbers that a printed seed gives again (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: i64) -> i64 {
        i64::try_from(self.next() % bound.unsigned_abs()).unwrap()
    }
}

fn conninfo(scene: &Scene) -> Conninfo {
    resolve(Some(&scene.database.url()), &Environment::of_this_process()).unwrap()
}

/// The job of the migration on record.
async fn job(scene: &Scene, target: &Target) -> (Uuid, Arc<Job>) {
    let record = find_record(target).await.unwrap().remove(0);
    let source = Source::open(&scene.source).unwrap();
    let catalog = Catalog::read(&source).unwrap();
    let plan = serde_json::from_str(&record.plan).unwrap();
    (record.run_id, Job::new(source, catalog, None, plan))
}

/// The source's digests as the copy gives them.
fn known(job: &Job) -> Vec<TableDigest> {
    let digest = |plan| {
        let table = SourceTable::find(&job.catalog, plan).unwrap();
        let digest = table.digest::<SourceSideError>(&job.source(), |_| Ok(()));
        digest.unwrap()
    };
    job.plan.tables.iter().map(digest).collect()
}

/// Tables of every kind; the keys of `numbers` are even, so that there is room between them.
fn random_scene(random: &mut Random) -> Scene {
    let rows: Vec<i64> = (0..5).map(|_| random.below(4 * CHUNK)).collect();
    let count =
        |n: i64| format!("WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {n})");
    let scene = Scene::script(&format!(
        "CREATE TABLE numbers (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE pairs (a TEXT, b INTEGER, v REAL, PRIMARY KEY (a, b)) WITHOUT ROWID; \
         CREATE TABLE bytes (k BLOB PRIMARY KEY, v INTEGER) WITHOUT ROWID; CREATE TABLE bare (v INTEGER, w TEXT); CREATE TABLE empty (id INTEGER PRIMARY KEY); \
         CREATE TABLE aside (id INTEGER PRIMARY KEY, v INTEGER); \
         {} INSERT INTO numbers SELECT 2 * i, 'row ' || i FROM c; {} INSERT INTO pairs SELECT 'p' || (i % 97), i, i / 8.0 FROM c; \
         {} INSERT INTO bytes SELECT CAST('k' || (i * 7919 % 100003) AS BLOB), i FROM c; {} INSERT INTO bare SELECT i % 1000, 'w' || (i % 10) FROM c; \
         {} INSERT INTO aside SELECT i, CASE WHEN i % 50 = 0 THEN 'text ' || i ELSE i END FROM c;",
        count(rows[0].max(2 * CHUNK)),
        count(rows[1]),
        count(rows[2]),
        count(rows[3]),
        count(rows[4]),
    ));
    scene.migrated(&["--values", "column:aside.v/text=quarantine"]);
    scene
}

/// One change to the target.
fn random_damage(random: &mut Random) -> String {
    let border = 2 * CHUNK * (1 + random.below(3));
    let id = 2 * (1 + random.below(4 * CHUNK));
    match random.below(16) {
        0 => format!("UPDATE numbers SET v = v || '!' WHERE id = {border}"),
        1 => format!("DELETE FROM numbers WHERE id IN ({border}, {id})"),
        2 => format!("INSERT INTO numbers VALUES ({}, 'between')", border + 1),
        3 => "INSERT INTO numbers VALUES (-9223372036854775808, 'first'), (0, 'before'), (9223372036854775807, 'last')".to_owned(),
        4 => format!("DELETE FROM numbers WHERE id <= {id}"),
        5 => format!("DELETE FROM numbers WHERE id >= {id}"),
        6 => "TRUNCATE numbers".to_owned(),
        7 => "INSERT INTO pairs VALUES ('', 0, 1.5), ('zz', 1, NULL), ('p10', -1, 2), (E'\u{10ffff}', 3, 3)".to_owned(),
        8 => format!("DELETE FROM pairs WHERE b % 7 = 3 AND b > {id}"),
        9 => "UPDATE pairs SET v = v + 1 WHERE a IN ('p1', 'p9') AND b % 11 = 0".to_owned(),
        10 => "INSERT INTO bytes VALUES ('', 1), ('\\xff', 2)".to_owned(),
        11 => format!("DELETE FROM bare WHERE v = {}; INSERT INTO bare VALUES (-1, 'new')", id % 1000),
        12 => "INSERT INTO empty VALUES (1)".to_owned(),
        13 => format!("UPDATE aside SET v = 7 WHERE id % 100 = {}", id % 100),
        14 => "DELETE FROM _outgrow.quarantine WHERE ctid IN (SELECT ctid FROM _outgrow.quarantine LIMIT 2)".to_owned(),
        // A key that may be NULL: such a row lies in no range of keys.
        _ => "ALTER TABLE numbers ALTER id DROP IDENTITY; ALTER TABLE numbers DROP CONSTRAINT numbers_pkey; ALTER TABLE numbers ALTER id DROP NOT NULL; INSERT INTO numbers VALUES (NULL, 'nowhere')".to_owned(),
    }
}

async fn over(
    targets: &[&Target],
    spread: Spread,
    job: &(Uuid, Arc<Job>),
    known: Option<Vec<TableDigest>>,
) -> Verified {
    let progress = Arc::new(Progress::new(Show::Nothing));
    snapshot::begin(targets).await.unwrap();
    let verified = verify_spread(targets, &job.1, job.0, known, &progress, spread)
        .await
        .unwrap();
    snapshot::end(targets).await.unwrap();
    verified
}

/// Roots, quarantine, and differences in their order, whatever the target holds.
fn any_number_of_sessions_gives_the_same_result(seed: u64) {
    let mut random = Random(seed);
    let scene = random_scene(&mut random);
    let conninfo = conninfo(&scene);
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let sessions = connect_many(&conninfo, 4).await.unwrap();
        let targets: Vec<&Target> = sessions.iter().collect();
        let job = job(&scene, targets[0]).await;
        let mut damages = Vec::new();
        for round in 0..5 {
            // One session with the source at hand reads every table in one piece.
            let alone = over(&targets[..1], Spread::default(), &job, Some(known(&job.1))).await;
            assert_eq!(alone.is_equal(), round == 0, "seed {seed}, {damages:?}");
            for known in [None, Some(known(&job.1))] {
                let spread = Spread {
                    parts_per_session: 1 + usize::try_from(random.below(9)).unwrap(),
                    chunks_min: 1 + usize::try_from(random.below(2)).unwrap(),
                };
                let count = 1 + usize::try_from(random.below(4)).unwrap();
                let what = format!(
                    "seed {seed}, {count} sessions, {spread:?}, known {}, {damages:?}",
                    known.is_some()
                );
                let together = over(&targets[..count], spread, &job, known).await;
                assert_eq!(together, alone, "{what}");
            }
            // A damage that finds no row is none; the extra row makes every round after the first DIFFERENT.
            let damage = random_damage(&mut random);
            tokio::task::block_in_place(|| {
                let _ = postgres::run(&scene.database.url(), &damage);
                scene.database.execute("INSERT INTO bare VALUES (-5, 'extra')");
            });
            damages.push(damage);
        }
        for target in sessions {
            target.close().await;
        }
    });
}

#[test]
fn any_number_of_sessions_gives_the_same_result_as_one() {
    // A fixed seed for the cases that everybody sees, and one that nobody has seen.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for seed in [1, 2, u64::try_from(now.as_micros()).unwrap()] {
        any_number_of_sessions_gives_the_same_result(seed);
    }
}

/// More rows than two parts of a table hold, so that three sessions share it.
const MANY: i64 = 34 * CHUNK;

#[test]
fn three_sessions_name_a_row_at_every_border() {
    let scene = Scene::script(&format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); CREATE TABLE u (id INTEGER PRIMARY KEY); \
         WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {MANY}) INSERT INTO t SELECT 2 * i, i FROM c"
    ));
    scene.migrated(&[]);
    scene.verify(&["--jobs", "3"]).exits(0);
    let border = 2 * 16 * CHUNK;
    let cases = [
        (
            format!("UPDATE t SET v = -1 WHERE id = {border}"),
            "changed",
            border,
        ),
        (
            format!("UPDATE t SET v = -1 WHERE id = {}", border + 2),
            "changed",
            border + 2,
        ),
        (
            format!("DELETE FROM t WHERE id = {}", 2 * border),
            "missing",
            2 * border,
        ),
        (
            format!("INSERT INTO t VALUES ({}, 0)", border + 1),
            "extra",
            border + 1,
        ),
        ("INSERT INTO t VALUES (-5, 0)".to_owned(), "extra", -5),
        (
            format!("INSERT INTO t VALUES ({}, 0)", 2 * MANY + 1),
            "extra",
            2 * MANY + 1,
        ),
        ("DELETE FROM t WHERE id = 2".to_owned(), "missing", 2),
        (
            format!("DELETE FROM t WHERE id = {}", 2 * MANY),
            "missing",
            2 * MANY,
        ),
    ];
    for (damage, kind, id) in cases {
        scene
            .database
            .execute(&format!("CREATE TABLE good AS TABLE t; {damage}"));
        let result = scene.verify(&["--json", "--jobs", "3"]).exits(6).result();
        let differences = &result["differences"];
        assert_eq!(differences["total"], 1, "{damage}: {differences}");
        let named = &differences["listed"][0];
        assert_eq!(
            (named["kind"].as_str(), named["key"].as_str()),
            (Some(kind), Some(format!("id = integer {id}").as_str())),
            "{damage}"
        );
        scene
            .database
            .execute("TRUNCATE t; INSERT INTO t TABLE good; DROP TABLE good");
    }
}

#[test]
fn a_row_whose_key_is_null_is_named() {
    let scene = Scene::script(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO a VALUES (1, 'x'); \
         CREATE TABLE b (p TEXT, q INTEGER, PRIMARY KEY (p, q)) WITHOUT ROWID; INSERT INTO b VALUES ('k', 1), ('l', 2)",
    );
    scene.migrated(&[]);
    scene.database.execute(
        "ALTER TABLE a ALTER id DROP IDENTITY; ALTER TABLE a DROP CONSTRAINT a_pkey; ALTER TABLE a ALTER id DROP NOT NULL; INSERT INTO a VALUES (NULL, 'y'); \
         ALTER TABLE b DROP CONSTRAINT b_pkey; ALTER TABLE b ALTER q DROP NOT NULL; INSERT INTO b VALUES ('k', NULL)",
    );
    for jobs in ["1", "2"] {
        let result = scene.verify(&["--json", "--jobs", jobs]).exits(6).result();
        let named: Vec<(&str, &str)> = result["differences"]["listed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| (d["kind"].as_str().unwrap(), d["key"].as_str().unwrap()))
            .collect();
        assert_eq!(
            named,
            [("extra", "id = NULL"), ("extra", "p = text 'k', q = NULL")]
        );
    }
}

#[test]
fn sessions_see_one_snapshot_whatever_is_committed_while_they_begin() {
    let scene = Scene::script("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    scene
        .database
        .execute("CREATE TABLE n (v bigint); INSERT INTO n VALUES (0)");
    let writing = AtomicBool::new(true);
    let url = scene.database.url();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let session = postgres::Session::open(&url);
            while writing.load(Ordering::Relaxed) {
                let _ = session.rows("UPDATE n SET v = v + 1");
            }
        });
        Runtime::new().unwrap().block_on(async {
            let sessions = connect_many(&conninfo(&scene), 4).await.unwrap();
            let targets: Vec<&Target> = sessions.iter().collect();
            let mut seen_before = -1;
            for _ in 0..50 {
                snapshot::begin(&targets).await.unwrap();
                let mut seen = Vec::new();
                for target in &targets {
                    let row = target
                        .client()
                        .query_one("SELECT v FROM public.n", &[])
                        .await
                        .unwrap();
                    seen.push(row.get::<_, i64>(0));
                }
                assert!(seen.iter().all(|v| *v == seen[0]), "{seen:?}");
                assert!(seen[0] >= seen_before);
                seen_before = seen[0];
                snapshot::end(&targets).await.unwrap();
            }
            assert!(seen_before > 0, "nothing was written meanwhile");
        });
        writing.store(false, Ordering::Relaxed);
    });
}

#[test]
fn a_role_with_one_connection_verifies_with_it_alone() {
    let scene =
        Scene::script("CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO a VALUES (1, 'x')");
    scene.migrated(&[]);
    let role = format!("lonely_{}", scene.database.name());
    scene.database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'reads-only' CONNECTION LIMIT 1; GRANT SELECT ON ALL TABLES IN SCHEMA public, _outgrow TO {role}; \
         GRANT USAGE ON SCHEMA _outgrow TO {role}"
    ));
    let url = scene.database.url();
    let (_, rest) = url.split_once('@').unwrap();
    let url = format!("postgresql://{role}:reads-only@{rest}");
    let source = scene.source.to_str().unwrap();
    let said = scene
        .run(&["verify", source, "--to", &url, "--jobs", "3"])
        .exits(0);
    assert!(said.stdout.starts_with("EQUAL"), "{}", said.stdout);
    assert!(
        said.stderr.contains("no connection left for 3 sessions"),
        "{}",
        said.stderr
    );
    scene
        .run(&["verify", source, "--to", &url, "--jobs", "0"])
        .exits(2);
    scene
        .database
        .execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn the_default_spread_is_that_of_the_command() {
    let scene = Scene::chinook();
    scene.migrated(&[]);
    Runtime::new().unwrap().block_on(async {
        let sessions = connect_many(&conninfo(&scene), 2).await.unwrap();
        let targets: Vec<&Target> = sessions.iter().collect();
        let (run, job) = job(&scene, targets[0]).await;
        let progress = Arc::new(Progress::new(Show::Nothing));
        let verified = verify(&targets, &job, run, None, &progress).await.unwrap();
        assert!(verified.is_equal(), "{:?}", verified.differences);
    });
}
