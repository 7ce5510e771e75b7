//! What lies on the disk after a real upload: beside PostgreSQL's own files no film, no name of its header, no key; in an
//! open dump no film and no key.

use std::path::{Path, PathBuf};

use crate::{
    backup::{Clinic, running},
    serve::Signed,
    support::Serving,
};

/// Every file below a folder, but for PostgreSQL's own.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in std::fs::read_dir(&current).unwrap().flatten() {
            let path = entry.path();
            match entry.file_type().unwrap() {
                kind if kind.is_dir() && path.file_name().unwrap() != "postgres" => {
                    folders.push(path);
                }
                kind if kind.is_file() => found.push(path),
                _ => {}
            }
        }
    }
    found
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn no_film_lies_open_beside_the_database_or_in_a_backup_and_no_key_in_a_dump() {
    let clinic = Clinic::new();
    let (data, store) = (clinic.data(), clinic.path("store"));
    let mut serving = Serving::start(&data, &["--workers", "1"]);
    let radiologist = Signed::sign_in(&serving.base, "radiologist@example.com");
    let patient = Signed::sign_in(&serving.base, "patient@example.com").user_id;
    let film = testkit::dicom_film(1, "9-no-such-number");
    let name = b"Test^Patient".as_slice();
    let pixels = film[film.len() - 64..].to_vec();
    assert!(contains(&film, name) && pixels.iter().any(|byte| *byte != pixels[0]));
    radiologist.upload(film, &patient).unwrap();
    clinic.create(&store);

    // The film is there, encrypted.
    let images = crate::backup::images_in(&data);
    assert_eq!(images.len(), 1);
    let storage = std::fs::read_to_string(data.join("keys/storage.key")).unwrap();
    let storage = storage.lines().last().unwrap().rsplit(' ').next().unwrap();
    let signing = std::fs::read_to_string(data.join("keys/audit-signing.key")).unwrap();
    let signing = signing.lines().last().unwrap();
    let secrets = [storage.as_bytes(), signing.as_bytes()];
    let mut read = 0;
    for path in files(&data).into_iter().chain(files(&store)) {
        let bytes = std::fs::read(&path).unwrap();
        read += bytes.len();
        for wanted in [name, &pixels] {
            assert!(!contains(&bytes, wanted), "{} has it", path.display());
        }
        for secret in secrets {
            let is_key_file = path.starts_with(data.join("keys"));
            assert!(
                is_key_file || !contains(&bytes, secret),
                "{} has a key",
                path.display()
            );
        }
    }
    assert!(read > 50_000, "{read} bytes were looked at");

    let programs = pg_embed::binaries::find(None).unwrap();
    let url = running(&data).url("postgres", "portal");
    let dump = std::process::Command::new(programs.directory().join("pg_dump"))
        .arg(url)
        .output()
        .unwrap();
    assert!(dump.status.success() && dump.stdout.len() > 100_000);
    assert!(contains(&dump.stdout, b"medical_reports"));
    // Names are in rows, the film's own among them: an open dump is as secret as the database.
    for wanted in [pixels.as_slice()].into_iter().chain(secrets) {
        assert!(
            !contains(&dump.stdout, wanted),
            "the dump has {}",
            String::from_utf8_lossy(wanted)
        );
    }
    assert!(serving.interrupt().success());
}
