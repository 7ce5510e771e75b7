//! Uploads of somebody who means harm: names, bytes and headers made to be something else than a film.
//! Each is refused by name or kept as bytes that nothing takes for anything but a film.

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

use domain::Role;
use imaging::write::{GreyImage, GreySamples, Identity, dicom_from_grey};
use serde_json::Value;
use testkit::{Client, TestApp, chest_film, dicom_film};

use crate::upload::register;

/// Everything below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

/// Files that came since, each of which must lie in the store under a name of the store's own making.
fn only_the_store_grew(app: &TestApp, before: &BTreeSet<PathBuf>) -> usize {
    let after = files(app.folder());
    let new: Vec<_> = after.difference(before).collect();
    for path in &new {
        let inside = path.strip_prefix(app.folder().join("blobs"));
        let inside =
            inside.unwrap_or_else(|_| panic!("{} is outside of the store", path.display()));
        let name = inside.file_name().unwrap().to_str().unwrap();
        let name = name.strip_suffix(".sealed").unwrap_or(name);
        assert!(
            name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{} is no name of the store",
            inside.display()
        );
    }
    new.len()
}

async fn images_of(client: &Client, receipt: &Value) -> Vec<String> {
    let mut urls = Vec::new();
    for report in receipt["reports"].as_array().unwrap() {
        let id = report["report_id"].as_str().unwrap();
        let detail = client.get(&format!("/api/reports/{id}")).await.expect(200);
        urls.extend(
            detail["images"]
                .as_array()
                .unwrap()
                .iter()
                .map(|image| image["image_url"].as_str().unwrap().to_owned()),
        );
    }
    urls
}

fn refusals(receipt: &Value) -> Vec<(&str, &str)> {
    receipt["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["file"].as_str().unwrap(),
                file["code"].as_str().unwrap(),
            )
        })
        .collect()
}

/// A DICOM file whose study, series and instance say this of themselves, in at most 64 bytes.
fn film_of(seed: u8, study_uid: &str) -> Vec<u8> {
    if let Some(film) = proper_film_of(seed, study_uid) {
        return film;
    }
    // Nobody writes such a header but by hand: a proper identifier of the greatest length is overwritten.
    let stand_in = format!("1.{}", "7".repeat(62));
    let mut film = proper_film_of(seed, &stand_in).unwrap();
    let mut hostile = study_uid.as_bytes().to_vec();
    hostile.resize(64, 0);
    while let Some(at) = film
        .windows(64)
        .position(|part| part == stand_in.as_bytes())
    {
        film[at..at + 64].copy_from_slice(&hostile);
    }
    film
}

fn proper_film_of(seed: u8, study_uid: &str) -> Option<Vec<u8>> {
    let samples = vec![seed; 64 * 64];
    let image = GreyImage {
        width: 64,
        height: 64,
        samples: GreySamples::Eight(&samples),
        inverted: false,
        window: None,
    };
    let identity = Identity {
        patient_id: "HOSP-1".to_owned(),
        study_uid: study_uid.to_owned(),
        series_uid: study_uid.to_owned(),
        sop_instance_uid: study_uid.to_owned(),
        ..Identity::default()
    };
    dicom_from_grey(&image, &identity).ok()
}

#[tokio::test]
async fn names_of_files_are_never_paths() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let before = files(app.folder());
    let names = [
        "../../../../../../tmp/escaped.png",
        "/etc/cron.d/escaped",
        "..\\..\\windows\\escaped.png",
        "C:\\escaped.png",
        "blobs/../../escaped.png",
        "\u{202e}gnp.film",
        "<img src=x onerror=alert(1)>.png",
        "%2e%2e%2fescaped.png",
        "con.png",
        "",
    ];
    let sent = names
        .iter()
        .zip(1..)
        .map(|(name, seed)| (*name, chest_film(seed, 40)))
        .collect();
    let receipt = radiologist
        .upload(sent, &[("patient_id", &patient)])
        .await
        .expect(201);
    let urls = images_of(&radiologist, &receipt).await;
    assert_eq!(
        urls.len() + refusals(&receipt).len(),
        names.len(),
        "{receipt}"
    );
    assert!(urls.len() >= 10, "{receipt}");
    assert!(only_the_store_grew(&app, &before) >= urls.len());
    for url in urls {
        let original = radiologist.get(&url).await;
        let disposition = original.headers["content-disposition"].to_str().unwrap();
        assert!(
            disposition.starts_with("attachment") && !disposition.contains(['/', '\\', '<']),
            "{disposition}"
        );
    }
    let long = "n".repeat(500_000);
    let film = vec![(long.as_str(), chest_film(98, 40))];
    let receipt = radiologist
        .upload(film, &[("patient_id", &patient)])
        .await
        .expect(201);
    let told = receipt["reports"][0]["files"][0].as_str().unwrap();
    assert!(told.len() < 200, "{} characters are said back", told.len());
    let film = vec![("film.png\u{0}.html", chest_film(99, 40))];
    let refused = radiologist
        .upload(film, &[("patient_id", &patient)])
        .await
        .expect(400);
    assert_eq!(refused["code"], "malformed");
}

