//! Who sees and changes which rows, tried in SQL as the real database roles.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::TestDatabase;

use crate::take_on;

const PATIENT: &str = "01900000-0000-7000-8000-000000000106";
const STRANGER: &str = "01900000-0000-7000-8000-000000000001";
const RADIOLOGIST: &str = "01900000-0000-7000-8000-000000000002";
const OTHER_RADIOLOGIST: &str = "01900000-0000-7000-8000-000000000011";
const DOCTOR: &str = "01900000-0000-7000-8000-000000000003";
const TECH: &str = "01900000-0000-7000-8000-000000000004";

/// A connection as the portal's login role, on the development data and one more radiologist's
/// report.
async fn login() -> (TestDatabase, PgConnection) {
    let test = TestDatabase::migrated().await;
    db::migrations::seed(&test.owner()).await.unwrap();
    let mut superuser = test.superuser().await;
    for sql in [
        format!("INSERT INTO users (id, email, role, name) VALUES ('{OTHER_RADIOLOGIST}', 'other@example.com', 'radiologist', 'Other')"),
        format!(
            "INSERT INTO medical_reports (report_id, patient_id, radiologist_id, patient_name)
             VALUES ('01900000-0000-7000-8000-000000000499', '{PATIENT}', '{OTHER_RADIOLOGIST}', 'P')"
        ),
        format!("INSERT INTO notifications (notification_id, user_id, type, title, message) VALUES (gen_random_uuid(), '{DOCTOR}', 't', 't', 'm')"),
        "INSERT INTO audit_logs (log_id, action, entity_type, status) VALUES (gen_random_uuid(), 'a', 'e', 'success')".to_owned(),
        "INSERT INTO report_images (image_id, report_id, image_url, image_type, image_format, file_size)
         SELECT gen_random_uuid(), report_id, '', 'xray', 'PNG', 1 FROM medical_reports".to_owned(),
        "INSERT INTO system_settings (setting_id, setting_key, setting_value, is_sensitive) VALUES (gen_random_uuid(), 'secret', '1', true)".to_owned(),
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
    }
    let connection = PgConnection::connect(&test.login().url).await.unwrap();
    (test, connection)
}

/// The first column of a query as an actor, or the error's code.
async fn ask(
    connection: &mut PgConnection,
    role: &str,
    actor: &str,
    sql: &str,
) -> Result<i64, String> {
    let mut tx = connection.begin().await.unwrap();
    take_on(&mut tx, role, actor).await;
    let outcome = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql.to_owned()))
        .fetch_one(&mut *tx)
        .await;
    tx.rollback().await.unwrap();
    outcome.map_err(|error| match error.as_database_error() {
        Some(error) => error.code().unwrap_or_default().into_owned(),
        None => error.to_string(),
    })
}

