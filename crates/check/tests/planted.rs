//! Faults planted in a working portal: each is found, said with a remedy, and put right where that is
//! safe.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use blobs::Digest;
use check::{Diagnosis, Finding, Outcome, Serving, Subject, Wanted, diagnose};
use db::DatabaseOptions;
use domain::{Clock, Role, SystemClock};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testkit::{TestApp, chest_film, cluster};

/// A portal with an analysed report, and how to look at it.
struct Patient {
    app: TestApp,
    owner: PgConnection,
    subject: Subject,
}

impl Patient {
    async fn healthy() -> Self {
        let app = TestApp::start().await;
        app.client(Role::Tech).await;
        let patient = app.client(Role::Patient).await.user_id();
        app.client(Role::Radiologist)
            .await
            .upload(
                vec![("film.png", chest_film(1, 64))],
                &[("patient_id", &patient)],
            )
            .await
            .expect(201);
        assert_eq!(app.run_jobs().await, 1);
        assert_eq!(app.wrap_pictures().await, 1);
        let folder = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(app.folder(), folder).unwrap();
        let subject = Subject {
            data_dir: app.folder().to_owned(),
            blobs: app.folder().join("blobs"),
            storage_key: app.folder().join("keys/storage.key"),
            audit_public_keys: app.folder().join("keys/audit-public-keys.txt"),
            audit_newest_seal: app.folder().join("audit-newest-seal"),
            models: app.folder().join("models"),
            owner: app.test_database.owner(),
            login: app.test_database.login(),
            maintenance: Some(DatabaseOptions::new(cluster().url("postgres", "postgres"))),
            serving: Serving::default(),
            backup_key: None,
            engine: ai::EnginePreference::BuiltIn,
            // The portal's clock stands still in tests; the diagnosis compares with the server's.
            clock: Arc::new(SystemClock),
        };
        let keys = trail::SigningKeys::in_folder(app.folder().join("keys"));
        let sealed = trail::seal(&app.database, &keys).await.unwrap();
        sealed
            .newest
            .unwrap()
            .write(&subject.audit_newest_seal)
            .unwrap();
        let mut owner = PgConnection::connect(&app.test_database.owner().url)
            .await
            .unwrap();
        owner
            .execute(
                "INSERT INTO portal.backups (id, kind, backup, destination, started_at, finished_at, outcome)
                 SELECT gen_random_uuid(), kind, 'b', '/mnt/elsewhere', now() - interval '1 hour', now(), 'succeeded'
                 FROM unnest(ARRAY['backup', 'verification']) kind;
                 INSERT INTO system_settings (setting_id, setting_key, setting_value)
                 VALUES (gen_random_uuid(), 'backup.destination', '\"/mnt/elsewhere\"')",
            )
            .await
            .unwrap();
        Self {
            app,
            owner,
            subject,
        }
    }

    async fn sql(&mut self, statement: impl Into<String>) {
        self.owner
            .execute(AssertSqlSafe(statement.into()))
            .await
            .unwrap();
    }

    async fn look(&self, fix: bool) -> Diagnosis {
        diagnose(
            &self.subject,
            Wanted {
                fix,
                thorough: true,
            },
        )
        .await
    }

    fn blob(&self, digest: Digest) -> std::path::PathBuf {
        let name = digest.to_string();
        self.subject
            .blobs
            .join(&name[..2])
            .join(&name[2..4])
            .join(format!("{name}.sealed"))
    }
}

/// What is not as it should be, but for what the tests' own cluster brings along: it runs without
/// fsync, and so may its disk and its other tests' statements be.
fn faults(diagnosis: &Diagnosis) -> Vec<&Finding> {
    diagnosis
        .findings
        .iter()
        .filter(|finding| finding.outcome != Outcome::Ok)
        .filter(|finding| {
            !["durability", "disk", "slow_statements", "page_checksums"].contains(&finding.check)
        })
        .collect()
}

