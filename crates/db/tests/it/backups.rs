//! Backup runs: one portal of several makes the backup of a day, and who may see them.

use chrono::Duration;
use db::{
    Actor,
    backups::{self, RunEnd},
};
use domain::backup::BackupKind;
use testkit::TestApp;

#[tokio::test]
async fn one_of_several_portals_makes_the_backup_of_a_day() {
    let app = TestApp::start().await;
    let database = &app.database;
    let slot = database.clock().now() - Duration::minutes(5);
    let begin = || async {
        let mut tx = database.begin(&Actor::worker()).await.unwrap();
        let run = backups::begin_scheduled(&mut tx, slot, "name", "place")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        run
    };
    let (one, other) = tokio::join!(begin(), begin());
    assert_eq!(
        u8::from(one.is_some()) + u8::from(other.is_some()),
        1,
        "two portals at once"
    );
    let run = one.or(other).unwrap();

    let mut tx = database.begin(&Actor::worker()).await.unwrap();
    let end = RunEnd::Failed {
        error: "the disk is full",
    };
    backups::finish(&mut tx, run, &end).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(begin().await, None, "not again at once");
    app.clock.advance(Duration::minutes(61));
    let run = begin().await.expect("again after an hour");

    let mut tx = database.begin(&Actor::worker()).await.unwrap();
    assert_eq!(backups::abandon_running(&mut tx).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let again = begin()
        .await
        .expect("one that was cut off is made again at once");
    assert_ne!(again, run);

    let mut tx = database.begin(&Actor::worker()).await.unwrap();
    assert_eq!(backups::latest_finished(&mut tx).await.unwrap(), None);
    let end = RunEnd::Succeeded { bytes: 7, blobs: 3 };
    backups::finish(&mut tx, again, &end).await.unwrap();
    let checked = backups::begin(&mut tx, BackupKind::Verification, "name", "place")
        .await
        .unwrap();
    let end = RunEnd::Succeeded { bytes: 9, blobs: 3 };
    backups::finish(&mut tx, checked, &end).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(begin().await, None, "it is made");

    let mut tx = database.begin(&Actor::command_line()).await.unwrap();
    let made = backups::latest_finished(&mut tx).await.unwrap().unwrap();
    assert_eq!((made.id, made.bytes, made.blobs), (again, Some(7), Some(3)));
    let verified = backups::latest_verified(&mut tx).await.unwrap().unwrap();
    assert_eq!((verified.id, verified.bytes), (checked, Some(9)));
    assert_eq!(backups::recent(&mut tx, 2).await.unwrap().len(), 2);
    drop(tx);
    let mut tx = database
        .begin(&Actor::anonymous(db::Origin::default()))
        .await
        .unwrap();
    assert!(backups::latest_finished(&mut tx).await.is_err());
}