/// Bytes that are a film and something else: they are a film for whoever asks the portal, and nothing else.
#[tokio::test]
async fn what_is_a_film_and_something_else_is_served_as_a_film_only() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let script = b"<html><script>alert(document.cookie)</script></html>";
    let with_tail = |mut film: Vec<u8>, tail: &[u8]| {
        film.extend_from_slice(tail);
        film
    };
    // The 128 bytes before `DICM` are free for all (PS3.10 7.1): what other programs know files by.
    let with_preamble = |seed, preamble: &[u8]| {
        let mut film = dicom_film(seed, "HOSP-1");
        film[..128].fill(b' ');
        film[..preamble.len()].copy_from_slice(preamble);
        film
    };
    let sent = vec![
        ("page.html", with_tail(chest_film(1, 40), script)),
        (
            "archive.zip",
            with_tail(chest_film(2, 40), b"PK\x05\x06\0\0\0\0\0\0\0\0"),
        ),
        ("program.exe", with_preamble(3, b"MZ\x90\0\x03")),
        ("page.htm", with_preamble(4, script)),
        ("paper.pdf", with_preamble(5, b"%PDF-1.7\n")),
        ("script.sh", with_preamble(6, b"#!/bin/sh\nrm -rf /\n")),
    ];
    let count = sent.len();
    let receipt = radiologist
        .upload(sent, &[("patient_id", &patient)])
        .await
        .expect(201);
    let urls = images_of(&radiologist, &receipt).await;
    assert_eq!(urls.len() + refusals(&receipt).len(), count, "{receipt}");
    assert!(!urls.is_empty());
    for url in urls {
        for (path, kinds) in [
            (url.clone(), &["image/png", "application/dicom"][..]),
            (format!("{url}/rendered"), &["image/png"]),
            (format!("{url}/thumbnail"), &["image/jpeg", "image/png"]),
        ] {
            let answer = radiologist.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            let header = |name: &str| answer.headers[name].to_str().unwrap();
            assert!(kinds.contains(&header("content-type")), "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert!(
                header("content-security-policy").contains("default-src 'none'")
                    || header("content-security-policy").contains("default-src 'self'")
            );
            if path == url {
                assert!(header("content-disposition").starts_with("attachment"));
            } else {
                assert!(
                    !answer.bytes.windows(8).any(|part| part == b"<script>"),
                    "{path} carries what was appended"
                );
            }
        }
    }
}

#[tokio::test]
async fn drawings_pages_and_archives_are_refused_whatever_they_are_called() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let before = files(app.folder());
    let refused = [
        ("a.png", &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..]),
        ("b.jpg", b"\xef\xbb\xbf<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>"),
        ("c.dcm", b"<!doctype html><script>alert(1)</script>"),
        ("d.png", b"GIF89a/*\x01\0\x01\0*/=1;alert(1)"),
        ("e.dcm", b"%PDF-1.7 1 0 obj"),
        ("f.jpeg", b"\x7fELF\x02\x01\x01"),
        ("g.png", b"PK\x03\x04\x14\0\0\0\x08\0"),
        ("h.dcm", b"Rar!\x1a\x07\x01\0"),
        ("i.png", b"BM\x3a\0\0\0"),
        ("j.png", b"push graphic-context\nfill 'url(https://example.org/x)'"),
    ];
    let sent = refused
        .iter()
        .map(|(name, bytes)| (*name, bytes.to_vec()))
        .collect();
    let receipt = radiologist
        .upload(sent, &[("patient_id", &patient)])
        .await
        .expect(422);
    let expected: Vec<_> = refused
        .iter()
        .map(|(name, _)| (*name, "not_an_image"))
        .collect();
    assert_eq!(refusals(&receipt), expected);
    assert_eq!(
        only_the_store_grew(&app, &before),
        0,
        "nothing of them stays"
    );
}

