//! What several tests ask for.

use domain::Role;
use testkit::{Client, TestApp, chest_film};

/// A report of this patient, and its image.
pub(crate) async fn film(app: &TestApp, patient: &str, seed: u32) -> (String, String) {
    let radiologist = app.client(Role::Radiologist).await;
    let receipt = radiologist
        .upload(
            vec![("a.png", chest_film(seed, 80))],
            &[("patient_id", patient)],
        )
        .await
        .expect(201);
    app.run_jobs().await;
    let report = receipt["reports"][0]["report_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let detail = radiologist
        .get(&format!("/api/reports/{report}"))
        .await
        .expect(200);
    (
        report,
        detail["images"][0]["image_id"].as_str().unwrap().to_owned(),
    )
}

/// How many notices of a kind somebody has.
pub(crate) async fn told(client: &Client, kind: &str) -> usize {
    let list = client.get("/api/notifications?limit=200").await.expect(200);
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["type"] == kind)
        .count()
}
