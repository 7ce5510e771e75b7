//! A new version from local signed cases, through the whole of the registry.

use db::{Actor, case_scores};
use domain::{ReportId, RiskCategory};
use serde_json::{Value, json};

use crate::scene::Scene;

/// Positives (even) from 0.7 to 0.999, negatives from 0.4 to 0.9: all too high, and they overlap.
fn probability(index: u32) -> f64 {
    let spread = f64::from(index % 40) / 40.0;
    if index.is_multiple_of(2) {
        0.7 + 0.299 * spread
    } else {
        0.4 + 0.5 * spread
    }
}

/// Signed cases whose scores are all too high, put into the database as a year would have left them.
async fn a_year(scene: &Scene, cases: u32) {
    let model_id = scene.active().await.parse().unwrap();
    let report = scene.send(scene.film(demo::FilmClass::Normal, 1)).await;
    scene.app.run_jobs().await;
    scene.sign(&report, "low").await;
    // Rows that only differ in what was said and signed: the way in is tested elsewhere.
    let mut connection = scene.app.test_database.superuser().await;
    sqlx::query(
        "INSERT INTO users SELECT (jsonb_populate_record(u, jsonb_build_object('id', md5('patient' || n)::uuid, 'email', 'p' || n || '@example.com'))).*
         FROM generate_series(0, 49) n, users u WHERE u.id = $1::uuid",
    )
    .bind(scene.patient.user_id())
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::query(
        "WITH made AS (SELECT n, md5('report' || n)::uuid AS report_id FROM generate_series(1, $2) n),
              reports AS (INSERT INTO medical_reports SELECT (jsonb_populate_record(r, jsonb_build_object('report_id', made.report_id, 'study_uid', NULL, 'patient_id', md5('patient' || n % 50)::uuid))).*
                          FROM made, medical_reports r WHERE r.report_id = $1::uuid RETURNING report_id)
         SELECT count(*) FROM reports",
    )
    .bind(&report)
    .bind(i32::try_from(cases).unwrap())
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO doctor_reviews SELECT (jsonb_populate_record(d, jsonb_build_object('review_id', md5('review' || n)::uuid,
             'report_id', md5('report' || n)::uuid, 'doctor_risk_assessment', CASE WHEN n % 2 = 0 THEN 'high' ELSE 'low' END))).*
         FROM generate_series(1, $2) n, doctor_reviews d WHERE d.report_id = $1::uuid",
    )
    .bind(&report)
    .bind(i32::try_from(cases).unwrap())
    .execute(&mut connection)
    .await
    .unwrap();
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT md5('report' || n)::uuid FROM generate_series(1, $1) n")
            .bind(i32::try_from(cases).unwrap())
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let mut tx = scene.worker().await;
    for (index, id) in (1..).zip(ids) {
        let score = case_scores::CaseScore {
            report_id: ReportId(id),
            model_id,
            is_shadow: false,
            outcome: Ok((RiskCategory::High, probability(index))),
            input_statistics: &json!({}),
            processing_time_ms: 5,
        };
        case_scores::store(&mut tx, &score).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn local_cases_give_a_new_version_that_is_registered_and_sound() {
    let scene = Scene::set().await;
    let active = scene.active().await;
    let path = format!("/api/models/{active}/recalibration");
    let few = scene
        .tech
        .post(&path, json!({ "sensitivity": 0.95 }))
        .await
        .expect(409);
    assert_eq!(few["code"], "too_few_cases");
    scene
        .tech
        .post(&path, json!({ "sensitivity": 1.5 }))
        .await
        .expect(422);

    a_year(&scene, 400).await;
    scene.app.advance(chrono::Duration::minutes(1));
    let bundled = scene.tech.get("/api/models").await.expect(200)["items"][0].clone();
    let made = scene
        .tech
        .post(&path, json!({ "sensitivity": 0.95 }))
        .await
        .expect(201);
    let number = |value: &Value| value.as_f64().unwrap();
    assert!(
        number(&made["figures"]["sensitivity"]["value"]) > 0.9,
        "{made}"
    );
    assert!(
        number(&made["figures"]["specificity"]["value"]) > 0.4,
        "{made}"
    );
    let before: Vec<(f64, bool)> = (1..=400)
        .map(|index| (probability(index), index % 2 == 0))
        .collect();
    let before = ai::evaluate::expected_calibration_error(&before).unwrap();
    let after = number(&made["figures"]["expected_calibration_error"]);
    assert!(
        after < before * 0.7,
        "{before} before, {after} on cases left out"
    );
    assert!(number(&made["medium"]) < number(&made["high"]));
    let version = made["version"].as_str().unwrap();
    assert!(version.contains("+local."), "{version}");

    // It is registered, loads, gives the golden answers, and its card says where it comes from.
    assert_eq!(
        scene.stage(made["model_id"].as_str().unwrap()).await,
        "registered"
    );
    let row = {
        let mut tx = scene
            .app
            .database
            .begin(&Actor::command_line())
            .await
            .unwrap();
        let id = made["model_id"].as_str().unwrap().parse().unwrap();
        db::models::find(&mut tx, id).await.unwrap().unwrap()
    };
    let folder = scene.app.folder().join("models");
    let cache = analysis::ModelCache::new(ai::EnginePreference::Fastest, &folder);
    let loaded = cache.get(&row).unwrap();
    loaded.verify_golden().unwrap();
    let package = ai::Package::open(&folder.join(&row.model_file_url)).unwrap();
    assert!(
        package
            .card()
            .unwrap()
            .contains("Recalibrated on local cases")
    );
    assert_eq!(package.manifest.evaluation.images, 401);
    assert_eq!(
        bundled["model_config"]["model_sha256"],
        row.model_config["model_sha256"]
    );

    // A second one on the same day gets a version of its own; both are audited.
    let second = scene
        .tech
        .post(&path, json!({ "sensitivity": 0.9 }))
        .await
        .expect(201);
    assert_ne!(second["version"], made["version"]);
    let acts = scene
        .tech
        .get("/api/audit?action=recalibrate_model")
        .await
        .expect(200);
    assert_eq!(acts["items"].as_array().unwrap().len(), 2);
}
