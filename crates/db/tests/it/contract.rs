//! The data model contract, to the column: what `public` holds, and nothing else.

use sqlx::{PgConnection, Row};
use testkit::TestDatabase;

/// Each table with its columns in order.
const TABLES: &[(&str, &str)] = &[
    (
        "users",
        "id email password_hash role name phone date_of_birth profile_picture_url preferences is_active last_login_at created_at updated_at",
    ),
    (
        "sessions",
        "session_id user_id token ip_address user_agent device_info login_time last_activity expires_at is_active logout_time",
    ),
    (
        "medical_reports",
        "report_id patient_id radiologist_id patient_name radiologist_name study_type study_uid report_image_url image_metadata risk_score confidence_score findings recommendations upload_date analysis_date status patient_age patient_gender medical_history symptoms created_at updated_at created_by updated_by",
    ),
    (
        "report_images",
        "image_id report_id image_url image_type image_format width height file_size dicom_metadata uploaded_at",
    ),
    (
        "ai_models",
        "model_id model_name version architecture framework model_file_url model_config trained_date training_dataset_version deployed_date is_active baseline_accuracy baseline_precision baseline_recall baseline_f1_score description created_at",
    ),
    (
        "ai_analysis",
        "analysis_id report_id model_id risk_category risk_probability low_probability medium_probability high_probability findings feature_maps attention_maps processed_at processing_time_ms image_quality_score confidence_threshold preprocessing_steps model_version created_at",
    ),
    (
        "model_metrics",
        "metric_id model_id accuracy precision recall f1_score true_positives true_negatives false_positives false_negatives total_predictions correct_predictions recorded_at period_start period_end auc_roc",
    ),
    (
        "doctor_reviews",
        "review_id report_id doctor_id review_notes clinical_findings confirmed_ai_diagnosis ai_accuracy_rating doctor_risk_assessment urgency_level recommended_action follow_up_required follow_up_date treatment_plan medication_prescribed reviewed_at updated_at",
    ),
    (
        "notifications",
        "notification_id user_id type priority title message action_url is_read read_at related_report_id sent_via_email sent_via_sms sent_via_push metadata created_at expires_at",
    ),
    (
        "audit_logs",
        "log_id user_id user_role action entity_type entity_id ip_address user_agent old_values new_values status error_message created_at",
    ),
    (
        "patient_medical_history",
        "history_id patient_id conditions allergies medications family_history lifestyle previous_procedures created_at updated_at updated_by",
    ),
    (
        "system_settings",
        "setting_id setting_key setting_value description is_sensitive updated_at updated_by",
    ),
];

const VIEWS: &[(&str, &str)] = &[
    (
        "v_patient_reports",
        "report_id patient_id patient_name study_type risk_score confidence_score upload_date analysis_date status risk_probability processed_at review_id doctor_id urgency_level reviewed_at is_released",
    ),
    (
        "v_doctor_priority_queue",
        "report_id patient_id patient_name study_type risk_score confidence_score upload_date analysis_date risk_probability priority_order due_at is_overdue claimed_by",
    ),
];

/// Columns that must lead an index.
const INDEXES: &[(&str, &str)] = &[
    ("users", "email role is_active created_at"),
    ("sessions", "user_id token is_active expires_at"),
    (
        "medical_reports",
        "patient_id radiologist_id status risk_score upload_date analysis_date",
    ),
    ("report_images", "report_id image_type"),
    ("ai_models", "is_active version deployed_date"),
    (
        "ai_analysis",
        "report_id model_id risk_category processed_at",
    ),
    ("model_metrics", "model_id recorded_at"),
    (
        "doctor_reviews",
        "report_id doctor_id urgency_level reviewed_at",
    ),
    ("notifications", "user_id is_read type priority created_at"),
    ("audit_logs", "user_id action entity_type created_at"),
    ("patient_medical_history", "patient_id"),
];

async fn column(connection: &mut PgConnection, sql: &'static str) -> Vec<String> {
    sqlx::query(sql)
        .fetch_all(connection)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get::<String, _>(0))
        .collect()
}

