//! Files that come piece by piece (tus 1.0.0).

use chrono::Duration;
use domain::Role;
use reqwest::Method;
use serde_json::json;
use testkit::{Answer, Client, TestApp, chest_film};

async fn begin(client: &Client, size: usize) -> String {
    let answer = client
        .send(
            client
                .request(Method::POST, "/api/uploads")
                .header("tus-resumable", "1.0.0")
                .header("upload-length", size)
                .header("upload-metadata", "filename ZmlsbS5wbmc="),
        )
        .await;
    answer.expect(201);
    answer.headers["location"].to_str().unwrap().to_owned()
}

async fn append(client: &Client, path: &str, from: usize, piece: &[u8]) -> Answer {
    client
        .send(
            client
                .request(Method::PATCH, path)
                .header("tus-resumable", "1.0.0")
                .header("upload-offset", from)
                .header("content-type", "application/offset+octet-stream")
                .body(piece.to_vec()),
        )
        .await
}

async fn arrived(client: &Client, path: &str) -> Answer {
    client
        .send(
            client
                .request(Method::HEAD, path)
                .header("tus-resumable", "1.0.0"),
        )
        .await
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_file_comes_in_pieces_and_becomes_one_report_however_often_it_is_handed_in() {
    let app = TestApp::start().await;
    let patient = app.client(Role::Patient).await;
    let radiologist = app.client(Role::Radiologist).await;
    let film = chest_film(5, 96);
    let (first, second) = film.split_at(film.len() / 3);
    let path = begin(&radiologist, film.len()).await;
    append(&radiologist, &path, 0, first).await.expect(204);
    let here = arrived(&radiologist, &path).await;
    assert_eq!(
        here.headers["upload-offset"],
        first.len().to_string().as_str()
    );
    assert_eq!(
        here.headers["upload-length"],
        film.len().to_string().as_str()
    );
    // The answer was lost and the piece is sent again: refused, with what is here.
    let again = append(&radiologist, &path, 0, first).await.expect(409);
    assert_eq!(again["code"], "wrong_offset");
    let fields = [
        ("patient_id", patient.user_id()),
        ("uploads", id_of(&path).to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let early = radiologist.upload(Vec::new(), &fields).await.expect(409);
    assert_eq!(early["code"], "upload_incomplete");
    append(&radiologist, &path, first.len(), second)
        .await
        .expect(204);
    let taken = radiologist.upload(Vec::new(), &fields).await.expect(201);
    assert_eq!(taken["reports"][0]["files"], json!(["film.png"]));
    assert_eq!(taken["reports"][0]["duplicate"], false);
    let repeated = radiologist.upload(Vec::new(), &fields).await.expect(201);
    assert_eq!(repeated["reports"][0]["duplicate"], true);
    assert_eq!(
        repeated["reports"][0]["report_id"],
        taken["reports"][0]["report_id"]
    );
    // A whole file takes nothing more, so the stored film cannot be written to.
    assert_eq!(
        append(&radiologist, &path, film.len(), b"more")
            .await
            .status,
        204
    );
    let reports = radiologist.get("/api/reports").await.expect(200);
    assert_eq!(reports["items"].as_array().unwrap().len(), 1);
    let report = taken["reports"][0]["report_id"].as_str().unwrap();
    let detail = radiologist
        .get(&format!("/api/reports/{report}"))
        .await
        .expect(200);
    let stored = radiologist
        .get(detail["images"][0]["image_url"].as_str().unwrap())
        .await;
    assert_eq!(stored.bytes, film);
    app.run_jobs().await;
}

#[tokio::test]
async fn pieces_are_refused_that_do_not_fit_and_files_of_others_are_not_seen() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let other = app.client(Role::Radiologist).await;
    let path = begin(&radiologist, 10).await;
    append(&other, &path, 0, b"x").await.expect(404);
    arrived(&other, &path).await.expect(404);
    let too_much = append(&radiologist, &path, 0, b"eleven byte")
        .await
        .expect(413);
    assert_eq!(too_much["code"], "too_large");
    let answer = radiologist
        .send(
            radiologist
                .request(Method::PATCH, &path)
                .header("tus-resumable", "1.0.0")
                .header("upload-offset", "0")
                .json(&json!({})),
        )
        .await;
    answer.expect(415);
    let answer = radiologist
        .send(
            radiologist
                .request(Method::PATCH, &path)
                .header("tus-resumable", "0.2"),
        )
        .await;
    answer.expect(412);
    let answer = radiologist
        .send(
            radiologist
                .request(Method::POST, "/api/uploads")
                .header("tus-resumable", "1.0.0"),
        )
        .await;
    assert_eq!(answer.expect(422)["errors"][0]["field"], "Upload-Length");
    let answer = radiologist
        .send(
            radiologist
                .request(Method::POST, "/api/uploads")
                .header("tus-resumable", "1.0.0")
                .header("upload-length", 1_u64 << 40),
        )
        .await;
    answer.expect(413);
    let unknown = radiologist
        .upload(Vec::new(), &[("uploads", "not an id")])
        .await
        .expect(422);
    assert_eq!(unknown["errors"][0]["field"], "uploads");
    let options = app
        .anonymous()
        .send(app.anonymous().request(Method::OPTIONS, "/api/uploads"))
        .await;
    options.expect(204);
    assert_eq!(options.headers["tus-version"], "1.0.0");
}

#[tokio::test]
async fn what_is_never_finished_is_cleared_and_what_is_given_up_is_gone() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let incoming = app.folder().join("blobs/incoming");
    let files = || std::fs::read_dir(&incoming).unwrap().count();
    let mut radiologist = radiologist;
    let email = radiologist.user["email"].as_str().unwrap().to_owned();
    let path = begin(&radiologist, 10).await;
    append(&radiologist, &path, 0, b"half ").await.expect(204);
    app.advance(Duration::hours(23));
    radiologist
        .sign_in(&email, testkit::PASSWORD)
        .await
        .expect(200);
    // Each piece renews the patience.
    append(&radiologist, &path, 5, b"a").await.expect(204);
    app.advance(Duration::hours(2));
    app.maintenance.frequently().await.unwrap();
    radiologist
        .sign_in(&email, testkit::PASSWORD)
        .await
        .expect(200);
    arrived(&radiologist, &path).await.expect(200);
    app.advance(Duration::hours(23));
    radiologist
        .sign_in(&email, testkit::PASSWORD)
        .await
        .expect(200);
    arrived(&radiologist, &path).await.expect(404);
    assert_eq!(files(), 1);
    app.maintenance.frequently().await.unwrap();
    assert_eq!(files(), 0);

    let path = begin(&radiologist, 10).await;
    assert_eq!(files(), 1);
    let delete = async || {
        radiologist
            .send(
                radiologist
                    .request(Method::DELETE, &path)
                    .header("tus-resumable", "1.0.0"),
            )
            .await
    };
    delete().await.expect(204);
    delete().await.expect(404);
    assert_eq!(files(), 0);
}