/// Rows that each actor sees of each clinical table. `Err` is "permission denied".
#[tokio::test]
async fn each_role_sees_its_rows_and_no_others() {
    let (_test, mut connection) = login().await;
    let denied = || Err("42501".to_owned());
    // The patient has 4 reports that are reviewed and released, and one more that is not.
    let table: Vec<(&str, [Result<i64, String>; 6])> = vec![
        // table: patient, stranger, radiologist, other radiologist, doctor, tech
        (
            "medical_reports",
            [Ok(4), Ok(0), Ok(24), Ok(1), Ok(25), denied()],
        ),
        (
            "report_images",
            [Ok(4), Ok(0), Ok(24), Ok(1), Ok(25), denied()],
        ),
        (
            "ai_analysis",
            [Ok(2), Ok(0), Ok(18), Ok(0), Ok(18), denied()],
        ),
        (
            "doctor_reviews",
            [Ok(4), Ok(0), Ok(4), Ok(0), Ok(4), denied()],
        ),
        (
            "v_patient_reports",
            [Ok(4), Ok(0), Ok(24), Ok(1), Ok(25), denied()],
        ),
        (
            "v_doctor_priority_queue",
            [denied(), denied(), denied(), denied(), Ok(20), denied()],
        ),
        (
            "patient_medical_history",
            [Ok(0), Ok(1), Ok(0), Ok(0), Ok(1), denied()],
        ),
        ("notifications", [Ok(0), Ok(0), Ok(0), Ok(0), Ok(1), Ok(0)]),
        (
            // The development data bring notes of what their cases say along.
            "audit_logs WHERE action <> 'note_content'",
            [denied(), denied(), denied(), denied(), denied(), Ok(1)],
        ),
        ("users", [Ok(1), Ok(1), Ok(8), Ok(8), Ok(8), Ok(4)]),
        ("sessions", [Ok(0), Ok(0), Ok(0), Ok(0), Ok(0), Ok(0)]),
        (
            "system_settings",
            [Ok(0), Ok(0), Ok(0), Ok(0), Ok(0), Ok(1)],
        ),
        (
            "ai_models",
            [denied(), denied(), Ok(1), Ok(1), Ok(1), Ok(1)],
        ),
        (
            "portal.jobs",
            [denied(), denied(), denied(), denied(), denied(), Ok(0)],
        ),
    ];
    let actors = [
        ("patient", PATIENT),
        ("patient", STRANGER),
        ("radiologist", RADIOLOGIST),
        ("radiologist", OTHER_RADIOLOGIST),
        ("doctor", DOCTOR),
        ("tech", TECH),
    ];
    for (relation, expected) in table {
        for ((role, actor), expected) in actors.iter().zip(expected) {
            let column = if relation == "users" { "id" } else { "1" };
            let found = ask(
                &mut connection,
                role,
                actor,
                &format!("SELECT count({column}) FROM {relation}"),
            )
            .await;
            assert_eq!(found, expected, "{relation} as {role} {actor}");
        }
    }
}

