//! Putting a restored database in the place of another.

use db::{DatabaseOptions, recovery};
use testkit::TestDatabase;

#[tokio::test]
async fn two_restores_within_one_second_keep_both_databases_that_were_there() {
    let target = TestDatabase::empty().await;
    let maintenance = DatabaseOptions::new(testkit::cluster().url("postgres", "postgres"));
    let beside = recovery::derived_name(target.name(), "_restoring");
    let wanted = recovery::derived_name(target.name(), "_before_now");
    let mut kept = Vec::new();
    for _ in 0..2 {
        recovery::create_anew(&maintenance, &beside).await.unwrap();
        kept.push(
            recovery::put_in_place(&maintenance, &beside, target.name(), &wanted)
                .await
                .unwrap(),
        );
    }
    assert_eq!(kept, [Some(wanted.clone()), Some(format!("{wanted}_2"))]);
}
