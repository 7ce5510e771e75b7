//! Every image of the collection of real DICOM files becomes a copy that other readers open, with
//! the same pixels and none of the original's identifiers, or is refused by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dicom_object::{FileDicomObject, InMemDicomObject};
use imaging::deidentify::{Profile, Pseudonyms, deidentify};
use imaging::{DicomFile, DicomHeader, Limits, decode};

fn files() -> Vec<(String, Vec<u8>)> {
    let shared = std::env::var_os("PORTAL_SHARED_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(shared.join("dicom")) else {
        eprintln!("skipped: {} is not there", shared.display());
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut files: Vec<(String, Vec<u8>)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "dcm"))
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let id = name.split('_').next().unwrap_or_default().to_owned();
            (id, std::fs::read(path).expect("a file can be read"))
        })
        .collect();
    files.sort();
    files
}

/// Names, numbers and identifiers of the original, in small letters.
fn identifiers(header: &DicomHeader) -> Vec<String> {
    let texts = [
        &header.patient_id,
        &header.patient_name_dicom,
        &header.accession_number,
        &header.referring_physician,
        &header.institution,
    ];
    let words = texts.into_iter().flatten().flat_map(|text| {
        let parts = text.split(|character: char| !character.is_alphanumeric());
        parts
            .filter(|word| word.chars().count() > 3)
            .map(str::to_lowercase)
    });
    let uids = [
        &header.study_uid,
        &header.series_uid,
        &header.sop_instance_uid,
    ];
    let birth = header
        .patient_birth_date
        .map(|date| date.format("%Y%m%d").to_string());
    words
        .chain(uids.into_iter().filter(|uid| uid.len() > 8).cloned())
        .chain(birth)
        // Words of our own: the note of the method, and the date that says nothing.
        .filter(|word| {
            !["medical", "portal", "basic", "application", "19000101"].contains(&word.as_str())
        })
        .collect()
}

/// The bytes before the pixels, in small letters.
fn head(copy: &[u8]) -> Vec<u8> {
    let pixels = copy
        .windows(6)
        .position(|window| window[..4] == [0xE0, 0x7F, 0x10, 0x00] && window[4] == b'O');
    copy[..pixels.unwrap_or(copy.len())].to_ascii_lowercase()
}

#[test]
fn every_image_becomes_a_copy_without_identifiers_or_is_refused() {
    let limits = Limits::default();
    let pseudonyms = Pseudonyms::new([3; 32]);
    let profiles = [
        Profile::default(),
        Profile {
            clean_descriptors: true,
            shift_dates: true,
            retain_device: false,
            blackout: Vec::new(),
        },
    ];
    let mut refused = BTreeMap::<String, usize>::new();
    let mut copies = 0;
    let mut left = Vec::<String>::new();
    for (id, bytes) in &files() {
        for profile in &profiles {
            let copy = match deidentify(bytes, None, profile, &pseudonyms, &limits) {
                Ok(copy) => copy,
                Err(error) => {
                    let reason = error.to_string();
                    *refused
                        .entry(reason.split(':').next().unwrap_or_default().to_owned())
                        .or_default() += 1;
                    continue;
                }
            };
            copies += 1;
            let original = DicomFile::open(bytes, &limits).expect("it was opened before");
            let head = head(&copy.bytes);
            for identifier in identifiers(&original.header()) {
                let found = head
                    .windows(identifier.len())
                    .any(|window| window == identifier.as_bytes());
                if found {
                    left.push(format!(
                        "{id}: an identifier of {} characters is left",
                        identifier.len()
                    ));
                }
            }
            FileDicomObject::<InMemDicomObject>::from_reader(&copy.bytes[..]).unwrap_or_else(
                |error| panic!("{id}: another reader does not open the copy: {error}"),
            );
            assert!(
                decode(bytes, 0, &limits).ok() == decode(&copy.bytes, 0, &limits).ok(),
                "{id}: the pixels of the copy are others"
            );
        }
    }
    assert!(left.is_empty(), "{left:#?}");
    println!("{copies} copies; refused: {refused:#?}");
    assert!(
        copies == 0 && refused.is_empty() || copies > 200,
        "{copies} copies; refused: {refused:#?}"
    );
}
