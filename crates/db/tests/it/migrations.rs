//! Migrations, `schema.sql`, the development data.

use db::migrations;
use testkit::{TestDatabase, cluster};

#[tokio::test]
async fn migrating_twice_and_at_once_finds_nothing_to_do() {
    let database = TestDatabase::empty().await;
    let options = database.owner();
    assert!(
        migrations::status(&options)
            .await
            .unwrap()
            .iter()
            .all(|state| !state.applied)
    );
    let (a, b) = tokio::join!(migrations::migrate(&options), migrations::migrate(&options));
    a.unwrap();
    b.unwrap();
    migrations::migrate(&options).await.unwrap();
    let states = migrations::status(&options).await.unwrap();
    assert!(
        states.len() >= 9 && states.iter().all(|state| state.applied && state.unchanged),
        "{states:?}"
    );
}

#[tokio::test]
async fn reset_leaves_an_empty_portal() {
    let database = TestDatabase::migrated().await;
    migrations::seed(&database.owner()).await.unwrap();
    migrations::reset(&database.owner()).await.unwrap();
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&mut database.superuser().await)
        .await
        .unwrap();
    assert_eq!(users, 0);
}

#[tokio::test]
async fn the_development_data_loads_twice_and_fills_every_state() {
    let database = TestDatabase::migrated().await;
    migrations::seed(&database.owner()).await.unwrap();
    migrations::seed(&database.owner()).await.unwrap();
    let counts: Vec<(String, i64)> = sqlx::query_as(
        "SELECT status, count(*) FROM medical_reports GROUP BY status ORDER BY status",
    )
    .fetch_all(&mut database.superuser().await)
    .await
    .unwrap();
    assert_eq!(
        counts,
        [("analyzed".to_owned(), 20), ("reviewed".to_owned(), 4)]
    );
}

/// `schema.sql` is what the migrations make, and loads with plain psql.
#[tokio::test]
async fn the_schema_file_is_in_step_and_loads_into_an_empty_database() {
    let programs = cluster().binaries().directory().to_owned();
    if !programs.join("pg_dump").exists() {
        println!("skipped: this installation of PostgreSQL has no pg_dump");
        return;
    }
    let migrated = TestDatabase::migrated().await;
    let dumped = migrations::dump_schema(&migrated.owner(), Some(&programs))
        .await
        .unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../database/schema.sql");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(file, &dumped).unwrap();
    }
    // Other major versions of pg_dump write some lines differently; there the next step must do.
    if cluster().server_version().major == 15 {
        let committed = std::fs::read_to_string(file).unwrap();
        assert!(
            dumped == committed,
            "database/schema.sql is not what the migrations make: run `make schema`"
        );
    }
    let empty = TestDatabase::empty().await;
    let output = std::process::Command::new(programs.join("psql"))
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &empty.owner().url,
            "-f",
            file,
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let states = migrations::status(&empty.owner()).await.unwrap();
    assert!(
        states.iter().all(|state| state.applied && state.unchanged),
        "{states:?}"
    );
    migrations::migrate(&empty.owner()).await.unwrap();
    let loaded = migrations::dump_schema(&empty.owner(), Some(&programs))
        .await
        .unwrap();
    assert!(
        loaded == dumped,
        "a database loaded from schema.sql is not the one that the migrations make"
    );
}