fn the<'a>(diagnosis: &'a Diagnosis, check: &str) -> &'a Finding {
    diagnosis
        .findings
        .iter()
        .find(|finding| finding.check == check && finding.outcome != Outcome::Ok)
        .unwrap_or_else(|| panic!("{check} is not found: {diagnosis:#?}"))
}

#[tokio::test]
async fn a_working_portal_has_no_faults_but_the_tests_cluster_is_not_durable() {
    let patient = Patient::healthy().await;
    let diagnosis = patient.look(false).await;
    assert_eq!(faults(&diagnosis), Vec::<&Finding>::new());
    let durability = the(&diagnosis, "durability");
    assert_eq!(durability.outcome, Outcome::Fail);
    assert!(durability.detail.contains("fsync=off"));
    assert!(diagnosis.findings.len() > 20, "{diagnosis:#?}");
}

/// Each fault: how it is planted, which check finds it, how bad it is, whether it is put right.
const IN_THE_DATABASE: &[(&str, &str, Outcome, bool)] = &[
    (
        "ALTER TABLE users NO FORCE ROW LEVEL SECURITY",
        "row_security",
        Outcome::Fail,
        true,
    ),
    (
        "ALTER TABLE medical_reports DISABLE ROW LEVEL SECURITY",
        "row_security",
        Outcome::Fail,
        true,
    ),
    (
        "GRANT UPDATE ON audit_logs TO portal_doctor",
        "roles_and_grants",
        Outcome::Fail,
        true,
    ),
    (
        "REVOKE SELECT ON portal.jobs FROM portal_tech",
        "roles_and_grants",
        Outcome::Fail,
        true,
    ),
    (
        "ALTER TABLE audit_logs DISABLE TRIGGER append_only",
        "schema",
        Outcome::Fail,
        true,
    ),
    (
        "ALTER TABLE users ADD COLUMN nickname text",
        "schema",
        Outcome::Fail,
        false,
    ),
    (
        "DROP INDEX idx_medical_reports_queue_high",
        "indexes",
        Outcome::Warn,
        true,
    ),
    (
        "INSERT INTO system_settings (setting_id, setting_key, setting_value) VALUES (gen_random_uuid(), 'queue.claim_minutes', '\"soon\"')",
        "settings",
        Outcome::Fail,
        false,
    ),
    (
        "INSERT INTO system_settings (setting_id, setting_key, setting_value) VALUES (gen_random_uuid(), 'queue.colour', '1')",
        "settings",
        Outcome::Warn,
        false,
    ),
    (
        "UPDATE users SET is_active = false WHERE role = 'tech'",
        "accounts",
        Outcome::Fail,
        false,
    ),
    (
        "INSERT INTO users (id, email, password_hash, role, name) VALUES (gen_random_uuid(), 'doctor@example.com', 'x', 'doctor', 'Demo')",
        "demo_accounts",
        Outcome::Fail,
        false,
    ),
    (
        "UPDATE ai_models SET is_active = false",
        "model",
        Outcome::Warn,
        false,
    ),
    (
        // As the portal itself would, so that nothing else is at fault.
        "BEGIN; SET LOCAL role = portal_worker; SELECT set_config('portal.present', now()::text, true);
         UPDATE medical_reports SET status = 'pending'; COMMIT",
        "stranded_reports",
        Outcome::Fail,
        true,
    ),
    (
        "INSERT INTO portal.jobs (job_id, kind, state, lease_until, worker) VALUES (gen_random_uuid(), 'analysis', 'running', now() - interval '1 hour', 'gone')",
        "jobs",
        Outcome::Fail,
        false,
    ),
    (
        "INSERT INTO portal.jobs (job_id, kind, state, run_at) VALUES (gen_random_uuid(), 'analysis', 'queued', now() - interval '1 hour')",
        "jobs",
        Outcome::Fail,
        false,
    ),
    (
        "INSERT INTO portal.jobs (job_id, kind, state) VALUES (gen_random_uuid(), 'analysis', 'dead')",
        "jobs",
        Outcome::Warn,
        false,
    ),
    (
        "UPDATE portal.backups SET started_at = now() - interval '3 days', finished_at = now() - interval '3 days' WHERE kind = 'backup'",
        "backup_age", Outcome::Fail, false,
    ),
    (
        "DELETE FROM portal.backups WHERE kind = 'verification'",
        "backup_verified", Outcome::Warn, false,
    ),
    (
        "INSERT INTO portal.backups (id, kind, backup, destination, started_at, finished_at, outcome, error)
         VALUES (gen_random_uuid(), 'backup', 'c', '/mnt/elsewhere', now(), now(), 'failed', 'the disk is full')",
        "backup_last_run", Outcome::Fail, false,
    ),
    ("DELETE FROM system_settings WHERE setting_key = 'backup.destination'", "backup_schedule", Outcome::Warn, false),
    (
        "DELETE FROM portal.schema_migrations WHERE version = 11",
        "migrations",
        Outcome::Fail,
        true,
    ),
    (
        "UPDATE portal.schema_migrations SET checksum = '\\x00' WHERE version = 3",
        "migrations",
        Outcome::Fail,
        false,
    ),
];

