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

/// Notes a film of an earlier study that another archive had, as the worker does: the study, and the film.
pub(crate) async fn earlier_study(
    app: &TestApp,
    report: &str,
    seed: u32,
    doubts: &str,
) -> (String, Vec<u8>) {
    let bytes = testkit::dicom_film(seed, "MRN-1");
    let digest = app.blobs.put(&bytes).unwrap().to_string();
    let mut superuser = app.test_database.superuser().await;
    let prior_id = sqlx::query_scalar(
        "WITH p AS (INSERT INTO portal.prior_studies (prior_id, report_id, archive, study_uid, state, doubts, description, found_at)
                    VALUES (gen_random_uuid(), $1::uuid, 'PACS', $2, 'here', $3::text[], 'Thorax ' || $2, portal.present())
                    RETURNING prior_id)
         INSERT INTO portal.prior_images (image_id, prior_id, sop_instance_uid, sha256, image_type, file_size, stored_at)
         SELECT gen_random_uuid(), prior_id, '1.2.3', decode($4, 'hex'), 'xray', $5, portal.present() FROM p
         RETURNING prior_id::text",
    )
    .bind(report)
    .bind(format!("1.2.{seed}"))
    .bind(doubts)
    .bind(digest)
    .bind(i64::try_from(bytes.len()).unwrap())
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    (prior_id, bytes)
}
