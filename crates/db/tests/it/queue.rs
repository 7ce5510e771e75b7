//! The reading order in SQL is the domain's; its plan is a walk along indexes.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use db::{Actor, Database, Origin};
use domain::{FixedClock, ReportId, RiskCategory, Role, queue::MaximumWaits};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sqlx::{PgConnection, Row};
use testkit::TestDatabase;
use uuid::Uuid;

const NOW: i64 = 1_800_000_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

async fn patient(connection: &mut PgConnection) -> Uuid {
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    sqlx::query("INSERT INTO users (id, email, role, name) VALUES ($1, 'p@example.com', 'patient', 'P') ON CONFLICT DO NOTHING")
        .bind(id)
        .execute(connection)
        .await
        .unwrap();
    id
}

async fn insert(
    connection: &mut PgConnection,
    patient: Uuid,
    id: u128,
    risk: Option<RiskCategory>,
    minutes_ago: i64,
    status: &str,
) {
    sqlx::query(
        "INSERT INTO medical_reports (report_id, patient_id, patient_name, risk_score, status, upload_date, analysis_date)
         VALUES ($1, $2, 'P', $3, $4, $5, $5)",
    )
    .bind(Uuid::from_u128(id))
    .bind(patient)
    .bind(risk.map(RiskCategory::as_str))
    .bind(status)
    .bind(now() - Duration::minutes(minutes_ago))
    .execute(connection)
    .await
    .unwrap();
}

/// Reads the whole queue page by page, as a doctor.
async fn read_queue(database: &Database, limit: i64) -> Vec<ReportId> {
    let doctor = Actor::user(
        domain::UserId::from(Uuid::from_u128(9)),
        Role::Doctor,
        Origin::default(),
    );
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let mut tx = database.begin(&doctor).await.unwrap();
        let page = db::queue::page(&mut tx, after, limit).await.unwrap();
        ids.extend(page.items.iter().map(|item| item.report_id));
        match page.next_cursor {
            Some(cursor) => after = Some(cursor.parse().unwrap()),
            None => return ids,
        }
    }
}

/// Whatever is in the queue, SQL orders it as the domain does, whole and page by page.
#[test]
fn the_view_orders_as_the_domain_does() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (test, database) = runtime.block_on(async {
        let test = TestDatabase::migrated().await;
        let clock = FixedClock::new(now());
        let database = Database::connect(&test.login(), Arc::new(clock))
            .await
            .unwrap();
        (test, database)
    });
    let risk = prop_oneof![
        Just(None),
        Just(Some(RiskCategory::Low)),
        Just(Some(RiskCategory::Medium)),
        Just(Some(RiskCategory::High))
    ];
    let reports = prop::collection::vec((risk, 0i64..3000), 0..40);
    TestRunner::new(Config::with_cases(24))
        .run(&(reports, 1i64..12), |(reports, limit)| {
            let found = runtime.block_on(async {
                let mut connection = test.superuser().await;
                sqlx::query("DELETE FROM medical_reports")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                let patient = patient(&mut connection).await;
                for (number, (risk, minutes)) in reports.iter().enumerate() {
                    insert(
                        &mut connection,
                        patient,
                        number as u128 + 100,
                        *risk,
                        *minutes,
                        "analyzed",
                    )
                    .await;
                }
                read_queue(&database, limit).await
            });
            let waits = MaximumWaits::default();
            let mut expected: Vec<_> = reports
                .iter()
                .enumerate()
                .map(|(number, (risk, minutes))| {
                    let id = ReportId::from(Uuid::from_u128(number as u128 + 100));
                    waits.position(*risk, now() - Duration::minutes(*minutes), id, now())
                })
                .collect();
            expected.sort();
            let expected: Vec<ReportId> = expected.into_iter().map(|(_, _, id)| id).collect();
            prop_assert_eq!(found, expected);
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn only_open_reports_are_in_the_queue_and_overdue_ones_lead_it() {
    let test = TestDatabase::migrated().await;
    let mut connection = test.superuser().await;
    let patient = patient(&mut connection).await;
    insert(
        &mut connection,
        patient,
        1,
        Some(RiskCategory::High),
        10,
        "analyzed",
    )
    .await;
    insert(&mut connection, patient, 2, None, 5, "analyzed").await;
    insert(
        &mut connection,
        patient,
        3,
        Some(RiskCategory::Low),
        2000,
        "analyzed",
    )
    .await;
    insert(
        &mut connection,
        patient,
        4,
        Some(RiskCategory::Medium),
        5,
        "analyzed",
    )
    .await;
    insert(
        &mut connection,
        patient,
        5,
        Some(RiskCategory::High),
        5,
        "reviewed",
    )
    .await;
    insert(&mut connection, patient, 6, None, 5, "pending").await;
    sqlx::query("SET portal.present = '2027-01-15T08:00:00Z'")
        .execute(&mut connection)
        .await
        .unwrap();
    let rows = sqlx::query(
        "SELECT report_id, priority_order, is_overdue FROM v_doctor_priority_queue LIMIT 10",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let found: Vec<(u128, i32, bool)> = rows
        .iter()
        .map(|row| (row.get::<Uuid, _>(0).as_u128(), row.get(1), row.get(2)))
        .collect();
    assert_eq!(
        found,
        [(3, 1, true), (1, 1, false), (2, 2, false), (4, 3, false)]
    );
}

/// At tens of thousands of open reports the first page is a walk along the queue's own indexes.
#[tokio::test]
async fn the_first_page_is_read_from_the_indexes_without_sorting() {
    let test = TestDatabase::migrated().await;
    let mut connection = test.superuser().await;
    let patient = patient(&mut connection).await;
    // Without the notes of what each case holds, which take five minutes for so many cases in one transaction.
    sqlx::query("SET session_replication_role = replica")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO medical_reports (report_id, patient_id, patient_name, risk_score, status, upload_date)
         SELECT gen_random_uuid(), $1, 'P', (ARRAY['low', 'medium', 'high', NULL])[1 + g % 4],
                CASE WHEN g % 10 = 0 THEN 'analyzed' ELSE 'reviewed' END, now() - g * interval '1 second'
         FROM generate_series(1, 60000) g",
    )
    .bind(patient)
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::query("ANALYZE medical_reports")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("SET ROLE portal_doctor")
        .execute(&mut connection)
        .await
        .unwrap();
    let plan: Vec<String> =
        sqlx::query_scalar("EXPLAIN SELECT * FROM v_doctor_priority_queue LIMIT 50")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let text = plan.join("\n");
    for class in ["high", "unscored", "medium", "low"] {
        assert!(
            text.contains(&format!(
                "Index Scan using idx_medical_reports_queue_{class}"
            )),
            "{text}"
        );
    }
    let sorts = plan.iter().any(|line| {
        line.trim_start_matches([' ', '-', '>'])
            .starts_with("Sort  (")
    });
    assert!(
        !sorts && !text.contains("Seq Scan on medical_reports"),
        "{text}"
    );
}
