//! Images: as they came, rendered, thumbnails, samples.

use domain::Role;
use testkit::{Client, TestApp, chest_film, dicom_film};

async fn image(app: &TestApp, film: Vec<u8>) -> (Client, String) {
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let receipt = radiologist
        .upload(vec![("film", film)], &[("patient_id", &patient.user_id())])
        .await
        .expect(201);
    let id = receipt["reports"][0]["report_id"].as_str().unwrap();
    let detail = radiologist
        .get(&format!("/api/reports/{id}"))
        .await
        .expect(200);
    let url = detail["images"][0]["image_url"]
        .as_str()
        .unwrap()
        .to_owned();
    (radiologist, url)
}

#[tokio::test]
async fn a_dicom_image_is_served_in_every_form() {
    let app = TestApp::start().await;
    let film = dicom_film(1, "ANY");
    let (client, url) = image(&app, film.clone()).await;
    let original = client.get(&url).await;
    assert_eq!(
        (
            original.headers["content-type"].to_str().unwrap(),
            &original.bytes
        ),
        ("application/dicom", &film)
    );
    assert!(
        original.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );

    let png = client
        .get(&format!(
            "{url}/rendered?window_center=2000&window_width=1000"
        ))
        .await;
    assert_eq!(
        (png.status.as_u16(), &png.bytes[..4]),
        (200, &b"\x89PNG"[..])
    );
    let jpeg = client
        .get(&format!("{url}/rendered?format=jpeg&size=64"))
        .await;
    assert_eq!(
        (
            jpeg.headers["content-type"].to_str().unwrap(),
            &jpeg.bytes[..2]
        ),
        ("image/jpeg", &[0xff, 0xd8][..])
    );
    assert_eq!(client.get(&format!("{url}/thumbnail")).await.status, 200);

    let frame = client.get(&format!("{url}/frames/1")).await;
    assert_eq!(frame.bytes.len(), 96 * 96 * 2);
    let description: serde_json::Value =
        serde_json::from_str(frame.headers["portal-frame"].to_str().unwrap()).unwrap();
    assert_eq!(description["width"], 96);
    let first = u16::from_le_bytes([frame.bytes[2], frame.bytes[3]]);
    assert_eq!(
        first,
        ((7 + 1) + 31),
        "the samples are those that were sent"
    );
    assert_eq!(
        client.get(&format!("{url}/frames/2")).await.expect(404)["code"],
        "not_found"
    );
    assert_eq!(
        client.get(&format!("{url}/frames/0")).await.expect(404)["code"],
        "not_found"
    );
}

#[tokio::test]
async fn a_window_changes_the_picture() {
    let app = TestApp::start().await;
    let (client, url) = image(&app, dicom_film(1, "ANY")).await;
    let wide = client
        .get(&format!(
            "{url}/rendered?window_center=2048&window_width=4096"
        ))
        .await;
    let narrow = client
        .get(&format!(
            "{url}/rendered?window_center=2048&window_width=10"
        ))
        .await;
    assert_ne!(wide.bytes, narrow.bytes);
    assert_ne!(wide.headers["etag"], narrow.headers["etag"]);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let app = TestApp::start().await;
    let (client, url) = image(&app, chest_film(1, 80)).await;
    for path in [
        url.clone(),
        format!("{url}/rendered"),
        format!("{url}/thumbnail"),
        format!("{url}/frames/1"),
    ] {
        let first = client.get(&path).await;
        assert_eq!(first.status, 200, "{path}");
        let etag = first.headers["etag"].to_str().unwrap().to_owned();
        let again = client
            .send(
                client
                    .request(reqwest::Method::GET, &path)
                    .header("if-none-match", etag),
            )
            .await;
        assert_eq!(
            (again.status.as_u16(), again.bytes.len()),
            (304, 0),
            "{path}"
        );
        assert!(
            first.headers["cache-control"]
                .to_str()
                .unwrap()
                .starts_with("private"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn wrong_wishes_are_named() {
    let app = TestApp::start().await;
    let (client, url) = image(&app, chest_film(1, 80)).await;
    for (query, field) in [
        ("window_center=5", "window_center"),
        ("window_center=5&window_width=0", "window_width"),
        ("size=9", "size"),
        ("quality=101", "quality"),
        ("frame=0", "frame"),
        ("format=gif", "query"),
    ] {
        let body = client
            .get(&format!("{url}/rendered?{query}"))
            .await
            .expect(422);
        assert_eq!(body["errors"][0]["field"], field, "{query}: {body}");
    }
}

#[tokio::test]
async fn an_altered_blob_is_never_served() {
    let app = TestApp::start().await;
    let film = chest_film(1, 80);
    let digest = blobs::Digest::of(&film);
    let (client, url) = image(&app, film).await;
    let path = app.blobs.path(digest);
    let stored = std::fs::read(&path).unwrap();
    let mut altered = stored.clone();
    altered[stored.len() / 2] ^= 1;
    let other = app.blobs.put(&chest_film(2, 80)).unwrap();
    for bytes in [altered, std::fs::read(app.blobs.path(other)).unwrap()] {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(client.get(&url).await.expect(500)["code"], "internal");
    }
}