#[tokio::test]
async fn identifiers_of_a_header_are_neither_paths_nor_statements_nor_another_patients_study() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    register(&radiologist, "HOSP-1").await;
    let before = files(app.folder());
    let hostile = [
        "../../../../tmp/escaped",
        "1.2'; DROP TABLE medical_reports; --",
        "1.2\\1.3",
        "<script>alert(1)</script>",
        "%s%n${jndi:ldap://127.0.0.1/a}",
        "1..2",
        "01.002",
        "",
        "1.2.\u{0}3",
        "1\r\nSet-Cookie: a=b",
    ];
    let names: Vec<String> = (0..hostile.len())
        .map(|number| format!("{number}.dcm"))
        .collect();
    let sent = names
        .iter()
        .zip(hostile.iter().zip(1..))
        .map(|(name, (uid, seed))| (name.as_str(), film_of(seed, uid)))
        .collect();
    let answer = radiologist.upload(sent, &[]).await;
    let receipt = answer.json();
    let kept = receipt["reports"].as_array().map_or(0, Vec::len);
    assert_eq!(
        kept + receipt["rejected"].as_array().map_or(0, Vec::len),
        hostile.len(),
        "{receipt}"
    );
    only_the_store_grew(&app, &before);
    let mut superuser = app.test_database.superuser().await;
    let study_uids: Vec<Option<String>> =
        sqlx::query_scalar("SELECT study_uid FROM medical_reports")
            .fetch_all(&mut superuser)
            .await
            .unwrap();
    assert_eq!(study_uids.len(), kept);
    for uid in study_uids.into_iter().flatten() {
        assert!(
            uid.len() <= 64
                && uid
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.'),
            "{uid:?} is taken for a study"
        );
    }
    // The study of somebody else does not take a film in.
    let patient = register(&radiologist, "HOSP-2").await;
    let mine = film_of(77, "1.2.3.4");
    radiologist
        .upload(vec![("mine.dcm", mine)], &[])
        .await
        .expect(201);
    let mut theirs = film_of(78, "1.2.3.4");
    let number = theirs
        .windows(6)
        .position(|part| part == b"HOSP-1")
        .unwrap();
    theirs[number + 5] = b'2';
    let theirs = radiologist
        .upload(vec![("theirs.dcm", theirs)], &[("patient_id", &patient)])
        .await
        .expect(422);
    assert_eq!(
        refusals(&theirs),
        [("theirs.dcm", "study_of_other_patient")]
    );
}

fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend_from_slice(kind);
    chunk.extend_from_slice(data);
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..]);
    chunk.extend_from_slice(&sum.sum().to_be_bytes());
    chunk
}

fn zeros_compressed(millions: usize) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..millions {
        writer.write_all(&[0; 1_000_000]).unwrap();
    }
    writer.finish().unwrap()
}

/// Small files that claim to be, or become, huge ones.
#[tokio::test]
async fn floods_of_pixels_and_bombs_are_refused_from_their_heads() {
    let app = TestApp::start().await;
    let radiologist = app.client(Role::Radiologist).await;
    let patient = register(&radiologist, "HOSP-1").await;
    let png = |width: u32, height: u32, rest: &[Vec<u8>]| {
        let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
        head.extend_from_slice(&[8, 0, 0, 0, 0]);
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        file.extend(png_chunk(b"IHDR", &head));
        for chunk in rest {
            file.extend_from_slice(chunk);
        }
        file.extend(png_chunk(b"IEND", &[]));
        file
    };
    let mut flood = film_of(1, "1.2.3");
    // Rows and Columns (0028,0010), (0028,0011) become 65,535.
    for tag in [[0x28, 0, 0x10, 0], [0x28, 0, 0x11, 0]] {
        let at = flood.windows(4).position(|part| part == tag).unwrap() + 8;
        flood[at..at + 2].copy_from_slice(&[0xff, 0xff]);
    }
    let mut profile = b"profile\0\0".to_vec();
    profile.extend(zeros_compressed(400));
    let sent = vec![
        (
            "pixels.png",
            png(60_000, 60_000, &[png_chunk(b"IDAT", &zeros_compressed(1))]),
        ),
        (
            "sides.png",
            png(
                u32::MAX >> 1,
                1,
                &[png_chunk(b"IDAT", &zeros_compressed(1))],
            ),
        ),
        ("rows.dcm", flood),
        (
            "profile.png",
            png(
                40,
                40,
                &[
                    png_chunk(b"iCCP", &profile),
                    png_chunk(b"IDAT", &zeros_compressed(1)),
                ],
            ),
        ),
    ];
    let started = std::time::Instant::now();
    let receipt = radiologist
        .upload(sent, &[("patient_id", &patient)])
        .await
        .json();
    let took = started.elapsed();
    let refused = refusals(&receipt);
    for name in ["pixels.png", "sides.png"] {
        assert!(
            refused.contains(&(name, "too_many_pixels")),
            "{name}: {receipt}"
        );
    }
    // A DICOM file that lies of its size is kept for a human; nothing of it is unpacked.
    assert!(took.as_secs() < 30, "{took:?}");
    app.run_jobs().await;
    assert_eq!(
        radiologist
            .upload(
                vec![("film.png", chest_film(9, 40))],
                &[("patient_id", &patient)]
            )
            .await
            .expect(201)["reports"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