async fn columns_of(connection: &mut PgConnection, relation: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = ('public.' || $1)::regclass AND attnum > 0 AND NOT attisdropped
         ORDER BY attnum",
    )
    .bind(relation)
    .fetch_all(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn public_holds_exactly_the_tables_and_views_of_the_contract() {
    let database = TestDatabase::migrated().await;
    let mut connection = database.superuser().await;
    let relations = column(
        &mut connection,
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') ORDER BY 1",
    )
    .await;
    let mut expected: Vec<String> = TABLES
        .iter()
        .chain(VIEWS)
        .map(|(name, _)| (*name).to_owned())
        .collect();
    expected.sort();
    assert_eq!(relations, expected);
    for (relation, columns) in TABLES.iter().chain(VIEWS) {
        let expected: Vec<String> = columns.split(' ').map(str::to_owned).collect();
        assert_eq!(
            columns_of(&mut connection, relation).await,
            expected,
            "{relation}"
        );
    }
}

#[tokio::test]
async fn every_listed_index_and_every_foreign_key_is_indexed() {
    let database = TestDatabase::migrated().await;
    let mut connection = database.superuser().await;
    for (table, columns) in INDEXES {
        for column in columns.split(' ') {
            let found: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                                WHERE i.indrelid = ('public.' || $1)::regclass AND a.attname = $2 AND i.indpred IS NULL)",
            )
            .bind(*table)
            .bind(column)
            .fetch_one(&mut connection)
            .await
            .unwrap();
            assert!(found, "no index leads with {table}.{column}");
        }
    }
    let unindexed = column(
        &mut connection,
        "SELECT c.conrelid::regclass || '.' || c.conname FROM pg_constraint c
         WHERE c.contype = 'f' AND c.connamespace IN ('public'::regnamespace, 'portal'::regnamespace) AND c.conparentid = 0
           AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL)",
    )
    .await;
    // claims, impressions and the like lead with their report; every one is covered.
    assert!(
        unindexed.is_empty(),
        "foreign keys without an index: {unindexed:?}"
    );
}

#[tokio::test]
async fn timestamps_are_utc_and_keys_are_uuids() {
    let database = TestDatabase::migrated().await;
    let mut connection = database.superuser().await;
    let naive = column(
        &mut connection,
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'",
    )
    .await;
    assert!(naive.is_empty(), "{naive:?}");
    for (table, columns) in TABLES {
        let key = columns.split(' ').next().unwrap();
        let kind: String = sqlx::query_scalar(
            "SELECT data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND column_name = $2",
        )
        .bind(*table)
        .bind(key)
        .fetch_one(&mut connection)
        .await
        .unwrap();
        assert_eq!(kind, "uuid", "{table}.{key}");
    }
}

