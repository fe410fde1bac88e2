//! What became of a transaction whose answer was lost.

use outgrow_migrator::existing::outcome::{CommitOutcome, current, of};

use crate::ids::begun;
use crate::scene::{Scene, run};

#[tokio::test]
async fn the_fate_of_a_transaction_is_known_in_another_session() {
    let scene = Scene::new("", "CREATE TABLE t (a int)").await;
    let again = scene.target().await;
    for (end, expected) in [
        ("COMMIT", CommitOutcome::Committed),
        ("ROLLBACK", CommitOutcome::Aborted),
    ] {
        let target = begun(&scene).await;
        let transaction = current(&target).await.unwrap();
        assert_eq!(of(&again, &transaction).await.unwrap(), CommitOutcome::InProgress);
        target.client().batch_execute(end).await.unwrap();
        assert_eq!(of(&again, &transaction).await.unwrap(), expected);
    }
    let target = begun(&scene).await;
    let transaction = current(&target).await.unwrap();
    let pid = target.facts().backend_pid;
    run(
        &scene.admin().await,
        &format!("SELECT pg_terminate_backend({pid}, 10000)"),
    )
    .await;
    assert_eq!(of(&again, &transaction).await.unwrap(), CommitOutcome::Aborted);
}