#[tokio::test]
async fn each_fault_in_the_database_is_found() {
    for (statement, check, outcome, is_fixed) in IN_THE_DATABASE {
        let mut patient = Patient::healthy().await;
        patient.sql(*statement).await;
        let diagnosis = patient.look(false).await;
        let finding = the(&diagnosis, check);
        assert_eq!(finding.outcome, *outcome, "{statement}: {finding:?}");
        assert!(
            finding
                .remedy
                .as_ref()
                .is_some_and(|remedy| !remedy.is_empty()),
            "{statement}"
        );
        assert!(
            faults(&diagnosis)
                .iter()
                // Without technicians nobody reviews emergencies either.
                .all(|found| found.check == *check
                    || (*check == "accounts" && found.check == "emergency_accesses")),
            "{statement}: {:#?}",
            faults(&diagnosis)
        );
        let mended = patient.look(true).await;
        assert_eq!(
            the(&mended, check).fixed,
            *is_fixed,
            "{statement}: {:?}",
            the(&mended, check)
        );
        let left = patient.look(false).await;
        assert_eq!(
            faults(&left).is_empty(),
            *is_fixed,
            "{statement}: {:#?}",
            faults(&left)
        );
    }
}

#[tokio::test]
async fn each_fault_of_the_stored_images_is_found() {
    let patient = Patient::healthy().await;
    let digest = Digest::of(&chest_film(1, 64));
    let path = patient.blob(digest);

    // Changed.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"something else").unwrap();
    let diagnosis = patient.look(false).await;
    assert!(
        the(&diagnosis, "blobs_damaged")
            .detail
            .contains(&digest.to_string())
    );

    // Gone.
    std::fs::remove_file(&path).unwrap();
    let diagnosis = patient.look(true).await;
    let gone = the(&diagnosis, "blobs_missing");
    assert!(gone.detail.contains(&digest.to_string()) && !gone.fixed);
    std::fs::write(&path, bytes).unwrap();

    // Belonging to nothing: left alone for a day, then set aside.
    let stray = patient.app.blobs.put(b"an upload that broke off").unwrap();
    assert_eq!(faults(&patient.look(true).await), Vec::<&Finding>::new());
    let yesterday = Into::<std::time::SystemTime>::into(SystemClock.now())
        - std::time::Duration::from_secs(25 * 3600);
    std::fs::File::open(patient.blob(stray))
        .unwrap()
        .set_modified(yesterday)
        .unwrap();
    std::fs::File::open(&path)
        .unwrap()
        .set_modified(yesterday)
        .unwrap();
    let diagnosis = patient.look(false).await;
    assert_eq!(the(&diagnosis, "blobs_unnamed").outcome, Outcome::Warn);
    assert!(the(&patient.look(true).await, "blobs_unnamed").fixed);
    assert!(!patient.app.blobs.contains(stray) && patient.app.blobs.contains(digest));
    let aside = patient
        .subject
        .data_dir
        .join("unnamed-blobs")
        .join(format!("{stray}.sealed"));
    assert!(aside.is_file());

    // From before there were keys; then the key file is gone.
    let folder = blobs::BlobStore::open(&patient.subject.blobs).unwrap();
    let film = patient.app.blobs.read(digest).unwrap();
    std::fs::remove_file(&path).unwrap();
    folder.put(&film).unwrap();
    let diagnosis = patient.look(false).await;
    assert_eq!(faults(&diagnosis), [the(&diagnosis, "blobs_encrypted")]);
    assert!(patient.app.blobs.encrypt(digest).unwrap());
    assert_eq!(faults(&patient.look(false).await), Vec::<&Finding>::new());
    std::fs::remove_file(&patient.subject.storage_key).unwrap();
    let diagnosis = patient.look(false).await;
    assert_eq!(the(&diagnosis, "storage_key").outcome, Outcome::Fail);
    assert_eq!(the(&diagnosis, "blobs_damaged").outcome, Outcome::Fail);
}

