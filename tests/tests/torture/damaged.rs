//! A ledger that somebody changed by hand between two attempts: never a false EQUAL. It is gone on with, or refused
//! with the way on; and a restart drops what the run made and nothing else.

use outgrow_e2e::postgres;

use super::attempt::Ground;
use super::servers::Field;

const ROWS: u32 = 9_000;

/// What is done to the ledger or to the tables behind its back.
const DAMAGES: [(&str, &str); 16] = [
    (
        "a chunk forgotten",
        "DELETE FROM _outgrow.chunk WHERE table_name = 'big' AND chunk = 1",
    ),
    ("all chunks forgotten", "DELETE FROM _outgrow.chunk"),
    (
        "chunks of a keyless table forgotten",
        "DELETE FROM _outgrow.chunk WHERE table_name = 'log' AND chunk = 1",
    ),
    (
        "a small table's chunk forgotten",
        "DELETE FROM _outgrow.chunk WHERE table_name = 'small_11'",
    ),
    (
        "a digest changed",
        "UPDATE _outgrow.chunk SET digest = sha256('x') WHERE table_name = 'big' AND chunk = 0",
    ),
    (
        "a digest cut",
        "UPDATE _outgrow.chunk SET digest = '\\x00' WHERE table_name = 'pairs'",
    ),
    (
        "rows miscounted",
        "UPDATE _outgrow.chunk SET rows = rows + 1 WHERE table_name = 'words' AND chunk = 0",
    ),
    (
        "rows negative",
        "UPDATE _outgrow.chunk SET rows = -1 WHERE table_name = 'words'",
    ),
    (
        "a bound changed",
        "UPDATE _outgrow.chunk SET until_key = '[77]' WHERE table_name = 'big' AND chunk = 0",
    ),
    (
        "a bound that is none",
        "UPDATE _outgrow.chunk SET until_key = 'x' WHERE table_name = 'big' AND chunk = 0",
    ),
    (
        "a bound of another kind",
        "UPDATE _outgrow.chunk SET until_key = '[\"a\", 1]' WHERE table_name = 'big' AND chunk = 0",
    ),
    (
        "a step forgotten",
        "DELETE FROM _outgrow.step WHERE step LIKE 'index:%'",
    ),
    (
        "tables' steps forgotten",
        "DELETE FROM _outgrow.step WHERE step = 'table:big'",
    ),
    (
        "a step that was never made",
        "UPDATE _outgrow.step SET sql_sha256 = 'x' WHERE step LIKE 'foreign-key:%'",
    ),
    ("an epoch moved on", "UPDATE _outgrow.run SET epoch = epoch + 7"),
    ("a plan that is none", "UPDATE _outgrow.run SET plan = '{}'"),
];

/// What is done to the tables themselves.
const LOSSES: [(&str, &str); 6] = [
    ("rows deleted", "DELETE FROM public.child WHERE id = 20"),
    (
        "a row changed",
        "UPDATE public.pairs SET n = n + 1 WHERE b = 'step 40'",
    ),
    ("a row added", "INSERT INTO public.log VALUES ('x', 'y', 1)"),
    ("the quarantine emptied", "DELETE FROM _outgrow.quarantine"),
    ("a table emptied", "TRUNCATE public.words CASCADE"),
    ("an index dropped", "DROP INDEX public.big_n"),
];

/// A run that is nearly done, in a database that others are copied from.
fn template(field: &mut Field) -> (Ground, String) {
    let ground = field.ground(ROWS, true);
    let said = ground.attempt(&["--retry-for", "0s"], "proved=return(error)");
    assert_eq!(said.code, Some(7), "{said:?}");
    let name = ground.url.rsplit('/').next().unwrap().to_owned();
    (ground, name)
}

