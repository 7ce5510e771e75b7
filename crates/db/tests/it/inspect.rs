//! Looking into the server, and care by hand.

use db::{
    inspect::{Inspector, catalog},
    maintain::{Care, Caretaker},
};
use sqlx::{Connection, Executor, PgConnection};
use testkit::TestDatabase;

async fn owner(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(&database.owner().url).await.unwrap()
}

/// `catalog.txt` is what the migrations make. Renewed by `make schema`.
#[tokio::test]
async fn the_schema_files_list_of_facts_is_in_step() {
    let database = TestDatabase::migrated().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../database/catalog.txt");
    let facts = catalog::print(&database.owner()).await.unwrap();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(file, &facts).unwrap();
        return;
    }
    let mut inspector = Inspector::connect(&database.owner(), None).await.unwrap();
    let faults = inspector.schema_faults().await.unwrap();
    assert!(
        faults.is_empty(),
        "database/catalog.txt is not what the migrations make: run `make schema`\n{faults:#?}"
    );
}

/// Each planted fault is found, and its remedy, where there is one, puts it right.
#[tokio::test]
async fn what_was_changed_by_hand_is_found_and_put_right() {
    let planted = [
        (
            "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
            "table public.users is",
            true,
        ),
        (
            "ALTER TABLE portal.jobs NO FORCE ROW LEVEL SECURITY",
            "table portal.jobs is",
            true,
        ),
        (
            "DROP INDEX portal.idx_jobs_ready",
            "index portal.idx_jobs_ready is missing",
            true,
        ),
        (
            "ALTER TABLE audit_logs DISABLE TRIGGER append_only",
            "trigger public.audit_logs.append_only is",
            true,
        ),
        (
            "GRANT DELETE ON audit_logs TO portal_tech",
            "grant DELETE on public.audit_logs to portal_tech should not",
            true,
        ),
        (
            "REVOKE SELECT ON system_settings FROM portal_worker",
            "grant SELECT on public.system_settings to portal_worker is missing",
            true,
        ),
        (
            "CREATE POLICY everybody ON users USING (true)",
            "policy public.users.everybody should not",
            true,
        ),
        (
            "ALTER TABLE users DROP COLUMN profile_picture_url",
            "column public.users.profile_picture_url is missing",
            false,
        ),
        (
            "ALTER TABLE doctor_reviews DROP CONSTRAINT doctor_reviews_ai_accuracy_rating_range",
            "constraint public.doctor_reviews.doctor_reviews_ai_accuracy_rating_range is missing",
            false,
        ),
    ];
    let database = TestDatabase::migrated().await;
    let mut connection = owner(&database).await;
    let mut inspector = Inspector::connect(&database.owner(), None).await.unwrap();
    let mut caretaker = Caretaker::connect(&database.owner()).await.unwrap();
    for (statement, sentence, can_be_mended) in planted {
        connection.execute(statement).await.unwrap();
        let faults = inspector.schema_faults().await.unwrap();
        let fault = faults
            .iter()
            .find(|fault| fault.sentence().starts_with(sentence))
            .unwrap_or_else(|| panic!("{statement} was not found: {faults:#?}"));
        match fault.remedy() {
            Some(remedy) => {
                assert!(can_be_mended, "{statement} has a remedy: {remedy}");
                caretaker.remedy(&remedy).await.unwrap();
                let left = inspector.schema_faults().await.unwrap();
                assert!(!left.contains(fault), "{remedy} does not mend {statement}");
            }
            None => assert!(!can_be_mended, "{statement} has no remedy"),
        }
    }
    // An index that the hospital added is its own affair.
    connection
        .execute("CREATE INDEX idx_of_the_hospital ON users (name)")
        .await
        .unwrap();
    assert!(
        !inspector
            .schema_faults()
            .await
            .unwrap()
            .iter()
            .any(|fault| fault.object.contains("hospital"))
    );
}

