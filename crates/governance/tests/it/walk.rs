//! shadow → compare → promote → drift alarm → rollback.

use demo::FilmClass;
use domain::Role;
use serde_json::json;

use crate::scene::Scene;

/// Sends films of both classes in, has them scored by every model, and signed.
async fn a_shift(scene: &Scene, films: u64, seed: u64) {
    for index in 0..films {
        let (class, truth) = if index % 2 == 0 {
            (FilmClass::Pneumonia, "high")
        } else {
            (FilmClass::Normal, "low")
        };
        let report = scene.send(scene.film(class, seed + index)).await;
        scene.app.run_jobs().await;
        scene.sign(&report, truth).await;
    }
}

#[tokio::test]
async fn a_model_comes_to_work_by_two_persons_and_leaves_it_when_it_drifts() {
    let scene = Scene::set().await;
    let (tech, doctor) = (&scene.tech, &scene.doctor);
    scene
        .set_setting(
            "governance.drift",
            json!({ "reference_cases": 50, "window_days": 7, "minimum_cases": 20, "index_limit": 0.25, "on_alarm": "suspend" }),
        )
        .await;
    let first = scene.active().await;
    let second = scene.second_model("9.0.0", 0.6).await.to_string();

    // The shadow scores every case silently.
    let start = json!({ "event": "shadow_started", "reason": "trained on more films" });
    let stage = format!("/api/models/{second}/stage");
    assert_eq!(
        tech.post(&stage, start.clone()).await.expect(200)["stage"],
        "shadow"
    );
    tech.post(&stage, start).await.expect(409);
    a_shift(&scene, 50, 1000).await;
    let records: Vec<(bool, i64)> = sqlx::query_as(
        "SELECT is_shadow, count(*) FROM portal.inference_records GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&mut scene.app.test_database.superuser().await)
    .await
    .unwrap();
    assert_eq!(records, [(false, 50), (true, 50)]);
    let shown = doctor.get("/api/reports?limit=1").await.expect(200);
    assert!(
        !shown.to_string().contains(&second),
        "the shadow is seen by nobody who reads"
    );

    // Side by side on the cases both saw.
    let comparison = format!("/api/models/{first}/comparison?with={second}");
    let sides = doctor.get(&comparison).await.expect(200);
    assert_eq!(
        (&sides["cases"], &sides["signed"]),
        (&json!(50), &json!(50))
    );
    assert!(
        sides["agreement"]["value"].as_f64().unwrap() > 0.7,
        "{sides}"
    );
    assert!(
        sides["first"]["sensitivity"]["value"].as_f64().unwrap() > 0.8,
        "{sides}"
    );

    // One person asks, the same one cannot approve, a doctor can.
    let wish = json!({ "reason": "as good on 50 cases, fewer false alarms" });
    let promotion = tech
        .post(&format!("/api/models/{second}/promotion"), wish.clone())
        .await
        .expect(201);
    assert_eq!(promotion["comparison"]["cases"], 50);
    let again = tech
        .post(&format!("/api/models/{second}/promotion"), wish)
        .await;
    assert_eq!(again.expect(409)["code"], "promotion_open");
    let decision = format!(
        "/api/models/promotions/{}/decision",
        promotion["promotion_id"].as_str().unwrap()
    );
    let approve = json!({ "decision": "approved", "reason": "agreed" });
    assert_eq!(
        tech.post(&decision, approve.clone()).await.expect(409)["code"],
        "second_person"
    );
    assert_eq!(
        doctor
            .post(
                &decision,
                json!({ "decision": "withdrawn", "reason": "no" })
            )
            .await
            .expect(409)["code"],
        "second_person"
    );
    assert_eq!(scene.active().await, first, "nothing has changed yet");
    let told = doctor.get("/api/notifications").await.expect(200);
    assert_eq!(told["items"][0]["type"], "promotion_requested");
    let decided = doctor.post(&decision, approve.clone()).await.expect(200);
    assert_eq!(decided["decision"], "approved");
    assert_eq!(
        doctor.post(&decision, approve).await.expect(409)["code"],
        "promotion_decided"
    );
    assert_eq!(scene.active().await, second);
    assert_eq!(scene.stage(&first).await, "registered");

    // The daily look counts figures and takes the first fifty cases as the reference.
    scene.app.advance(chrono::Duration::hours(14));
    scene.app.maintenance.hourly().await.unwrap();
    scene.app.run_jobs().await;
    let standings = format!("/api/models/{second}/standings");
    let days = doctor.get(&standings).await.expect(200);
    let standing = &days["items"][0]["standing"];
    assert_eq!(standing["has_drift_reference"], true);
    assert_eq!(standing["figures"]["cases"], 50);
    assert!(
        standing["figures"]["auroc"].as_f64().unwrap() > 0.9,
        "{}",
        standing["figures"]["auroc"]
    );
    assert_eq!(
        standing["figures"]["reliability"].as_array().unwrap().len(),
        10
    );
    let metrics = tech
        .get(&format!("/api/models/{second}/metrics"))
        .await
        .expect(200);
    assert_eq!(metrics["items"][0]["total_predictions"], 50);
    assert!(metrics["items"][0]["auc_roc"].as_f64().unwrap() > 0.9);
    scene.app.maintenance.hourly().await.unwrap();
    assert_eq!(scene.app.run_jobs().await, 0, "once a day is enough");

    // Another machine: darker films. The alarm is raised once, and the model is suspended.
    for index in 0..40 {
        let class = if index % 2 == 0 {
            FilmClass::Pneumonia
        } else {
            FilmClass::Normal
        };
        scene.send(scene.dull_film(class, 5000 + index)).await;
    }
    scene.app.run_jobs().await;
    scene.app.advance(chrono::Duration::hours(1));
    for _ in 0..2 {
        tech.post("/api/models/figures", json!({}))
            .await
            .expect(202);
        scene.app.run_jobs().await;
    }
    let alarms = tech.get("/api/models/alarms?open=true").await.expect(200);
    let alarms = alarms["items"].as_array().unwrap();
    let exposure = alarms
        .iter()
        .find(|alarm| alarm["quantity"] == "exposure")
        .unwrap();
    assert!(exposure["figure"].as_f64() > exposure["alarm_limit"].as_f64());
    let told = tech.get("/api/notifications?limit=200").await.expect(200);
    let of_exposure = told["items"].as_array().unwrap().iter().filter(|message| {
        message["type"] == "model_alarm"
            && message["message"].as_str().unwrap().contains("exposure")
    });
    assert_eq!(of_exposure.count(), 1, "told once, not at every look");
    assert_eq!(scene.stage(&second).await, "suspended");
    let noted = format!(
        "/api/models/alarms/{}/acknowledge",
        exposure["alarm_id"].as_str().unwrap()
    );
    tech.post(&noted, json!({})).await.expect(204);
    tech.post(&noted, json!({})).await.expect(404);

    // While it is suspended a case comes without a score, and the model speaks silently.
    let report = scene.send(scene.film(FilmClass::Pneumonia, 9000)).await;
    scene.app.run_jobs().await;
    let case = doctor
        .get(&format!("/api/reports/{report}"))
        .await
        .expect(200);
    assert_eq!(case["report"]["risk_score"], json!(null));
    assert_eq!(case["not_assessed"]["code"], "model_suspended");
    let silent: bool =
        sqlx::query_scalar("SELECT is_shadow FROM portal.case_scores WHERE report_id = $1::uuid")
            .bind(&report)
            .fetch_one(&mut scene.app.test_database.superuser().await)
            .await
            .unwrap();
    assert!(silent);

    // Back to the model before: one person, at once.
    doctor
        .post("/api/models/rollback", json!({ "reason": "drift" }))
        .await
        .expect(403);
    // Days have passed since the technician signed in.
    tech.post(
        "/api/auth/step-up",
        json!({ "password": testkit::PASSWORD }),
    )
    .await
    .expect(204);
    let back = tech
        .post(
            "/api/models/rollback",
            json!({ "reason": "the new machine's films" }),
        )
        .await
        .expect(200);
    assert_eq!(back["model_id"], first.as_str());
    assert_eq!(
        (scene.active().await, scene.stage(&second).await),
        (first.clone(), "registered".to_owned())
    );
    let report = scene.send(scene.film(FilmClass::Pneumonia, 9001)).await;
    scene.app.run_jobs().await;
    let case = doctor
        .get(&format!("/api/reports/{report}"))
        .await
        .expect(200);
    assert_ne!(case["report"]["risk_score"], json!(null));
    let again = tech
        .post("/api/models/rollback", json!({ "reason": "further" }))
        .await;
    // The first model took over from the second by the way back: that is where one may go to again.
    again.expect(200);
    assert_eq!(scene.active().await, second);

    // Everything stands in the record, with names and reasons, and on the page.
    let changes = tech
        .get(&format!("/api/models/{second}/changes"))
        .await
        .expect(200);
    let events: Vec<&str> = changes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "rolled_back",
            "replaced",
            "suspended",
            "promoted",
            "shadow_started"
        ]
    );
    let page = tech.get(&format!("/api/models/{second}/report")).await;
    assert_eq!(page.status, 200);
    let page = String::from_utf8(page.bytes).unwrap();
    for word in [
        "as good on 50 cases",
        "the new machine's films",
        "exposure",
        "Reliability",
        "agreed",
    ] {
        assert!(page.contains(word), "{word}");
    }
    let acts = tech
        .get("/api/audit?action=change_model_stage&limit=200")
        .await
        .expect(200);
    assert!(acts["items"].as_array().unwrap().len() >= 8);
    let acts = tech
        .get("/api/audit?action=decide_promotion")
        .await
        .expect(200);
    assert_eq!(acts["items"][0]["user_role"], "doctor");
}

