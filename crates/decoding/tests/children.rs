//! Decoders that crash, hang and want memory, in children that are `examples/broken_decoder.rs`.

#![cfg(unix)]
// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use decoding::{Decoders, Encoding, Lane, PictureRequest, Program};
use imaging::{ImagingError, Limits, Picture};

fn decoders(each: usize) -> Decoders {
    // deps/children-… beside examples/broken_decoder.
    let here = std::env::current_exe().unwrap();
    let folder = here.parent().and_then(Path::parent).unwrap();
    let program = Program {
        path: folder.join("examples/broken_decoder"),
        arguments: Vec::new(),
    };
    Decoders::in_children(program, each).with_time_limit(Duration::from_secs(3))
}

fn inspect(decoders: &Decoders, bytes: &'static [u8]) -> Result<(), ImagingError> {
    decoders
        .inspect(Lane::Intake, &Bytes::from_static(bytes), &Limits::default())
        .map(drop)
}

fn film() -> Bytes {
    let pixels = (0..64 * 64).map(|at| (at % 251) as u8).collect();
    Picture::grey(64, 64, pixels).encode_png().unwrap().into()
}

#[test]
fn a_crash_a_hang_and_a_huge_allocation_cost_one_file_each() {
    let decoders = decoders(1);
    for (word, code) in [
        (&b"crash"[..], "decoder_failed"),
        (b"allocate", "decoder_failed"),
        (b"write", "decoder_failed"),
        (b"hang", "timed_out"),
        (b"sleep", "timed_out"),
    ] {
        let started = Instant::now();
        let error = inspect(&decoders, word).unwrap_err();
        let word = String::from_utf8_lossy(word);
        assert_eq!(error.code(), code, "{word}: {error}");
        assert!(started.elapsed() < Duration::from_secs(15), "{word}");
        // The next file finds a child as if nothing had been.
        let seen = decoders.inspect(Lane::Intake, &film(), &Limits::default());
        assert_eq!(seen.unwrap().inspection.width, 64, "after {word}");
    }
    let written = std::env::temp_dir().join("written-by-a-decoder");
    // Without Landlock it can be made, and nothing be written into it.
    if let Ok(about) = fs::metadata(&written) {
        assert_eq!(about.len(), 0);
        fs::remove_file(written).unwrap();
    }
}

/// As far as the kernel knows how: without Landlock the other bounds are all there is.
#[cfg(target_os = "linux")]
#[test]
fn a_decoder_that_is_taken_over_opens_no_file_no_connection_and_signals_nobody() {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, Scope,
    };
    let kernel = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let decoders = decoders(1);
    for (words, known) in [
        (
            &[&b"read"[..], b"list"][..],
            kernel().handle_access(AccessFs::from_all(ABI::V1)).is_ok(),
        ),
        (
            &[b"connect"],
            kernel().handle_access(AccessNet::from_all(ABI::V4)).is_ok(),
        ),
        (
            &[b"signal"],
            kernel().scope(Scope::from_all(ABI::V6)).is_ok(),
        ),
    ] {
        for word in words {
            let error = inspect(&decoders, word).unwrap_err();
            let word = String::from_utf8_lossy(word);
            if known {
                assert_eq!(error.code(), "decoder_failed", "{word}: {error}");
            } else {
                println!("skipped: this kernel cannot forbid to {word}");
            }
        }
    }
}

#[test]
fn who_floods_one_lane_keeps_nobody_from_another() {
    let decoders = decoders(1);
    let flood: Vec<_> = (0..3)
        .map(|_| {
            let decoders = decoders.clone();
            std::thread::spawn(move || inspect(&decoders, b"sleep"))
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    let shown = decoders.show(Lane::Screen, &film(), 0, &Limits::default());
    assert_eq!(shown.unwrap().width(), 64);
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    let codes: Vec<_> = flood
        .into_iter()
        .map(|one| one.join().unwrap().unwrap_err().code())
        .collect();
    assert!(
        codes.contains(&"timed_out") && codes.contains(&"busy"),
        "{codes:?}"
    );
}

/// Every file of the collection comes out of a child as it does here.
#[test]
fn children_see_what_this_process_sees() {
    let shared = std::env::var("PORTAL_SHARED_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let folder = Path::new(&shared).join("dicom");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    // Some of the files are large, and other tests run beside.
    let there = decoders(2).with_time_limit(decoding::DECODE_TIME);
    let here = Decoders::in_threads();
    let limits = Limits::default();
    let mut files = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        if !path.is_file() || path.extension().is_some_and(|end| end == "tsv") {
            continue;
        }
        let bytes = Bytes::from(fs::read(&path).unwrap());
        if bytes.len() > 3_000_000 {
            continue;
        }
        let name = path.display();
        let lane = Lane::Analysis;
        assert_eq!(
            there.inspect(lane, &bytes, &limits),
            here.inspect(lane, &bytes, &limits),
            "{name}"
        );
        assert_eq!(
            there.samples(lane, &bytes, 0, &limits),
            here.samples(lane, &bytes, 0, &limits),
            "{name}"
        );
        let request = PictureRequest {
            frame: 0,
            window: None,
            size: Some(64),
            viewport: None,
            encoding: Encoding::Jpeg(90),
        };
        assert_eq!(
            there.encode(lane, &bytes, request, &limits),
            here.encode(lane, &bytes, request, &limits),
            "{name}"
        );
        files += 1;
    }
    println!("{files} files");
}