/// What nobody of that role may do, whatever the handler does.
#[tokio::test]
async fn each_role_is_kept_from_what_is_not_its_own() {
    let (_test, mut connection) = login().await;
    let hidden = "01900000-0000-7000-8000-000000000499";
    let denied: &[(&str, &str, String)] = &[
        ("patient", PATIENT, "UPDATE medical_reports SET findings = 'x' RETURNING 1::bigint".to_owned()),
        ("patient", PATIENT, "SELECT count(password_hash) FROM users".to_owned()),
        ("patient", PATIENT, "UPDATE users SET role = 'tech' RETURNING 1::bigint".to_owned()),
        ("radiologist", RADIOLOGIST, "SELECT count(password_hash) FROM users".to_owned()),
        ("radiologist", RADIOLOGIST, format!(
            "INSERT INTO medical_reports (report_id, patient_id, radiologist_id, patient_name)
             VALUES (gen_random_uuid(), '{PATIENT}', '{OTHER_RADIOLOGIST}', 'x') RETURNING 1::bigint")),
        ("radiologist", RADIOLOGIST, format!(
            "INSERT INTO doctor_reviews (review_id, report_id, doctor_id) VALUES (gen_random_uuid(), '{hidden}', '{RADIOLOGIST}') RETURNING 1::bigint")),
        ("radiologist", RADIOLOGIST, format!(
            "INSERT INTO report_images (image_id, report_id, image_url, image_type, image_format, file_size)
             VALUES (gen_random_uuid(), '{hidden}', '', 'xray', 'PNG', 1) RETURNING 1::bigint")),
        ("radiologist", RADIOLOGIST, "INSERT INTO users (id, email, role, name) VALUES (gen_random_uuid(), 'n@example.com', 'doctor', 'N') RETURNING 1::bigint".to_owned()),
        ("doctor", DOCTOR, format!(
            "INSERT INTO doctor_reviews (review_id, report_id, doctor_id) VALUES (gen_random_uuid(), '{hidden}', '{TECH}') RETURNING 1::bigint")),
        ("doctor", DOCTOR, "DELETE FROM audit_logs RETURNING 1::bigint".to_owned()),
        ("doctor", DOCTOR, format!(
            "INSERT INTO audit_logs (log_id, user_id, action, entity_type, status) VALUES (gen_random_uuid(), '{TECH}', 'a', 'e', 'success') RETURNING 1::bigint")),
        ("tech", TECH, "SELECT count(date_of_birth) FROM users".to_owned()),
        ("tech", TECH, "SELECT count(password_hash) FROM users".to_owned()),
        ("tech", TECH, "DELETE FROM audit_logs RETURNING 1::bigint".to_owned()),
        ("tech", TECH, "UPDATE audit_logs SET action = 'x' RETURNING 1::bigint".to_owned()),
        ("anonymous", "", "SELECT count(1) FROM medical_reports".to_owned()),
        ("anonymous", "", "INSERT INTO users (id, email, role, name) VALUES (gen_random_uuid(), 'n@example.com', 'tech', 'N') RETURNING 1::bigint".to_owned()),
        ("worker", "", "SELECT count(password_hash) FROM users".to_owned()),
        ("worker", "", "UPDATE audit_logs SET action = 'x' RETURNING 1::bigint".to_owned()),
        ("patient", PATIENT, "SELECT count(1) FROM portal.case_scores".to_owned()),
        ("doctor", DOCTOR, "SELECT count(1) FROM portal.case_scores".to_owned()),
        ("doctor", DOCTOR, "UPDATE portal.model_stages SET stage = 'active' RETURNING 1::bigint".to_owned()),
        ("doctor", DOCTOR, "UPDATE ai_models SET is_active = true RETURNING 1::bigint".to_owned()),
        ("radiologist", RADIOLOGIST, "UPDATE portal.promotions SET decision = 'approved' RETURNING 1::bigint".to_owned()),
        ("tech", TECH, format!(
            "INSERT INTO portal.promotions (promotion_id, model_id, reason, comparison, requested_by, requested_as, requested_at)
             SELECT gen_random_uuid(), model_id, 'x', '{{}}', '{DOCTOR}', 'doctor', now() FROM ai_models LIMIT 1 RETURNING 1::bigint")),
        ("tech", TECH, "UPDATE portal.model_changes SET reason = 'x' RETURNING 1::bigint".to_owned()),
        ("worker", "", "UPDATE portal.inference_records SET output = '{}' RETURNING 1::bigint".to_owned()),
    ];
    for (role, actor, sql) in denied {
        assert_eq!(
            ask(&mut connection, role, actor, sql).await,
            Err("42501".to_owned()),
            "{role}: {sql}"
        );
    }
}

/// Rows that are another's cannot be changed: the change finds nothing.
#[tokio::test]
async fn changes_reach_only_own_rows() {
    let (_test, mut connection) = login().await;
    let count =
        |sql: &str| format!("WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed");
    let cases = [
        ("patient", PATIENT, "UPDATE users SET name = 'x'", 1),
        (
            "radiologist",
            OTHER_RADIOLOGIST,
            "UPDATE medical_reports SET updated_by = NULL",
            1,
        ),
        (
            "doctor",
            DOCTOR,
            "UPDATE notifications SET is_read = true",
            1,
        ),
        ("tech", TECH, "UPDATE notifications SET is_read = true", 0),
        (
            "doctor",
            DOCTOR,
            "UPDATE doctor_reviews SET review_notes = 'x'",
            0,
        ),
    ];
    for (role, actor, sql, expected) in cases {
        assert_eq!(
            ask(&mut connection, role, actor, &count(sql)).await,
            Ok(expected),
            "{role}: {sql}"
        );
    }
}

#[tokio::test]
async fn patients_propose_changes_of_their_history_and_do_not_write_it() {
    let (_test, mut connection) = login().await;
    let write = "WITH changed AS (UPDATE patient_medical_history SET conditions = '[]' RETURNING 1) SELECT count(*) FROM changed";
    let refused = ask(&mut connection, "patient", STRANGER, write).await;
    assert!(refused.is_err(), "{refused:?}");
    let propose = |whose: &str, state: &str| {
        format!(
            "WITH made AS (INSERT INTO portal.history_proposals (proposal_id, patient_id, content, proposed_at, state)
             VALUES (gen_random_uuid(), '{whose}', '{{}}', now(), '{state}') RETURNING 1) SELECT count(*) FROM made"
        )
    };
    assert_eq!(
        ask(
            &mut connection,
            "patient",
            PATIENT,
            &propose(PATIENT, "open")
        )
        .await,
        Ok(1)
    );
    for (whose, state) in [(STRANGER, "open"), (PATIENT, "accepted")] {
        let refused = ask(&mut connection, "patient", PATIENT, &propose(whose, state)).await;
        assert!(refused.is_err(), "{whose} {state}: {refused:?}");
    }
}

/// What a silent model said is the overseers' alone.
#[tokio::test]
async fn a_shadows_answers_reach_no_reader() {
    let (test, mut connection) = login().await;
    let mut superuser = test.superuser().await;
    let stored = sqlx::query(
        "INSERT INTO portal.inference_records (record_id, report_id, output, processing_time_ms, software_version, is_shadow)
         SELECT gen_random_uuid(), report_id, '{}', 1, 'test', shadow FROM v_patient_reports, (VALUES (true), (false)) s (shadow)
         WHERE is_released",
    )
    .execute(&mut superuser)
    .await
    .unwrap()
    .rows_affected();
    assert!(stored >= 2);
    let count = "SELECT count(1) FROM portal.inference_records WHERE is_shadow";
    for (role, actor) in [
        ("patient", PATIENT),
        ("radiologist", RADIOLOGIST),
        ("doctor", DOCTOR),
    ] {
        assert_eq!(
            ask(&mut connection, role, actor, count).await,
            Ok(0),
            "{role}"
        );
    }
    let of_doctor = "SELECT count(1) FROM portal.inference_records WHERE NOT is_shadow";
    let half = i64::try_from(stored / 2).unwrap();
    assert!(ask(&mut connection, "doctor", DOCTOR, of_doctor).await >= Ok(half));
    assert_eq!(ask(&mut connection, "tech", TECH, count).await, Ok(half));
}

/// Before sign-in there is no list of anything: one account, once somebody says which, and what hangs on it.
#[tokio::test]
async fn before_sign_in_the_database_shows_the_one_account_that_is_asked_for() {
    let (test, mut connection) = login().await;
    let mut superuser = test.superuser().await;
    for (number, (account, digit)) in [(PATIENT, 'a'), (DOCTOR, 'b')].into_iter().enumerate() {
        let token = digit.to_string().repeat(64);
        for sql in [
            format!(
                "INSERT INTO sessions (session_id, user_id, token, expires_at) VALUES (gen_random_uuid(), '{account}', '{token}', now() + interval '1 hour')"
            ),
            format!(
                "INSERT INTO portal.session_proofs SELECT session_id, now(), false FROM sessions WHERE token = '{token}'"
            ),
            format!(
                "INSERT INTO portal.totp (user_id, secret, created_at) VALUES ('{account}', '\\x00', now())"
            ),
            format!("INSERT INTO portal.recovery_codes VALUES ('{account}', '{token}', now())"),
            format!(
                "INSERT INTO portal.sign_in_challenges VALUES ('{token}', '{account}', now(), now() + interval '1 hour')"
            ),
            format!(
                "INSERT INTO portal.account_tokens VALUES ('{account}', 'verify_address', '{token}', 'x@example.com', now(), now())"
            ),
            format!(
                "INSERT INTO portal.verified_addresses VALUES ('{account}', 'x@example.com', now())"
            ),
            format!("INSERT INTO portal.sign_in_failures VALUES (sha256('{number}'), 1, now())"),
        ] {
            sqlx::query(AssertSqlSafe(sql))
                .execute(&mut superuser)
                .await
                .unwrap();
        }
    }
    let count = |table: &str| format!("SELECT count(*) FROM {table}");
    let tables = [
        "users",
        "sessions",
        "portal.session_proofs",
        "portal.totp",
        "portal.recovery_codes",
        "portal.sign_in_challenges",
        "portal.account_tokens",
        "portal.verified_addresses",
        "portal.sign_in_failures",
    ];
    for table in tables {
        let found = ask(&mut connection, "anonymous", "", &count(table)).await;
        assert_eq!(found, Ok(0), "{table} before anything is asked for");
    }
    for table in tables {
        let mut tx = connection.begin().await.unwrap();
        take_on(&mut tx, "anonymous", "").await;
        sqlx::query("SELECT set_config('portal.sought_account', $1, true), set_config('portal.sought_key', encode(sha256('0'), 'hex'), true)")
            .bind(PATIENT)
            .execute(&mut *tx)
            .await
            .unwrap();
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(count(table)))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(found, 1, "{table} of the one account");
        tx.rollback().await.unwrap();
    }
    // Whoever has a thing learns whose it is, and whoever has not learns nothing.
    for (kind, given, whose) in [
        ("address", "nobody@example.org".to_owned(), 0),
        ("challenge", "a".repeat(64), 1),
        ("challenge", "c".repeat(64), 0),
        ("code", "b".repeat(64), 1),
        ("anything", "a".repeat(64), 0),
    ] {
        let sql = format!("SELECT count(portal.account_of('{kind}', '{given}'))");
        let found = ask(&mut connection, "anonymous", "", &sql).await;
        assert_eq!(found, Ok(whose), "{kind}");
    }
    // Nobody signed in may use it, and patients write to nobody.
    for (role, actor) in [("patient", PATIENT), ("doctor", DOCTOR), ("tech", TECH)] {
        let sql = "SELECT count(portal.account_of('address', 'x'))";
        assert_eq!(
            ask(&mut connection, role, actor, sql).await,
            Err("42501".to_owned()),
            "{role}"
        );
    }
    let note = format!(
        "INSERT INTO notifications (notification_id, user_id, type, title, message)
         VALUES (gen_random_uuid(), '{PATIENT}', 't', 't', 'm') RETURNING 1::bigint"
    );
    assert_eq!(
        ask(&mut connection, "patient", PATIENT, &note).await,
        Err("42501".to_owned())
    );
}

/// Under an access in an emergency: one patient's record, read only, by whoever opened it, while it runs.
#[tokio::test]
async fn an_emergency_opens_one_record_for_reading_and_for_a_while() {
    let (test, mut connection) = login().await;
    let mut superuser = test.superuser().await;
    let (running, over, ended) = (
        "01900000-0000-7000-8000-0000000009a1",
        "01900000-0000-7000-8000-0000000009a2",
        "01900000-0000-7000-8000-0000000009a3",
    );
    for (access, from, until, by_hand) in [
        (
            running,
            "now() - interval '1 minute'",
            "now() + interval '1 hour'",
            "NULL",
        ),
        (
            over,
            "now() - interval '2 hours'",
            "now() - interval '1 hour'",
            "NULL",
        ),
        (
            ended,
            "now() - interval '1 minute'",
            "now() + interval '1 hour'",
            "now()",
        ),
    ] {
        let sql = format!(
            "INSERT INTO portal.emergency_accesses (access_id, user_id, patient_id, reason, opened_at, ends_at, ended_at)
             VALUES ('{access}', '{TECH}', '{PATIENT}', 'r', {from}, {until}, {by_hand})"
        );
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut superuser)
            .await
            .unwrap();
    }
    let all: i64 =
        sqlx::query_scalar("SELECT count(*) FROM medical_reports WHERE patient_id = $1::uuid")
            .bind(PATIENT)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    assert!(all >= 5);
    for (access, actor, seen) in [
        (running, TECH, all),
        (over, TECH, 0),
        (ended, TECH, 0),
        (running, RADIOLOGIST, 0),
    ] {
        let mut tx = connection.begin().await.unwrap();
        take_on(&mut tx, "emergency", actor).await;
        sqlx::query("SELECT set_config('portal.emergency_access', $1, true)")
            .bind(access)
            .execute(&mut *tx)
            .await
            .unwrap();
        let counted: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM medical_reports), (SELECT count(*) FROM report_images),
                    (SELECT count(id) FROM users)",
        )
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        assert_eq!(
            counted,
            (seen, seen, i64::from(seen > 0)),
            "{access} as {actor}"
        );
        for sql in [
            "UPDATE medical_reports SET findings = 'x'",
            "DELETE FROM doctor_reviews",
            "INSERT INTO notifications (notification_id, user_id, type, title, message) SELECT gen_random_uuid(), id, 't', 't', 'm' FROM users",
            "SELECT email FROM users",
            "SELECT 1 FROM portal.emergency_accesses",
        ] {
            let mut inner = tx.begin().await.unwrap();
            let refused = sqlx::query(AssertSqlSafe(sql.to_owned()))
                .execute(&mut *inner)
                .await
                .unwrap_err();
            let code = refused
                .as_database_error()
                .unwrap()
                .code()
                .unwrap()
                .into_owned();
            assert_eq!(code, "42501", "{sql}");
            inner.rollback().await.unwrap();
        }
        tx.rollback().await.unwrap();
    }
    // Nobody reviews the own access, whatever the handler does; and no access is longer than four hours.
    for sql in [
        format!("UPDATE portal.emergency_accesses SET outcome = 'justified', review_note = 'n', reviewed_by = '{TECH}', reviewed_at = now() WHERE access_id = '{over}'"),
        format!("INSERT INTO portal.emergency_accesses (access_id, user_id, patient_id, reason, opened_at, ends_at)
                 VALUES (gen_random_uuid(), '{TECH}', '{PATIENT}', 'r', now(), now() + interval '5 hours')"),
    ] {
        let refused = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut superuser).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "23514", "{sql}");
    }
}

