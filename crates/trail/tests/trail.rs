//! A trail is sealed while it is written, late rows are sealed later, and whatever a superuser does to it is found
//! and named, in the database and in an export.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use db::{Actor, Database, audit::Act};
use domain::{
    FixedClock,
    audit::{AuditAction, EntityType},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testkit::TestDatabase;
use trail::{
    Extent, Fault, Newest, PublicKeys, Report, Sealed, SigningKeys, seal, verify, verify_file,
};
use uuid::Uuid;

struct Scene {
    test_database: TestDatabase,
    database: Database,
    clock: FixedClock,
    keys: SigningKeys,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let test_database = TestDatabase::migrated().await;
        let clock = FixedClock::new(DateTime::from_timestamp(1_795_000_000, 0).unwrap());
        let database = Database::connect(&test_database.login(), Arc::new(clock.clone()))
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            test_database,
            database,
            clock,
            keys: SigningKeys::in_folder(folder.path().join("keys")),
            folder,
        }
    }

    /// Acts, one a second.
    async fn act(&self, count: u32) {
        for number in 0..count {
            self.clock.advance(Duration::seconds(1));
            let mut tx = self.database.begin(&Actor::worker()).await.unwrap();
            let act = Act::new(AuditAction::ReadReport, EntityType::Report)
                .on(Uuid::from_u128(u128::from(number)))
                .new_values(
                    serde_json::json!({ "number": number, "a": 1.50, "text": "ä\"\u{1f600}" }),
                );
            tx.audit(act).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn seal(&self) -> Sealed {
        seal(&self.database, &self.keys).await.unwrap()
    }

    fn public(&self) -> PublicKeys {
        PublicKeys::load(&self.keys.public_path()).unwrap()
    }

    async fn verify(&self) -> Report {
        verify(&self.database, &self.public(), Extent::Whole, None)
            .await
            .unwrap()
    }

    /// As a superuser whom no trigger stops.
    async fn tamper(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.test_database.owner().url)
            .await
            .unwrap();
        connection
            .execute("SET session_replication_role = replica")
            .await
            .unwrap();
        let done = connection
            .execute(AssertSqlSafe(statement.to_owned()))
            .await
            .unwrap();
        assert!(done.rows_affected() > 0, "{statement}");
    }

    async fn ids(&self) -> Vec<(Uuid, DateTime<Utc>)> {
        let mut connection = PgConnection::connect(&self.test_database.owner().url)
            .await
            .unwrap();
        sqlx::query_as("SELECT log_id, created_at FROM audit_logs ORDER BY created_at, log_id")
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    /// Rows of the next seal. What may be sealed depends on the transactions of the whole cluster, which
    /// other tests use too, so that a late row is waited for.
    async fn sealed_soon(&self) -> u64 {
        for _ in 0..600 {
            let rows = self.seal().await.rows;
            if rows > 0 {
                return rows;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        0
    }

    async fn export(&self) -> String {
        let mut bytes = Vec::new();
        trail::export(
            &self.database,
            &Actor::command_line(),
            (None, None),
            &mut bytes,
        )
        .await
        .unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn prove(&self, text: &str) -> Result<trail::FileProof, trail::TrailError> {
        let path = self.folder.path().join("export.jsonl");
        std::fs::write(&path, text).unwrap();
        verify_file(&path, &self.public())
    }
}

const ROWS: u32 = 30;

/// A scene with three seals, all settled.
async fn sealed() -> Scene {
    let scene = Scene::new().await;
    for _ in 0..3 {
        scene.act(ROWS / 3).await;
        let sealed = scene.seal().await;
        assert_eq!((sealed.seals, sealed.rows), (1, u64::from(ROWS / 3)));
        scene.clock.advance(Duration::hours(2));
    }
    scene
}

#[tokio::test]
async fn a_trail_is_sealed_as_it_grows_and_late_rows_later() {
    let scene = sealed().await;
    assert_eq!(scene.seal().await, Sealed::default(), "nothing new");
    let report = scene.verify().await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(
        (report.seals, report.rows, report.waiting),
        (3, u64::from(ROWS), 0)
    );

    // An act that takes hours, while others are sealed and time goes on.
    let mut late = scene.database.begin(&Actor::worker()).await.unwrap();
    late.audit(Act::new(AuditAction::CreateBackup, EntityType::Backup))
        .await
        .unwrap();
    for _ in 0..3 {
        scene.clock.advance(Duration::hours(2));
        scene.act(1).await;
        assert_eq!(scene.sealed_soon().await, 1);
    }
    late.commit().await.unwrap();
    let report = scene.verify().await;
    assert!(report.is_sound(), "a late row is no fault: {report:?}");
    assert_eq!(report.waiting, 1);
    assert_eq!(scene.sealed_soon().await, 1, "it is sealed late");
    let report = scene.verify().await;
    assert!(report.is_sound() && report.waiting == 0, "{report:?}");

    // One that began before a seal and writes its row after it.
    let mut reading = scene.database.begin(&Actor::worker()).await.unwrap();
    scene.clock.advance(Duration::minutes(30));
    scene.act(1).await;
    scene.seal().await;
    reading
        .audit(Act::new(AuditAction::ReadQueue, EntityType::Queue))
        .await
        .unwrap();
    reading.commit().await.unwrap();
    assert_eq!(scene.sealed_soon().await, 1);
    assert!(scene.verify().await.is_sound());

    // The command's recent look.
    let since = Extent::Since(DateTime::from_timestamp(1_795_000_000 + 7200, 0).unwrap());
    let report = verify(&scene.database, &scene.public(), since, None)
        .await
        .unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert!(
        report.rows < u64::from(ROWS) && report.rows > 5,
        "{report:?}"
    );
}

#[tokio::test]
async fn what_a_superuser_does_to_the_trail_is_found_and_named() {
    let scene = sealed().await;
    let ids = scene.ids().await;
    let (tenth, at) = ids[10];
    let (eleventh, _) = ids[11];
    let named = |report: &Report| match &report.faults[0] {
        Fault::Altered { log_id, .. } => ("altered", *log_id),
        Fault::Missing { log_id, .. } => ("missing", *log_id),
        Fault::Moved { log_id, .. } => ("moved", *log_id),
        Fault::PutIn { log_id, .. } => ("put in", *log_id),
        other @ Fault::Seal { .. } => panic!("{other}"),
    };
    // Each column by itself.
    for change in [
        "user_role = 'doctor'",
        "user_role = NULL",
        "action = 'sign_in'",
        "entity_type = 'user'",
        "entity_id = NULL",
        "ip_address = '10.0.0.1'",
        "user_agent = ''",
        "old_values = '{}'",
        "new_values = new_values || '{\"number\": 99}'",
        "new_values = NULL",
        "status = 'denied'",
        "error_message = 'none'",
        "user_id = gen_random_uuid()",
    ] {
        scene
            .tamper(&format!(
                "CREATE TABLE kept AS SELECT * FROM audit_logs WHERE log_id = '{tenth}'"
            ))
            .await;
        scene
            .tamper(&format!(
                "UPDATE audit_logs SET {change} WHERE log_id = '{tenth}'"
            ))
            .await;
        let report = scene.verify().await;
        assert_eq!(
            (named(&report), report.fault_count),
            (("altered", tenth), 1),
            "{change}"
        );
        scene
            .tamper(&format!("DELETE FROM audit_logs WHERE log_id = '{tenth}'"))
            .await;
        let report = scene.verify().await;
        assert_eq!(
            (named(&report), report.fault_count),
            (("missing", tenth), 1)
        );
        scene
            .tamper("INSERT INTO audit_logs SELECT * FROM kept")
            .await;
        assert!(scene.verify().await.is_sound());
        drop_table(&scene).await;
    }
    // Reordered, near and far.
    for by in ["1 second", "40 days"] {
        let move_it = |sign| {
            format!(
                "UPDATE audit_logs SET created_at = created_at {sign} interval '{by}' WHERE log_id = '{tenth}'"
            )
        };
        scene.tamper(&move_it('+')).await;
        let report = scene.verify().await;
        assert_eq!(
            (named(&report), report.fault_count),
            (("moved", tenth), 1),
            "{report:?}"
        );
        scene.tamper(&move_it('-')).await;
    }
    let swap = format!(
        "UPDATE audit_logs a SET log_id = CASE log_id WHEN '{tenth}' THEN '{eleventh}'::uuid ELSE '{tenth}' END
         WHERE log_id IN ('{tenth}', '{eleventh}')"
    );
    scene.tamper(&swap).await;
    let report = scene.verify().await;
    assert_eq!((named(&report), report.fault_count), (("moved", tenth), 2));
    scene.tamper(&swap).await;
    assert!(scene.verify().await.is_sound());
    // Put in, at a time that was sealed; sealing does not launder it.
    let forged = Uuid::from_u128(7);
    scene
        .tamper(&format!(
            "INSERT INTO audit_logs (log_id, action, entity_type, status, created_at)
             VALUES ('{forged}', 'read_report', 'report', 'success', '{at}')"
        ))
        .await;
    scene.act(1).await;
    assert_eq!(scene.sealed_soon().await, 1);
    let report = scene.verify().await;
    assert_eq!(
        (named(&report), report.fault_count),
        (("put in", forged), 1)
    );
}

async fn drop_table(scene: &Scene) {
    let mut connection = PgConnection::connect(&scene.test_database.owner().url)
        .await
        .unwrap();
    connection.execute("DROP TABLE kept").await.unwrap();
}

#[tokio::test]
async fn what_is_done_to_seals_and_keys_is_found() {
    let scene = sealed().await;
    let newest = {
        let mut tx = scene.database.begin(&Actor::command_line()).await.unwrap();
        let seal = db::audit_seals::newest_seal(&mut tx)
            .await
            .unwrap()
            .unwrap();
        Some(Newest::of(&seal.into()))
    };
    let note = scene.folder.path().join("newest");
    assert_eq!(Newest::read(&note).unwrap(), None);
    newest.unwrap().write(&note).unwrap();
    assert_eq!(Newest::read(&note).unwrap(), newest);
    let first_fault = async || {
        let report = verify(&scene.database, &scene.public(), Extent::Whole, newest)
            .await
            .unwrap();
        report
            .faults
            .first()
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    assert_eq!(first_fault().await, "");
    for (change, back, said) in [
        (
            "entries = overlay(entries PLACING '\\x00'::bytea FROM 60)",
            "entries = (SELECT entries FROM kept WHERE seal_number = 2)",
            "seal 2: its list of rows is not the one that was signed",
        ),
        (
            "settled_until = settled_until - interval '1 day'",
            "settled_until = settled_until + interval '1 day'",
            "seal 2: its signature",
        ),
        (
            "seal_number = 9",
            "seal_number = 2",
            "seal 2: it and all up to 2 are missing",
        ),
    ] {
        if change.starts_with("entries") {
            scene
                .tamper("CREATE TABLE kept AS SELECT * FROM portal.audit_seals")
                .await;
        }
        scene
            .tamper(&format!(
                "UPDATE portal.audit_seals SET {change} WHERE seal_number = 2"
            ))
            .await;
        let found = first_fault().await;
        assert!(found.starts_with(said), "{change}: {found}");
        let number = if change.starts_with("seal") { 9 } else { 2 };
        scene
            .tamper(&format!(
                "UPDATE portal.audit_seals SET {back} WHERE seal_number = {number}"
            ))
            .await;
        assert_eq!(first_fault().await, "", "{change}");
    }
    // A new key: what the old one signed stays provable.
    scene.keys.rotate(scene.database.clock().now()).unwrap();
    scene.act(2).await;
    scene.seal().await;
    assert!(scene.verify().await.is_sound());
    // Somebody else's key, over a trail that was cut short.
    let stranger = SigningKeys::in_folder(scene.folder.path().join("stranger"));
    scene
        .tamper("DELETE FROM portal.audit_seals WHERE seal_number > 2")
        .await;
    assert_eq!(
        first_fault().await,
        "seal 3: it and all up to 3, which this portal wrote, are missing"
    );
    seal(&scene.database, &stranger).await.unwrap();
    let found = first_fault().await;
    assert!(
        found.starts_with("seal 3: it is another one than this portal wrote"),
        "{found}"
    );
    let report = scene.verify().await;
    assert!(
        report.faults[0]
            .to_string()
            .contains("not among the trusted ones"),
        "{report:?}"
    );

    // A key file that went missing is not made anew in silence.
    std::fs::remove_file(scene.keys.secret_path()).unwrap();
    let error = scene
        .keys
        .current(scene.database.clock().now())
        .unwrap_err();
    assert!(error.to_string().contains("audit rotate-key"), "{error}");
}

#[tokio::test]
async fn a_deleted_account_is_no_fault_and_an_emptied_user_is() {
    let scene = Scene::new().await;
    let (gone, stays) = (Uuid::from_u128(1), Uuid::from_u128(2));
    scene
        .tamper(&format!(
            "INSERT INTO users (id, email, role, name) VALUES ('{gone}', 'a@example.org', 'patient', 'A'), ('{stays}', 'b@example.org', 'patient', 'B')"
        ))
        .await;
    for id in [gone, stays] {
        scene.clock.advance(Duration::seconds(1));
        let mut tx = scene.database.begin(&Actor::worker()).await.unwrap();
        tx.audit_as(
            Some(id.into()),
            Act::new(AuditAction::SignIn, EntityType::Session),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    scene.seal().await;
    let mut owner = PgConnection::connect(&scene.test_database.owner().url)
        .await
        .unwrap();
    owner
        .execute(AssertSqlSafe(format!(
            "DELETE FROM users WHERE id = '{gone}'"
        )))
        .await
        .unwrap();
    let report = scene.verify().await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.rows, report.without_account), (2, 1));
    let proof = scene.prove(&scene.export().await).unwrap();
    assert!(
        proof.report.is_sound() && proof.report.rows == 2,
        "{proof:?}"
    );
    scene
        .tamper(&format!(
            "UPDATE audit_logs SET user_id = NULL WHERE user_id = '{stays}'"
        ))
        .await;
    assert!(matches!(
        scene.verify().await.faults[0],
        Fault::Altered { .. }
    ));
}

#[tokio::test]
async fn an_export_is_proved_offline_and_each_change_of_it_is_named() {
    let scene = sealed().await;
    let text = scene.export().await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len() as u32, 1 + 3 + ROWS + 1);
    let proof = scene.prove(&text).unwrap();
    assert!(proof.report.is_sound(), "{proof:?}");
    assert_eq!(
        (proof.from_seal, proof.until_seal, proof.report.rows),
        (Some(1), Some(3), u64::from(ROWS))
    );
    let ids = scene.ids().await;
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        change(&mut lines);
        let proof = scene.prove(&(lines.join("\n") + "\n")).unwrap();
        proof.report.faults.first().cloned().unwrap()
    };
    // Line 5 is the fourth row of the first seal.
    let (fourth, fifth) = (ids[3].0, ids[4].0);
    let altered = changed(&|lines| lines[5] = lines[5].replace("read_report", "read_nothing"));
    assert!(
        matches!(altered, Fault::Altered { log_id, .. } if log_id == fourth),
        "{altered}"
    );
    let missing = changed(&|lines| drop(lines.remove(5)));
    assert!(
        matches!(missing, Fault::Missing { log_id, .. } if log_id == fourth),
        "{missing}"
    );
    let moved = changed(&|lines| lines.swap(5, 6));
    assert!(
        matches!(moved, Fault::Moved { log_id, .. } if log_id == fourth),
        "{moved}"
    );
    let twice = changed(&|lines| lines.insert(7, lines[6].clone()));
    assert!(
        matches!(twice, Fault::Moved { log_id, .. } if log_id == fifth),
        "{twice}"
    );
    let put_in = changed(&|lines| {
        lines.insert(
            5,
            lines[5].replace(&fourth.to_string(), &Uuid::nil().to_string()),
        );
    });
    assert!(
        matches!(put_in, Fault::PutIn { log_id, .. } if log_id.is_nil()),
        "{put_in}"
    );
    let without_seal = changed(&|lines| drop(lines.drain(12..23)));
    assert!(
        matches!(without_seal, Fault::Seal { seal: 2, .. }),
        "{without_seal}"
    );
    assert!(
        scene
            .prove(&lines[..10].join("\n"))
            .unwrap_err()
            .to_string()
            .contains("cut off")
    );

    // Of a time; with nothing but the public key of another portal.
    let mut bytes = Vec::new();
    let from = ids[15].1;
    trail::export(
        &scene.database,
        &Actor::command_line(),
        (Some(from), Some(from + Duration::hours(1))),
        &mut bytes,
    )
    .await
    .unwrap();
    let proof = scene.prove(&String::from_utf8(bytes).unwrap()).unwrap();
    assert!(proof.report.is_sound(), "{proof:?}");
    assert_eq!((proof.from_seal, proof.until_seal), (Some(2), Some(2)));
    let stranger = SigningKeys::in_folder(scene.folder.path().join("stranger"));
    stranger.rotate(scene.database.clock().now()).unwrap();
    let path = scene.folder.path().join("export.jsonl");
    let proof = verify_file(&path, &PublicKeys::load(&stranger.public_path()).unwrap()).unwrap();
    assert!(!proof.report.is_sound());
}