/// The command line is one person: what it asked for somebody else decides, and the other way round.
#[tokio::test]
async fn the_command_line_counts_as_one_person_and_the_database_holds_the_rule_too() {
    use db::Actor;
    use domain::PromotionDecision::{Approved, Withdrawn};
    use governance::{LifecycleError, lifecycle};

    let scene = Scene::set().await;
    let second = scene.second_model("9.0.0", 0.5).await;
    let shell = Actor::command_line();
    let asked = lifecycle::request_promotion(&scene.app.database, &shell, second, "first try")
        .await
        .unwrap();
    let mut tx = scene.app.database.begin(&shell).await.unwrap();
    let refused = lifecycle::decide(&mut tx, asked, Approved, "me again")
        .await
        .unwrap_err();
    assert!(matches!(refused, LifecycleError::SamePerson), "{refused}");
    drop(tx);
    let mut tx = scene.app.database.begin(&shell).await.unwrap();
    let forced = db::promotions::decide(&mut tx, asked, Approved, "past the rule")
        .await
        .unwrap_err();
    assert!(
        forced.is_constraint(db::promotions::TWO_PERSONS),
        "{forced}"
    );
    drop(tx);
    let mut tx = scene.app.database.begin(&shell).await.unwrap();
    assert!(
        db::promotions::carry_out(&mut tx, asked).await.is_err(),
        "nothing goes to work that nobody approved"
    );
    drop(tx);
    let mut tx = scene.app.database.begin(&shell).await.unwrap();
    lifecycle::decide(&mut tx, asked, Withdrawn, "ask by name")
        .await
        .unwrap();
    tx.commit().await.unwrap();

    // Another member of tech may approve what one asked for.
    let other = scene.app.client_named(Role::Tech, "other").await;
    let promotion = scene
        .tech
        .post(
            &format!("/api/models/{second}/promotion"),
            json!({ "reason": "second try" }),
        )
        .await
        .expect(201);
    let decision = format!(
        "/api/models/promotions/{}/decision",
        promotion["promotion_id"].as_str().unwrap()
    );
    other
        .post(
            &decision,
            json!({ "decision": "approved", "reason": "fine" }),
        )
        .await
        .expect(200);
    assert_eq!(scene.active().await, second.to_string());
    let retired = scene
        .tech
        .post(
            &format!("/api/models/{second}/stage"),
            json!({ "event": "retired", "reason": "old" }),
        )
        .await;
    assert_eq!(retired.expect(409)["code"], "wrong_stage");
    for event in ["promoted", "rolled_back", "replaced"] {
        let past = scene
            .tech
            .post(
                &format!("/api/models/{second}/stage"),
                json!({ "event": event, "reason": "quickly" }),
            )
            .await;
        past.expect(422);
    }
}

#[tokio::test]
async fn a_portal_on_which_nothing_was_signed_yet_has_a_standing_without_rates() {
    let scene = Scene::set().await;
    scene.send(scene.film(FilmClass::Normal, 1)).await;
    scene.app.run_jobs().await;
    let figures = scene.tech.post("/api/models/figures", json!({})).await;
    figures.expect(202);
    assert_eq!(scene.app.run_jobs().await, 1);
    let standings = format!("/api/models/{}/standings", scene.active().await);
    let days = scene.doctor.get(&standings).await.expect(200);
    let standing = &days["items"][0]["standing"];
    assert_eq!(standing["figures"]["cases"], 0, "{days}");
    assert_eq!(standing["figures"]["flagged"]["sensitivity"], json!(null));
}