#[tokio::test]
async fn a_trail_that_was_changed_or_cut_short_is_found() {
    let mut patient = Patient::healthy().await;
    patient.sql("SET session_replication_role = replica").await;
    patient
        .sql("UPDATE audit_logs SET status = 'denied' WHERE action = 'upload_report'")
        .await;
    let diagnosis = patient.look(false).await;
    let found = the(&diagnosis, "audit_trail");
    assert_eq!(found.outcome, Outcome::Fail);
    assert!(found.detail.contains("was altered"), "{found:?}");
    patient
        .sql("UPDATE audit_logs SET status = 'success' WHERE action = 'upload_report'")
        .await;
    assert_eq!(faults(&patient.look(false).await), Vec::<&Finding>::new());
    patient.sql("DELETE FROM portal.audit_seals").await;
    patient.sql("DELETE FROM audit_logs").await;
    patient
        .sql("INSERT INTO audit_logs (log_id, action, entity_type, status) VALUES (gen_random_uuid(), 'sign_in', 'session', 'success')")
        .await;
    let diagnosis = patient.look(false).await;
    assert!(
        the(&diagnosis, "audit_trail")
            .detail
            .contains("are missing")
    );
}

#[tokio::test]
async fn a_model_that_changed_or_is_gone_is_found() {
    let patient = Patient::healthy().await;
    let folder = std::fs::read_dir(&patient.subject.models)
        .unwrap()
        .flatten()
        .find(|entry| entry.file_name() != "bundled")
        .unwrap()
        .path();
    let model = folder.join("model.onnx");
    let mut bytes = std::fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&model, bytes).unwrap();
    assert!(
        the(&patient.look(false).await, "model")
            .detail
            .contains("does not work")
    );
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        the(&patient.look(false).await, "model").outcome,
        Outcome::Fail
    );
}