/// Goes on after damage. Codes other than 0 name the way on, which then works.
fn goes_on_or_says_how(ground: &Ground, damage: &str) -> &'static str {
    let said = ground.attempt(&["--retry-for", "0s"], "");
    if said.code == Some(0) {
        ground.assert_equal();
        return "gone on with";
    }
    let code = said.code.unwrap();
    assert!([4, 5, 6].contains(&code), "{damage}: {said:?}");
    assert!(
        said.stderr.contains("--restart"),
        "{damage} does not tell the way on: {said:?}"
    );
    let anew = ground.attempt(&["--retry-for", "0s", "--restart"], "");
    if anew.code == Some(4) {
        // A table that no step names is its owner's to drop.
        postgres::execute(&ground.url, "DROP TABLE public.big CASCADE");
        ground.finish();
        return "refused, then anew after a table was dropped by hand";
    }
    assert_eq!(anew.code, Some(0), "{damage}: {said:?}, then {anew:?}");
    ground.assert_equal();
    "refused, then anew"
}

#[test]
fn a_damaged_ledger_is_gone_on_with_or_begun_anew_and_never_equal_by_mistake() {
    let mut field = Field::with(&[]);
    let (mut ground, template) = template(&mut field);
    for (damage, sql) in DAMAGES.into_iter().chain(LOSSES) {
        // The run is the same in each, and so is the name of its certificate.
        let folder = tempfile::tempdir().unwrap();
        ground.folder = folder.path().to_owned();
        ground.url = field.database(&template);
        postgres::execute(&ground.url, sql);
        let outcome = goes_on_or_says_how(&ground, damage);
        println!("damage: {damage}: {outcome}");
    }
}

#[test]
fn a_run_that_is_forgotten_leaves_tables_that_are_nobodys_to_drop() {
    let mut field = Field::with(&[]);
    let (ground, _) = template(&mut field);
    postgres::execute(&ground.url, "DELETE FROM _outgrow.run");
    for options in [&["--retry-for", "0s"][..], &["--retry-for", "0s", "--restart"]] {
        let said = ground.attempt(options, "");
        assert_eq!(said.code, Some(4), "{said:?}");
        assert!(said.stderr.contains("Nothing was written"), "{said:?}");
    }
    assert_ne!(ground.ask("SELECT count(*) FROM public.big"), "0");
}

#[test]
fn a_restart_drops_what_the_run_made_and_nothing_else() {
    let mut field = Field::with(&[]);
    let (ground, _) = template(&mut field);
    let others = "CREATE TABLE public.mine (id int); INSERT INTO public.mine VALUES (1); \
        CREATE SEQUENCE public.my_ids; CREATE TYPE public.my_type AS ENUM ('a'); \
        DROP VIEW public.numbered; CREATE VIEW public.numbered AS SELECT 1 AS mine";
    postgres::execute(&ground.url, others);
    let refused = ground.attempt(&["--retry-for", "0s", "--restart"], "");
    // The view has the name of one of the plan's and is somebody's now.
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("numbered"), "{refused:?}");
    postgres::execute(&ground.url, "DROP VIEW public.numbered");
    ground.finish();
    let left = "SELECT count(*) FROM pg_class WHERE relname IN ('mine', 'my_ids') AND relnamespace = 'public'::regnamespace";
    assert_eq!(ground.ask(left), "2");
    assert_eq!(ground.ask("SELECT count(*) FROM public.mine"), "1");
}

#[test]
fn a_restart_is_refused_where_somebody_elses_object_hangs_on_a_table() {
    let mut field = Field::with(&[]);
    let (ground, _) = template(&mut field);
    let mine = "CREATE SCHEMA mine; CREATE VIEW mine.of_big AS SELECT id FROM public.big";
    postgres::execute(&ground.url, mine);
    let said = ground.attempt(&["--retry-for", "0s", "--restart"], "");
    assert!([Some(4), Some(5)].contains(&said.code), "{said:?}");
    for words in ["mine.of_big", "if they are yours to drop", "--restart"] {
        assert!(said.stderr.contains(words), "{words}: {said:?}");
    }
    assert!(!said.stderr.contains("CASCADE"), "{said:?}");
    assert_ne!(ground.ask("SELECT count(*) FROM public.big"), "0");
    postgres::execute(&ground.url, "DROP SCHEMA mine CASCADE");
    let anew = ground.attempt(&["--retry-for", "0s", "--restart"], "");
    assert_eq!(anew.code, Some(0), "{anew:?}");
    ground.assert_equal();
}
