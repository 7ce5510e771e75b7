//! WADO-RS.

use domain::{Role, scope::Scope};
use testkit::{Client, TestApp};

use crate::{Film, Uids, film, get, parts, store};

async fn filled(films: &[Vec<u8>]) -> (TestApp, Client) {
    let app = TestApp::start().await;
    let machine = app
        .program(Role::Radiologist, &[Scope::DicomwebWrite])
        .await;
    store(&machine, "/studies", films).await;
    let reader = app.program(Role::Doctor, &[Scope::DicomwebRead]).await;
    (app, reader)
}

const FILES: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";

#[tokio::test(flavor = "multi_thread")]
async fn files_come_back_byte_for_byte() {
    let films: Vec<Vec<u8>> = (1..=3)
        .map(|seed| Film { seed, ..film(1) }.file())
        .collect();
    let (_app, reader) = filled(&films).await;
    let uids = Uids::of(&films[0]);
    let one = parts(&get(&reader, &uids.path(), FILES).await);
    assert!(
        one[0]
            .0
            .contains("application/dicom; transfer-syntax=1.2.840.10008.1.2.1"),
        "{}",
        one[0].0
    );
    assert_eq!(one[0].1, films[0]);
    for path in [
        format!("/studies/{}", uids.study),
        format!("/studies/{}/series/{}", uids.study, uids.series),
    ] {
        let all: Vec<Vec<u8>> = parts(&get(&reader, &path, FILES).await)
            .into_iter()
            .map(|part| part.1)
            .collect();
        assert_eq!(all, films, "{path}");
    }
    let other =
        "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.50";
    get(&reader, &uids.path(), other).await.expect(406);
    get(&reader, &uids.path(), "image/png").await.expect(406);
    get(&reader, "/studies/1.2.3", FILES).await.expect(404);
    get(&reader, "/studies/x", FILES).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_whole_and_names_where_bulk_data_are() {
    let file = film(1).file();
    let (_app, reader) = filled(std::slice::from_ref(&file)).await;
    let uids = Uids::of(&file);
    let metadata = get(
        &reader,
        &format!("{}/metadata", uids.path()),
        "application/dicom+json",
    )
    .await
    .expect(200);
    let dataset = &metadata[0];
    assert_eq!(dataset["00100010"]["Value"][0]["Alphabetic"], "Müller^Jörg");
    assert_eq!(dataset["00280010"]["Value"][0], 64);
    let uri = dataset["7FE00010"]["BulkDataURI"].as_str().unwrap();
    let path = uri.split("/dicomweb").nth(1).unwrap();
    let bulk = get(&reader, path, "application/octet-stream").await;
    assert_eq!(bulk.bytes.len(), 64 * 64 * 2);
    assert!(file.ends_with(&bulk.bytes));
    let in_parts = parts(
        &get(
            &reader,
            path,
            "multipart/related; type=\"application/octet-stream\"",
        )
        .await,
    );
    assert_eq!(in_parts[0].1, bulk.bytes);
    get(
        &reader,
        &format!("{}/bulkdata/00280010/1", uids.path()),
        "*/*",
    )
    .await
    .expect(404);
    let xml = get(
        &reader,
        &format!("/studies/{}/metadata", uids.study),
        "multipart/related; type=\"application/dicom+xml\"",
    )
    .await;
    let text = String::from_utf8(parts(&xml)[0].1.clone()).unwrap();
    assert!(
        text.contains("keyword=\"PatientName\"") && text.contains("<BulkData uri=\"http"),
        "{text}"
    );
}

/// The header of a film is read without its pixels: they may be damaged, the header may not. One that is longer than what
/// is read first is read with all that follows.
#[tokio::test(flavor = "multi_thread")]
async fn metadata_come_from_the_first_bytes_where_they_are_enough() {
    let large = Film {
        edge: 400,
        ..film(1)
    }
    .file();
    let mut long = Film { seed: 2, ..film(1) }.file();
    // A private value of 80,000 bytes before the pixels.
    let pixels = long.len() - 64 * 64 * 2 - 12;
    let mut private = b"\xDF\x7F\x10\0LO\x04\0TEST\xDF\x7F\x01\x10UT\0\0\x80\x38\x01\0".to_vec();
    private.extend([b'x'; 80_000]);
    assert!(
        long[pixels..].starts_with(b"\xE0\x7F\x10\0OW"),
        "the pixels begin here"
    );
    long.splice(pixels..pixels, private);
    let (app, reader) = filled(&[large.clone(), long.clone()]).await;
    let metadata = async |file: &[u8]| {
        let path = format!("{}/metadata", Uids::of(file).path());
        get(&reader, &path, "application/dicom+json").await
    };
    let before = metadata(&large).await.expect(200);
    let text = metadata(&long).await.expect(200)[0]["7FDF1001"]["Value"][0].clone();
    assert_eq!(text.as_str().map(str::len), Some(80_000));

    let digest = blobs::Digest::of(&large);
    let stored = app.blobs.path(digest);
    let whole = std::fs::read(&stored).unwrap();
    let damage = |at: usize| {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        std::fs::remove_file(&stored).unwrap();
        std::fs::write(&stored, altered).unwrap();
    };
    damage(whole.len() - 1);
    assert_eq!(metadata(&large).await.expect(200), before);
    let rendered = format!("{}/rendered", Uids::of(&large).path());
    get(&reader, &rendered, "image/png").await.expect(500);
    damage(whole.len() - 300_000);
    metadata(&large).await.expect(500);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_come_plain_and_only_as_many_as_there_are() {
    let file = film(1).file();
    let (_app, reader) = filled(std::slice::from_ref(&file)).await;
    let path = Uids::of(&file).path();
    let octets = "multipart/related; type=\"application/octet-stream\"";
    let frame = parts(&get(&reader, &format!("{path}/frames/1"), octets).await);
    assert_eq!(frame.len(), 1);
    assert!(file.ends_with(&frame[0].1) && frame[0].1.len() == 64 * 64 * 2);
    let twice = parts(&get(&reader, &format!("{path}/frames/1,1"), octets).await);
    assert_eq!(twice.len(), 2);
    let alone = get(
        &reader,
        &format!("{path}/frames/1"),
        "application/octet-stream",
    )
    .await;
    assert_eq!(alone.bytes, frame[0].1);
    for (frames, accept, status) in [
        ("2", octets, 404),
        ("1,2", octets, 404),
        ("0", octets, 400),
        ("x", octets, 400),
        ("1", "image/jp2", 406),
    ] {
        get(&reader, &format!("{path}/frames/{frames}"), accept)
            .await
            .expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_rendered_as_they_are_asked_for() {
    let file = film(1).file();
    let (_app, reader) = filled(std::slice::from_ref(&file)).await;
    let uids = Uids::of(&file);
    let path = uids.path();
    let sides = |bytes: &[u8]| {
        let inspection = imaging::inspect(bytes, &imaging::Limits::default()).unwrap();
        (inspection.width, inspection.height)
    };
    let jpeg = get(&reader, &format!("{path}/rendered"), "*/*").await;
    assert_eq!(jpeg.headers["content-type"], "image/jpeg");
    assert_eq!(sides(&jpeg.bytes), (64, 64));
    let png = get(&reader, &format!("{path}/rendered"), "image/png").await;
    assert_eq!(png.headers["content-type"], "image/png");
    let in_query = get(&reader, &format!("{path}/rendered?accept=image/png"), "*/*").await;
    assert_eq!(in_query.bytes, png.bytes);
    let windowed = get(
        &reader,
        &format!("{path}/rendered?window=100,50,linear"),
        "image/png",
    )
    .await;
    assert_ne!(windowed.bytes, png.bytes);
    for (viewport, expected) in [
        ("32,100", (32, 32)),
        ("128,200", (128, 128)),
        ("40,20,0,0,20,10", (40, 20)),
        ("10,10,60,60,100,100", (10, 10)),
    ] {
        let view = get(
            &reader,
            &format!("{path}/rendered?viewport={viewport}"),
            "image/png",
        )
        .await;
        assert_eq!(sides(&view.bytes), expected, "{viewport}");
    }
    let rough = get(
        &reader,
        &format!("{path}/rendered?quality=10"),
        "image/jpeg",
    )
    .await;
    assert!(rough.bytes.len() < jpeg.bytes.len());
    let annotated = get(
        &reader,
        &format!("{path}/frames/1/rendered?annotation=patient"),
        "image/jpeg",
    )
    .await;
    assert!(
        annotated.headers["warning"]
            .to_str()
            .unwrap()
            .contains("annotations")
    );
    for place in [
        format!("/studies/{}", uids.study),
        format!("/studies/{}/series/{}", uids.study, uids.series),
        path.clone(),
        format!("{path}/frames/1"),
    ] {
        let small = get(
            &reader,
            &format!("{place}/thumbnail?viewport=16,16"),
            "image/jpeg",
        )
        .await;
        assert_eq!(sides(&small.bytes), (16, 16), "{place}");
    }
    for (rest, accept, status) in [
        ("rendered?viewport=0,0", "*/*", 400),
        ("rendered?window=1", "*/*", 400),
        ("rendered", "image/gif", 406),
        ("frames/2/rendered", "*/*", 404),
    ] {
        get(&reader, &format!("{path}/{rest}"), accept)
            .await
            .expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_and_a_series_are_rendered_a_part_a_frame() {
    let films: Vec<Vec<u8>> = (1..=2)
        .map(|seed| Film { seed, ..film(1) }.file())
        .collect();
    let (_app, reader) = filled(&films).await;
    let uids: Vec<Uids> = films.iter().map(|film| Uids::of(film)).collect();
    let mut alone = Vec::new();
    for one in &uids {
        let rendered = format!("{}/rendered", one.path());
        alone.push(get(&reader, &rendered, "image/png").await.bytes);
    }
    assert_ne!(alone[0], alone[1]);
    let png = "multipart/related; type=\"image/png\"";
    for place in [
        format!("/studies/{}", uids[0].study),
        format!("/studies/{}/series/{}", uids[0].study, uids[0].series),
    ] {
        let all = parts(&get(&reader, &format!("{place}/rendered"), png).await);
        for ((head, picture), (one, alone)) in all.iter().zip(uids.iter().zip(&alone)) {
            assert_eq!(picture, alone, "{place}");
            assert!(head.contains("Content-Type: image/png"), "{head}");
            let of = format!("{}/frames/1/rendered", one.path());
            assert!(head.contains(&of), "{head}");
        }
        assert_eq!(all.len(), 2, "{place}");
    }
    let twice = format!("{}/frames/1,1/rendered", uids[0].path());
    assert_eq!(parts(&get(&reader, &twice, png).await).len(), 2);
    get(&reader, "/studies/1.2.3/rendered", png)
        .await
        .expect(404);
}

/// Compressed films of the collection: the stored frame, and the same decoded here.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_frames_come_as_they_are_and_as_plain_samples() {
    let Some(folder) = testkit::shared_folder("dicom") else {
        return;
    };
    let names = [
        "2e5cb608_MR_small_RLE.dcm",
        "4c0049e0_MR_small_jp2klossless.dcm",
        "b2b69dd2_MR_small_jpeg_ls_lossless.dcm",
    ];
    let plain_film = std::fs::read(folder.join("3f27d1c2_MR_small.dcm")).unwrap();
    let native = imaging::DicomFile::open(&plain_film, &imaging::Limits::default())
        .unwrap()
        .stored_frame(0, &imaging::Limits::default())
        .unwrap()
        .bytes
        .into_owned();
    for (name, media) in names
        .iter()
        .zip(["image/dicom-rle", "image/jp2", "image/jls"])
    {
        let file = std::fs::read(folder.join(name)).unwrap();
        let (_app, reader) = filled(std::slice::from_ref(&file)).await;
        let path = Uids::of(&file).path();
        let octets = "multipart/related; type=\"application/octet-stream\"; transfer-syntax=1.2.840.10008.1.2.1";
        let plain = parts(&get(&reader, &format!("{path}/frames/1"), octets).await);
        assert_eq!(plain[0].1, native, "{name}");
        let accept = format!("multipart/related; type=\"{media}\"; transfer-syntax=*");
        let stored = parts(&get(&reader, &format!("{path}/frames/1"), &accept).await);
        assert!(stored[0].0.contains(media), "{}", stored[0].0);
        assert!(stored[0].1.len() < native.len());
    }
}
