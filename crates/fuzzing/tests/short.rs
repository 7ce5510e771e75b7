//! A short run of every target; `make fuzz` is the long one.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::{Duration, Instant},
};

use fuzzing::{Mutator, TARGETS};

/// Inputs a target.
const INPUTS: u64 = 3_000;

#[test]
fn damaged_inputs_end_in_an_answer_or_an_error() {
    let shared = std::env::var_os("PORTAL_SHARED_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let shared = shared.is_dir().then_some(shared.as_path());
    if shared.is_none() {
        println!("the collection of DICOM files is not there; drawn ones are damaged only");
    }
    for target in TARGETS {
        let mutator = Mutator::new((target.corpus)(shared), 1);
        for number in 0..INPUTS {
            let input = mutator.input(number);
            let started = Instant::now();
            let tried = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
            assert!(tried.is_ok(), "{} {number}: it panicked", target.name);
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "{} {number}: it took {:?}",
                target.name,
                started.elapsed()
            );
        }
    }
}

#[test]
fn what_resources_are_damaged_from_can_be_read() {
    let target = TARGETS.iter().find(|target| target.name == "resource");
    let corpus = (target.expect("there is such a target").corpus)(None);
    let readable: Vec<usize> = corpus.iter().map(|body| fhir::readable(body)).collect();
    assert_eq!(readable, [1, 1, 2]);
}

#[test]
fn what_messages_are_damaged_from_can_be_read() {
    let target = TARGETS.iter().find(|target| target.name == "hl7");
    let corpus = (target.expect("there is such a target").corpus)(None);
    for message in corpus {
        assert!(
            hl7::readable(&message),
            "{}",
            String::from_utf8_lossy(&message)
        );
    }
}

#[test]
fn what_forms_and_sessions_are_damaged_from_can_be_read() {
    let corpus = |name: &str| {
        let target = TARGETS.iter().find(|target| target.name == name);
        (target.expect("there is such a target").corpus)(None)
    };
    let folder = tempfile::tempdir().unwrap();
    let blobs = blobs::BlobStore::open(folder.path()).unwrap();
    for form in corpus("upload") {
        let read = api::readable_upload(&blobs, "multipart/form-data; boundary=limit", form);
        assert!(tokio::runtime::Runtime::new().unwrap().block_on(read));
    }
    for lines in corpus("session") {
        let text = String::from_utf8(lines).unwrap();
        let headers = text.lines().map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (
                name.parse::<axum::http::HeaderName>().unwrap(),
                value.parse().unwrap(),
            )
        });
        assert!(api::readable_session(&headers.collect()), "{text}");
    }
}