#[tokio::test]
async fn row_security_is_on_and_forced_everywhere() {
    let database = TestDatabase::migrated().await;
    let mut connection = database.superuser().await;
    let open = column(
        &mut connection,
        "SELECT oid::regclass::text FROM pg_class
         WHERE relnamespace IN ('public'::regnamespace, 'portal'::regnamespace) AND relkind IN ('r', 'p')
           AND relname <> 'schema_migrations' AND NOT relispartition AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    .await;
    assert!(open.is_empty(), "without forced row security: {open:?}");
    let stray = column(
        &mut connection,
        "SELECT grantee || ' on ' || table_schema || '.' || table_name FROM information_schema.role_table_grants
         WHERE table_schema IN ('public', 'portal') AND grantee IN ('portal_login', 'PUBLIC')",
    )
    .await;
    assert!(
        stray.is_empty(),
        "the login role and the public hold nothing: {stray:?}"
    );
    let inherits: bool =
        sqlx::query_scalar("SELECT rolinherit FROM pg_roles WHERE rolname = 'portal_login'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert!(!inherits, "portal_login must be NOINHERIT");
}

/// Words and ranges that must be refused, each with the constraint that does it.
#[tokio::test]
async fn wrong_words_and_ranges_are_refused_by_named_constraints() {
    let database = TestDatabase::migrated().await;
    db::migrations::seed(&database.owner()).await.unwrap();
    let mut connection = database.superuser().await;
    let cases = [
        ("UPDATE users SET role = 'nurse'", "users_role_check"),
        ("UPDATE medical_reports SET status = 'lost'", "medical_reports_status_check"),
        ("UPDATE medical_reports SET risk_score = 'none'", "medical_reports_risk_score_check"),
        ("UPDATE medical_reports SET confidence_score = 1.5", "medical_reports_confidence_score_range"),
        ("UPDATE ai_analysis SET low_probability = 0.9", "ai_analysis_probabilities_sum"),
        ("INSERT INTO report_images (image_id, report_id, image_url, image_type, image_format, file_size)
          SELECT gen_random_uuid(), report_id, '', 'ultrasound', 'DICOM', 1 FROM medical_reports LIMIT 1", "report_images_image_type_check"),
        ("INSERT INTO report_images (image_id, report_id, image_url, image_type, image_format, file_size)
          SELECT gen_random_uuid(), report_id, '', 'xray', 'GIF', 1 FROM medical_reports LIMIT 1", "report_images_image_format_check"),
        ("INSERT INTO doctor_reviews (review_id, report_id, doctor_id, ai_accuracy_rating)
          SELECT gen_random_uuid(), report_id, '01900000-0000-7000-8000-000000000003', 6 FROM medical_reports LIMIT 1", "doctor_reviews_ai_accuracy_rating_range"),
        ("INSERT INTO notifications (notification_id, user_id, type, priority, title, message)
          VALUES (gen_random_uuid(), '01900000-0000-7000-8000-000000000003', 't', 'loud', '', '')", "notifications_priority_check"),
        ("INSERT INTO users (id, email, role, name) VALUES (gen_random_uuid(), 'PATIENT@example.com', 'patient', 'x')", "idx_users_email"),
        ("DELETE FROM users WHERE id = '01900000-0000-7000-8000-000000000003'", "doctor_reviews_doctor_id_fkey"),
        ("DELETE FROM ai_models", "ai_analysis_model_id_fkey"),
        ("UPDATE doctor_reviews SET review_notes = 'changed' WHERE reviewed_at IS NOT NULL", "doctor_reviews_signed"),
    ];
    for (sql, constraint) in cases {
        let error = sqlx::query(sql)
            .execute(&mut connection)
            .await
            .expect_err(sql);
        let found = error
            .as_database_error()
            .and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(found.as_deref(), Some(constraint), "{sql}: {error}");
    }
}

#[tokio::test]
async fn updated_at_follows_every_change() {
    let database = TestDatabase::migrated().await;
    db::migrations::seed(&database.owner()).await.unwrap();
    let mut connection = database.superuser().await;
    sqlx::query("INSERT INTO system_settings (setting_id, setting_key, setting_value) VALUES (gen_random_uuid(), 'k', '1')")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("INSERT INTO doctor_reviews (review_id, report_id, doctor_id) SELECT gen_random_uuid(), report_id, '01900000-0000-7000-8000-000000000003' FROM medical_reports LIMIT 1")
        .execute(&mut connection)
        .await
        .unwrap();
    for (table, set) in [
        ("users", "name = name"),
        ("medical_reports", "findings = findings"),
        ("doctor_reviews", "review_notes = 'draft'"),
        ("patient_medical_history", "conditions = conditions"),
        ("system_settings", "setting_value = '2'"),
    ] {
        let condition = if table == "doctor_reviews" {
            " WHERE reviewed_at IS NULL"
        } else {
            ""
        };
        let sql = format!(
            "UPDATE {table} SET updated_at = 'epoch', {set}{condition} RETURNING updated_at > now() - interval '1 minute'"
        );
        let fresh: Vec<bool> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        assert!(
            !fresh.is_empty() && fresh.iter().all(|fresh| *fresh),
            "{table}"
        );
    }
}

#[tokio::test]
async fn the_audit_trail_only_grows() {
    let database = TestDatabase::migrated().await;
    let mut connection = database.superuser().await;
    let insert = "INSERT INTO audit_logs (log_id, action, entity_type, status) VALUES (gen_random_uuid(), 'a', 'e', 'success')";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    for sql in [
        "UPDATE audit_logs SET action = 'b'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
    ] {
        let error = sqlx::query(sql)
            .execute(&mut connection)
            .await
            .expect_err(sql);
        let found = error
            .as_database_error()
            .and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(found.as_deref(), Some("audit_logs_append_only"), "{sql}");
    }
}

#[tokio::test]
async fn audit_rows_stay_when_their_user_goes() {
    let database = TestDatabase::migrated().await;
    let mut connection = database.superuser().await;
    for sql in [
        "INSERT INTO users (id, email, role, name) VALUES ('01900000-0000-7000-8000-00000000aaaa', 'gone@example.com', 'patient', 'Gone')",
        "INSERT INTO sessions (session_id, user_id, token, expires_at) VALUES (gen_random_uuid(), '01900000-0000-7000-8000-00000000aaaa', repeat('a', 64), now())",
        "INSERT INTO audit_logs (log_id, user_id, action, entity_type, status) VALUES (gen_random_uuid(), '01900000-0000-7000-8000-00000000aaaa', 'a', 'e', 'success')",
        "DELETE FROM users WHERE id = '01900000-0000-7000-8000-00000000aaaa'",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    let (rows, sessions): (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM audit_logs WHERE user_id IS NULL), (SELECT count(*) FROM sessions)")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!((rows, sessions), (1, 0));
}
