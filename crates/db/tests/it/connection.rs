//! The door to the database fails closed.

use std::{sync::Arc, time::Duration};

use db::{Actor, Database, Origin};
use domain::{Role, SystemClock, UserId};
use sqlx::{Connection, PgConnection};
use testkit::TestDatabase;

#[tokio::test]
async fn the_login_role_alone_sees_nothing() {
    let database = TestDatabase::migrated().await;
    let mut connection = PgConnection::connect(&database.login().url).await.unwrap();
    for table in ["users", "medical_reports", "audit_logs", "portal.jobs"] {
        let sql = format!("SELECT 1 FROM {table}");
        let error = sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .expect_err(table);
        assert_eq!(
            error.as_database_error().unwrap().code().unwrap(),
            "42501",
            "{table}: {error}"
        );
    }
}

/// Even where the address is an administrator's, the pool acts as the login role.
#[tokio::test]
async fn an_administrators_address_gives_no_more_rights() {
    let database = TestDatabase::migrated().await;
    db::migrations::seed(&database.owner()).await.unwrap();
    let admin = Database::connect(&database.owner(), Arc::new(SystemClock))
        .await
        .unwrap();
    let stranger = UserId::from(uuid::Uuid::from_u128(1));
    let mut tx = admin
        .begin(&Actor::user(stranger, Role::Patient, Origin::default()))
        .await
        .unwrap();
    let page = db::reports::list(
        &mut tx,
        &db::reports::ReportFilter::default(),
        db::reports::Order::NewestFirst,
        None,
        10,
    )
    .await
    .unwrap();
    assert!(
        page.items.is_empty(),
        "a stranger sees {} reports",
        page.items.len()
    );
}

/// launchbadge/sqlx#4393: a `begin` that is cancelled must not hand its transaction, and with it the
/// actor's role, to the next borrower.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_begin_leaks_no_role_to_the_next_borrower() {
    let test = TestDatabase::migrated().await;
    db::migrations::seed(&test.owner()).await.unwrap();
    let mut options = test.login();
    options.maximum_connections = 1;
    let database = Database::connect(&options, Arc::new(SystemClock))
        .await
        .unwrap();
    let doctor = Actor::user(
        "01900000-0000-7000-8000-000000000003".parse().unwrap(),
        Role::Doctor,
        Origin::default(),
    );
    let stranger = Actor::user(
        UserId::from(uuid::Uuid::from_u128(1)),
        Role::Patient,
        Origin::default(),
    );
    let mut cancelled = 0;
    for attempt in 0..400u64 {
        let mut begin = Box::pin(database.begin(&doctor));
        let mut is_open = false;
        for _ in 0..attempt % 30 {
            is_open = futures::poll!(begin.as_mut()).is_ready();
            if is_open {
                break;
            }
            std::thread::sleep(Duration::from_micros(20));
        }
        drop(begin);
        cancelled += u32::from(!is_open);
        let mut tx = database.begin(&stranger).await.unwrap();
        let page = db::reports::list(
            &mut tx,
            &db::reports::ReportFilter::default(),
            db::reports::Order::NewestFirst,
            None,
            10,
        )
        .await
        .unwrap();
        assert!(
            page.items.is_empty(),
            "attempt {attempt}: another user's rows"
        );
    }
    assert!(
        cancelled > 20,
        "only {cancelled} begins were cancelled; the test tests nothing"
    );
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    let test = TestDatabase::migrated().await;
    let database = Database::connect(&test.login(), Arc::new(SystemClock))
        .await
        .unwrap();
    let mut tx = database.begin(&Actor::worker()).await.unwrap();
    db::jobs::enqueue(&mut tx, db::jobs::Work::new("test"))
        .await
        .unwrap();
    drop(tx);
    let mut tx = database.begin(&Actor::worker()).await.unwrap();
    assert!(db::jobs::counts(&mut tx).await.unwrap().is_empty());
}
