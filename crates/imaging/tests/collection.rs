//! Every file of the collection of real DICOM files is decoded or refused with a reason. The
//! files are not part of the project; without them the test says so and passes. What became of
//! each is held in `collection.txt`: transfer syntax, size, how its grey was made, and the first
//! digits of the SHA-256 of the rendered picture; nothing of a patient, no name of a file.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use imaging::{Limits, Picture, Raster, render_with_report};
use sha2::{Digest, Sha256};

/// The folder of the collection, if it is there.
fn collection() -> Option<PathBuf> {
    let shared = std::env::var_os("PORTAL_SHARED_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("dicom");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

fn files() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = collection() else {
        return Vec::new();
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "dcm"))
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            // The part before the underscore is a hash of the contents.
            let id = name.split('_').next().unwrap_or_default().to_owned();
            (id, std::fs::read(path).expect("a file can be read"))
        })
        .collect();
    files.sort();
    files
}

fn digest(picture: &Picture) -> String {
    hex::encode(Sha256::digest(picture.pixels()))[..12].to_owned()
}

fn outcome(bytes: &[u8]) -> String {
    let limits = Limits::default();
    let inspection = match imaging::inspect(bytes, &limits) {
        Ok(inspection) => inspection,
        Err(error) => return format!("refused {}", error.code()),
    };
    let header = inspection
        .dicom
        .as_ref()
        .expect("the collection is all DICOM");
    let mut line = format!(
        "{} {}x{}x{} {} bits ",
        header.transfer_syntax_uid,
        inspection.width,
        inspection.height,
        inspection.frames,
        inspection.bits_stored
    );
    let result =
        imaging::guard::decode_guarded(Arc::from(bytes), 0, limits, Duration::from_secs(60));
    match result {
        Ok(raster) => {
            let rendered = render_with_report(&raster, None);
            if rendered.picture.uniform().is_some() {
                assert!(raster.is_uniform(), "data that differ became one grey");
                line.push_str("uniform ");
            }
            let kind = serde_json::to_value(rendered.voi).expect("it serialises");
            write!(
                line,
                "{} {}",
                kind["kind"].as_str().unwrap_or_default(),
                digest(&rendered.picture)
            )
            .expect("a string can be written");
        }
        Err(error) => write!(line, "undecoded {}", error.code()).expect("a string can be written"),
    }
    line
}

#[test]
fn every_file_is_decoded_or_refused_with_a_reason() {
    let files = files();
    if files.is_empty() {
        return;
    }
    if std::env::var_os("UPDATE_COLLECTION").is_some() {
        write_table(&files);
    }
    let expected: BTreeMap<&str, &str> = include_str!("collection.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    let mut changed = String::new();
    for (id, bytes) in &files {
        let found = catch_unwind(|| outcome(bytes)).unwrap_or_else(|_| "panicked".to_owned());
        // A file that the table does not know only has to come to a named end.
        assert_ne!(found, "panicked", "{id}");
        if let Some(expected) = expected
            .get(id.as_str())
            .filter(|expected| **expected != found)
        {
            writeln!(changed, "{id}\n  was {expected}\n  is  {found}")
                .expect("a string can be written");
        }
    }
    assert!(
        changed.is_empty(),
        "outcomes changed; if rightly so, run with UPDATE_COLLECTION=1\n{changed}"
    );
}

fn write_table(files: &[(String, Vec<u8>)]) {
    let text: String = files
        .iter()
        .map(|(id, bytes)| format!("{id} {}\n", outcome(bytes)))
        .collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/collection.txt");
    std::fs::write(path, text).expect("the table can be written");
}

#[test]
fn every_frame_of_every_file_decodes_or_fails_with_a_reason() {
    let limits = Limits::default();
    for (id, bytes) in files() {
        let Ok(inspection) = imaging::inspect(&bytes, &limits) else {
            continue;
        };
        for frame in (0..inspection.frames).step_by(7) {
            match imaging::decode(&bytes, frame, &limits) {
                Ok(raster) => assert_eq!(
                    (raster.width(), raster.height()),
                    (inspection.width, inspection.height),
                    "{id}"
                ),
                Err(error) => assert!(!error.to_string().is_empty(), "{id}"),
            }
        }
        let beyond = imaging::decode(&bytes, inspection.frames, &limits)
            .expect_err("there is no such frame");
        assert!(
            ["frame_out_of_range", "unsupported_pixels"].contains(&beyond.code()),
            "{id}: {}",
            beyond.code()
        );
    }
}

/// Wherever the first bytes are said to be enough for the header, it is the one of the whole file.
#[test]
fn a_header_told_from_the_first_bytes_is_that_of_the_file() {
    let limits = Limits::default();
    let mut told = 0;
    for (id, bytes) in files() {
        let whole = imaging::DicomFile::open(&bytes, &limits).map(|file| file.full_json());
        for length in [200, 1000, 4096, 1 << 16, bytes.len().saturating_sub(1)] {
            let start = &bytes[..length.min(bytes.len())];
            let header = imaging::DicomFile::full_json_of_start(start, bytes.len() as u64, &limits);
            if start.len() == bytes.len() {
                assert_eq!(header.is_ok(), whole.is_ok(), "{id}");
            }
            if let Ok(Some(header)) = header {
                assert_eq!(Some(&header), whole.as_ref().ok(), "{id}, {length} bytes");
                told += usize::from(start.len() < bytes.len());
            }
            if let Ok(Some((inspection, metadata))) =
                imaging::inspect_start(start, bytes.len() as u64, &limits)
            {
                let known = imaging::inspect(&bytes, &limits);
                assert_eq!(Some(inspection), known.ok(), "{id}, {length} bytes");
                let known = imaging::dicom_metadata(&bytes, &limits);
                assert_eq!(Some(metadata), known.ok(), "{id}, {length} bytes");
            }
        }
    }
    assert!(told > 20 || files().is_empty(), "only {told} were told so");
}

#[test]
fn metadata_is_small_json_without_escapes() {
    let limits = Limits::default();
    for (id, bytes) in files() {
        let Ok(metadata) = imaging::dicom_metadata(&bytes, &limits) else {
            continue;
        };
        let text = metadata.to_string();
        assert!(
            !text.contains("\\u001b"),
            "{id} holds a raw escape sequence"
        );
        assert!(!text.contains("7FE00010"), "{id} holds pixel data");
    }
}

/// Cut off anywhere, or with a byte changed, a file is still an answer and never a panic.
#[test]
fn damaged_files_never_panic() {
    let limits = Limits {
        maximum_pixels: 4_000_000,
        ..Limits::default()
    };
    for (id, bytes) in files()
        .into_iter()
        .filter(|(_, bytes)| bytes.len() < 70_000)
    {
        let mut state = 0x9E37_79B9_u32 ^ bytes.len() as u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize
        };
        for round in 0..24 {
            let mut damaged = bytes.clone();
            if round % 3 == 0 {
                damaged.truncate(next() % bytes.len());
            } else {
                for _ in 0..=round / 3 {
                    let at = next() % damaged.len();
                    damaged[at] = next() as u8;
                }
            }
            let result = catch_unwind(|| {
                let _ = imaging::dicom_metadata(&damaged, &limits);
                if let Ok(raster @ (Raster::Grey(_) | Raster::Rgb8(_))) =
                    imaging::decode(&damaged, 0, &limits)
                {
                    let _ = imaging::render(&raster, None);
                    let _ = imaging::frame_samples_le(&raster);
                }
            });
            assert!(result.is_ok(), "{id} panicked in round {round}");
        }
    }
}
