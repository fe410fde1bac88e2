//! The session's settings as the server reports them, over a role that is set up against them.

use outgrow_migrator::target::{SETTINGS, resolve};

use crate::servers::PRIMARY;
use crate::{as_app, connected, environment};

#[tokio::test]
async fn every_setting_holds_whatever_the_role_is_set_to() {
    let to = format!(
        "host=127.0.0.1 port={} user=odd password=odd dbname=app",
        PRIMARY.port
    );
    let target = connected(&resolve(Some(&to), &environment(&[])).unwrap()).await;
    assert!(!target.facts().standard_conforming_strings);
    for setting in SETTINGS {
        let sql = "SELECT setting FROM pg_catalog.pg_settings WHERE lower(name) = lower($1)";
        // A parameter of a newer server is not there.
        let Some(_) = target.client().query_opt(sql, &[&setting.name]).await.unwrap() else {
            continue;
        };
        let row = target
            .client()
            .query_one("SELECT current_setting($1)", &[&setting.name])
            .await
            .unwrap();
        assert_eq!(row.get::<_, &str>(0), setting.value, "{}", setting.name);
    }
}

#[tokio::test]
async fn large_values_are_compressed_with_lz4_where_the_server_has_it() {
    let target = connected(&as_app("")).await;
    let row = target
        .client()
        .query_one("SELECT current_setting('default_toast_compression')", &[])
        .await
        .unwrap();
    let expected = if target.facts().has_lz4 { "lz4" } else { "pglz" };
    assert_eq!(row.get::<_, &str>(0), expected);
}

#[tokio::test]
async fn an_unqualified_name_does_not_resolve_to_a_table_of_the_schema_public() {
    let target = connected(&as_app("")).await;
    target
        .client()
        .batch_execute("CREATE TABLE public.probe (a int)")
        .await
        .unwrap();
    assert!(target.client().query("SELECT * FROM probe", &[]).await.is_err());
    assert!(
        target
            .client()
            .query("SELECT * FROM public.probe", &[])
            .await
            .is_ok()
    );
}