#[tokio::test]
async fn faults_around_the_portal_are_found() {
    let mut patient = Patient::healthy().await;
    patient.subject.serving.listen = Some("0.0.0.0:80".parse().unwrap());
    assert_eq!(
        the(&patient.look(false).await, "tls").outcome,
        Outcome::Fail
    );
    patient.subject.serving.listen = Some("127.0.0.1:80".parse().unwrap());
    assert_eq!(
        the(&patient.look(false).await, "secure_cookies").outcome,
        Outcome::Warn
    );
    patient.subject.serving = Serving::default();

    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(&patient.subject.data_dir, open).unwrap();
    assert_eq!(
        the(&patient.look(false).await, "data_folder").outcome,
        Outcome::Fail
    );

    std::fs::set_permissions(
        &patient.subject.data_dir,
        std::fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    patient.subject.backup_key = Some(patient.subject.data_dir.join("gone.key"));
    assert_eq!(
        the(&patient.look(false).await, "backup_key").outcome,
        Outcome::Fail
    );

    // A clock that is an hour off.
    patient.subject.clock = Arc::new(domain::FixedClock::new(
        SystemClock.now() + chrono::Duration::hours(1),
    ));
    assert_eq!(
        the(&patient.look(false).await, "clock").outcome,
        Outcome::Fail
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_the_only_finding_about_it() {
    let mut patient = Patient::healthy().await;
    patient.subject.owner = DatabaseOptions::new("postgres://postgres@127.0.0.1:1/portal");
    let diagnosis = patient.look(false).await;
    let away = the(&diagnosis, "database");
    assert_eq!(away.outcome, Outcome::Fail);
    assert!(away.remedy.as_ref().unwrap().contains("OPERATIONS.md"));
    assert!(
        diagnosis
            .findings
            .iter()
            .all(|finding| finding.check != "migrations")
    );
}

#[tokio::test]
async fn a_case_that_was_changed_past_the_portal_is_found_and_named() {
    let mut patient = Patient::healthy().await;
    let report: String = sqlx::query_scalar("SELECT report_id::text FROM medical_reports")
        .fetch_one(&mut patient.owner)
        .await
        .unwrap();
    let said = |diagnosis: &Diagnosis| {
        diagnosis
            .findings
            .iter()
            .find(|finding| finding.check == "contents")
            .map(|finding| (finding.outcome, finding.detail.clone()))
            .unwrap()
    };
    let found = (
        Outcome::Fail,
        format!("1 cases were changed past the portal, first of all {report} (altered)"),
    );
    // As somebody who switches the triggers off.
    patient.sql("SET session_replication_role = replica").await;
    for (column, other) in [
        ("findings", "coalesce(findings, '') || ' '"),
        ("patient_name", "'Somebody Else'"),
        ("upload_date", "upload_date + interval '1 microsecond'"),
        ("image_metadata", "image_metadata || '{\"a\": 1}'"),
    ] {
        patient
            .sql(format!(
                "CREATE TABLE portal.kept AS SELECT {column} AS kept FROM medical_reports;
                 UPDATE medical_reports SET {column} = {other}"
            ))
            .await;
        assert_eq!(said(&patient.look(false).await), found, "{column}");
        patient
            .sql(format!(
                "UPDATE medical_reports SET {column} = (SELECT kept FROM portal.kept); DROP TABLE portal.kept"
            ))
            .await;
        assert_eq!(said(&patient.look(false).await).0, Outcome::Ok, "{column}");
    }
    patient
        .sql("UPDATE report_images SET width = width + 1")
        .await;
    assert_eq!(said(&patient.look(false).await), found);
    patient
        .sql("UPDATE report_images SET width = width - 1")
        .await;
    patient
        .sql(
            "INSERT INTO doctor_reviews (review_id, report_id, doctor_id, doctor_risk_assessment, reviewed_at)
             SELECT gen_random_uuid(), report_id, radiologist_id, 'low', now() FROM medical_reports",
        )
        .await;
    assert_eq!(said(&patient.look(false).await), found);
    patient.sql("DELETE FROM doctor_reviews").await;
    assert_eq!(said(&patient.look(false).await).0, Outcome::Ok);
    patient
        .sql(
            "CREATE TABLE portal.kept AS SELECT * FROM medical_reports;
             DELETE FROM medical_reports",
        )
        .await;
    assert!(said(&patient.look(false).await).1.ends_with("(gone)"));
    patient
        .sql("INSERT INTO medical_reports SELECT * FROM portal.kept; DROP TABLE portal.kept")
        .await;
    assert_eq!(said(&patient.look(false).await).0, Outcome::Ok);
    // As somebody who does not, and is noted as nobody.
    patient
        .sql("SET session_replication_role = origin; UPDATE medical_reports SET findings = 'nothing'")
        .await;
    assert_eq!(said(&patient.look(false).await), found);
}