#[tokio::test]
async fn size_tables_connections_bloat_and_facts_are_told() {
    let database = TestDatabase::migrated().await;
    let mut connection = owner(&database).await;
    connection
        .execute("INSERT INTO portal.events (kind, role) SELECT 'queue_changed', 'doctor' FROM generate_series(1, 5000); \
                  DELETE FROM portal.events WHERE event_id % 5 <> 0")
        .await
        .unwrap();
    let mut caretaker = Caretaker::connect(&database.owner()).await.unwrap();
    assert!(
        caretaker
            .tables()
            .await
            .unwrap()
            .contains(&"portal.events".to_owned())
    );
    caretaker.care(Care::Vacuum, "portal.events").await.unwrap();
    let mut inspector = Inspector::connect(&database.owner(), None).await.unwrap();
    let size = inspector.size().await.unwrap();
    assert_eq!(size.database, database.name());
    assert!(size.database_bytes > 1_000_000 && size.wal_bytes.unwrap() > 0);
    assert!(size.largest.iter().any(|table| table.table == "events"));
    let bloat = inspector.bloat().await.unwrap();
    let events = bloat.iter().find(|row| row.name == "events").unwrap();
    assert!(
        events.wasted_bytes * 10 > events.bytes * 6 && events.wasted_bytes < events.bytes,
        "four fifths of the rows are gone: {events:?}"
    );
    caretaker
        .care(Care::ReindexConcurrently, "portal.events")
        .await
        .unwrap();
    caretaker.care(Care::Analyze, "public.users").await.unwrap();
    connection.execute("SELECT 'Mrs Secret'").await.unwrap();
    let connections = inspector.connections().await.unwrap();
    assert!(connections.open >= 2 && connections.maximum == 300);
    assert!(!format!("{connections:?}").contains("Secret"));
    let facts = inspector.server().await.unwrap();
    assert!(!facts.durable, "the tests' cluster has fsync off");
    assert_eq!(
        (facts.partitions_ahead, facts.rows_outside_partitions),
        (3, 0)
    );
    let partitions = caretaker.partitions().await.unwrap();
    assert_eq!(partitions.len(), 4);
    assert!(partitions[0].from.unwrap() < partitions[0].until.unwrap());
    assert_eq!(partitions[3].from, None);
    caretaker.make_partitions(5).await.unwrap();
    assert_eq!(caretaker.partitions().await.unwrap().len(), 7);
}

#[tokio::test]
async fn a_wait_for_a_lock_names_who_holds_it() {
    let database = TestDatabase::migrated().await;
    let mut holder = owner(&database).await;
    holder.execute("BEGIN; LOCK TABLE users").await.unwrap();
    let mut waiter = owner(&database).await;
    let waiting = tokio::spawn(async move {
        waiter
            .execute("SELECT count(*) FROM users")
            .await
            .map(|_| ())
    });
    let mut inspector = Inspector::connect(&database.owner(), None).await.unwrap();
    let wait = loop {
        if let Some(wait) = inspector.locks().await.unwrap().into_iter().next() {
            break wait;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(wait.relation.as_deref(), Some("users"));
    assert_eq!(wait.blocked_by.len(), 1);
    assert_eq!(wait.holder_state, "idle in transaction");
    holder.execute("ROLLBACK").await.unwrap();
    waiting.await.unwrap().unwrap();
    assert!(inspector.locks().await.unwrap().is_empty());
}

#[tokio::test]
async fn indexes_that_are_missing_broken_or_doubled_are_named() {
    let database = TestDatabase::migrated().await;
    let mut inspector = Inspector::connect(&database.owner(), None).await.unwrap();
    let indexes = inspector.indexes().await.unwrap();
    assert_eq!(indexes.missing, [], "every foreign key has an index");
    assert!(
        indexes
            .indexes
            .iter()
            .all(|index| index.valid && index.doubles.is_none())
    );
    let mut connection = owner(&database).await;
    connection
        .execute("DROP INDEX idx_ai_analysis_model_id; CREATE INDEX again ON users (role)")
        .await
        .unwrap();
    let indexes = inspector.indexes().await.unwrap();
    assert_eq!(indexes.missing.len(), 1);
    assert_eq!(indexes.missing[0].columns, "model_id");
    let again = indexes
        .indexes
        .iter()
        .find(|index| index.index == "again")
        .unwrap();
    assert_eq!(again.doubles.as_deref(), Some("idx_users_role"));
}

#[tokio::test]
async fn costly_statements_are_listed_or_it_is_said_how_to_have_them_counted() {
    let database = TestDatabase::migrated().await;
    let mut connection = owner(&database).await;
    let maintenance = db::DatabaseOptions::new(testkit::cluster().url("postgres", "postgres"));
    let mut inspector = Inspector::connect(&database.owner(), Some(&maintenance))
        .await
        .unwrap();
    for _ in 0..3 {
        connection
            .execute("SELECT count(*) FROM medical_reports WHERE patient_name = 'Mrs Secret'")
            .await
            .unwrap();
    }
    let slow = inspector.slow(50).await.unwrap();
    if slow.to_enable.is_some() {
        println!("skipped: this PostgreSQL has no pg_stat_statements");
        return;
    }
    let row = slow
        .statements
        .iter()
        .find(|row| row.statement.contains("patient_name"))
        .unwrap();
    assert_eq!(row.calls, 3);
    assert!(!format!("{slow:?}").contains("Secret"));
    let mut elsewhere = Inspector::connect(&database.owner(), None).await.unwrap();
    let told = elsewhere.slow(1).await.unwrap().to_enable.unwrap();
    assert_eq!(told, "CREATE EXTENSION pg_stat_statements;");
}