/// Patients are pseudonyms to tech in the database already.
#[tokio::test]
async fn tech_reads_no_name_or_address_of_a_patient() {
    let (_test, mut connection) = login().await;
    for (sql, expected) in [
        ("SELECT count(id) FROM users WHERE role = 'patient'", Ok(0)),
        (
            "SELECT count(*) FROM portal.accounts WHERE role = 'patient'",
            Ok(7),
        ),
        (
            "SELECT count(*) FROM portal.accounts WHERE role = 'patient' AND (email IS NOT NULL OR name !~ '^Patient [0-9A-F]{4}-[0-9A-F]{4}$')",
            Ok(0),
        ),
        (
            "SELECT count(DISTINCT name) FROM portal.accounts WHERE role = 'patient'",
            Ok(7),
        ),
        (
            "SELECT count(*) FROM portal.accounts WHERE role <> 'patient' AND email IS NOT NULL",
            Ok(4),
        ),
    ] {
        assert_eq!(
            ask(&mut connection, "tech", TECH, sql).await,
            expected,
            "{sql}"
        );
    }
    for (role, actor) in [("patient", PATIENT), ("doctor", DOCTOR), ("anonymous", "")] {
        let sql = "SELECT count(*) FROM portal.accounts";
        assert_eq!(
            ask(&mut connection, role, actor, sql).await,
            Err("42501".to_owned()),
            "{role}"
        );
    }
}
