//! The parsers that meet what strangers send.

use std::{fs, path::Path};

use axum::http::{HeaderName, HeaderValue};
use blobs::BlobStore;
use imaging::{
    Limits,
    write::{GreyImage, GreySamples, Identity, ObjectClass, dicom_from_grey},
};

/// A parser under test.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What it is given to begin with.
    pub corpus: fn(shared: Option<&Path>) -> Vec<Vec<u8>>,
    /// Tries one input. Returning at all is what counts.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    Target {
        name: "dicom",
        corpus: dicom_corpus,
        run: open_film,
    },
    Target {
        name: "picture",
        corpus: picture_corpus,
        run: open_film,
    },
    Target {
        name: "query",
        corpus: |_| {
            vec![
                b"PatientName=M%C3%BCller*&StudyDate=20250101-&limit=25&offset=5&includefield=all".to_vec(),
                b"0020000D=1.2.3,1.2.4&StudyTime=10-1130.5&ModalitiesInStudy=CR%5CDX&fuzzymatching=true".to_vec(),
            ]
        },
        run: |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let _ = dicomweb::query::Query::parse(dicomweb::query::Level::Instance, &text);
        },
    },
    Target {
        name: "parts",
        corpus: |_| {
            vec![b"--b\r\nContent-Type: application/dicom\r\n\r\nfilm\r\n--b\r\nContent-Type: application/dicom; \
                   transfer-syntax=1.2\r\nContent-Location: x\r\n\r\nanother\r\n--b--\r\n"
                .to_vec()]
        },
        run: |bytes| {
            let kind = String::from_utf8_lossy(bytes);
            let _ = dicomweb::boundary_of(&kind);
            let pieces = bytes.chunks(7).map(bytes::Bytes::copy_from_slice).collect();
            let _ = futures::executor::block_on(dicomweb::count_parts(pieces, "b"));
        },
    },
    Target {
        name: "resource",
        corpus: resource_corpus,
        run: |bytes| {
            let _ = fhir::readable(bytes);
        },
    },
    Target {
        name: "search",
        corpus: |_| {
            vec![
                b"patient.identifier=urn:a|1,2&date=ge2026-01&date=lt2026-02-01T10:00:00%2B01:00&_include=DiagnosticReport:result".to_vec(),
                b"name:contains=M%C3%BCl&birthdate=1950&_revinclude=Observation:subject&_count=10&_cursor=AAAA&_id=1".to_vec(),
            ]
        },
        run: |bytes| {
            let pairs: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
            for kind in domain::scope::FhirKind::ALL {
                for is_strict in [true, false] {
                    let _ = fhir::query::Query::parse(
                        *kind,
                        &pairs,
                        is_strict,
                        "http://localhost/fhir",
                    );
                }
            }
        },
    },
    Target {
        name: "hl7",
        corpus: hl7_corpus,
        run: |bytes| {
            let _ = hl7::readable(bytes);
        },
    },
    Target {
        name: "upload",
        corpus: upload_corpus,
        run: read_upload,
    },
    Target {
        name: "session",
        corpus: session_corpus,
        run: read_session,
    },
    Target {
        name: "manifest",
        corpus: |_| vec![include_bytes!("../../../models/chest-paediatric/model.toml").to_vec()],
        run: |bytes| {
            if let Ok(text) = std::str::from_utf8(bytes) {
                let _ = ai::Manifest::parse(text);
            }
        },
    },
];

fn hl7_corpus(_: Option<&Path>) -> Vec<Vec<u8>> {
    let head = "MSH|^~\\&|HIS|WARD|PORTAL|XRAY|20261126080000+0000||";
    let person = "PID|1||E-1^^^St. Mary&1.2.3&ISO^MR~77^^^Clinic^PI||L\\T\\lace^Ada^King||18151210|F|||||555-1";
    [
        format!("{head}ADT^A04^ADT_A01|1|P|2.5.1||||||UNICODE UTF-8\rEVN|A04\r{person}\r"),
        format!(
            "{head}ORM^O01|2|P|2.3.1\r{person}\rORC|NW|O-1^HIS|F-1||SC||1^^^20261126093000+0100^^S||20261125|||77^House^Greg\r\
             OBR|1|O-1^HIS||XR-CHEST^Chest X-ray^L||||||||||||||ACC-1||||||DX|||||||R05^Cough^I10\r"
        ),
        format!(
            "{head}OMI^O23|3|P|2.5.1||||||8859/1\r{person}\rORC|XO|O-1^HIS\rTQ1|1||||||20261126083000||S\r\
             OBR|1|||XR^Chest\rIPC|ACC-1|RP-1|1.2.3|SPS-1|DX|||Room 1|CR1\r"
        ),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Forms as a browser and as `curl` write them.
fn upload_corpus(_: Option<&Path>) -> Vec<Vec<u8>> {
    let text = |name: &str, value: &str| {
        format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = |name: &str, kind: &str, bytes: &[u8]| {
        let mut part = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
        )
        .into_bytes();
        part.extend_from_slice(bytes);
        part.extend_from_slice(b"\r\n");
        part
    };
    let patient = text("patient_id", "0199f0a0-0000-7000-8000-000000000001");
    let words =
        text("patient_age", "4") + &text("patient_gender", "F") + &text("symptoms", "cough, fever");
    let history = text("medical_history", r#"{"note":"none"}"#);
    let earlier = text("uploads", "0199f0a0-0000-7000-8000-000000000002");
    let picture = file("film.png", "image/png", &picture_corpus(None)[0]);
    let film = file("films/film.dcm", "application/dicom", &drawn_film());
    let end: &[u8] = b"--limit--\r\n";
    vec![
        [patient.as_bytes(), &picture, end].concat(),
        [words.as_bytes(), history.as_bytes(), &film, &picture, end].concat(),
        [earlier.as_bytes(), end].concat(),
    ]
}

fn read_upload(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = BlobStore::open(folder.path()).expect("a store can be made in it");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without timers and sockets can be made");
    let form = "multipart/form-data; boundary=limit";
    let _ = runtime.block_on(api::readable_upload(&store, form, bytes.to_vec()));
    // What follows "boundary=" is a stranger's as well.
    let kind = String::from_utf8_lossy(bytes);
    let _ = runtime.block_on(api::readable_upload(&store, &kind, Vec::new()));
}

/// Headers, a line each.
fn session_corpus(_: Option<&Path>) -> Vec<Vec<u8>> {
    let token = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80";
    [
        format!("cookie: portal_session={token}\nsec-fetch-site: same-origin"),
        format!("cookie: a=b; __Host-portal_session={token}; c=\"d\"\norigin: https://portal.example\nhost: portal.example"),
        format!("authorization: Bearer {token}\ncookie: portal_session=x"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

fn read_session(bytes: &[u8]) {
    let headers = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
            Some((name, value))
        })
        .collect();
    let _ = api::readable_session(&headers);
}

fn resource_corpus(_: Option<&Path>) -> Vec<Vec<u8>> {
    let patient = r#"{"resourceType":"Patient","identifier":[{"system":"urn:a","value":"P1"}],
        "name":[{"family":"Müller","given":["Ada"]}],"gender":"female","birthDate":"1950-02-28",
        "telecom":[{"system":"phone","value":"+49 1"}]}"#;
    let order = r#"{"resourceType":"ServiceRequest","status":"active","intent":"order","priority":"stat",
        "identifier":[{"system":"urn:a","value":"O1"},{"type":{"coding":[{"code":"ACSN"}]},"value":"A1"}],
        "code":{"coding":[{"system":"http://loinc.org","code":"36643-5"}],"text":"Chest"},
        "subject":{"reference":"urn:uuid:0199f0a0-0000-7000-8000-000000000001"},
        "occurrencePeriod":{"start":"2026-11-26T10:00:00+01:00"},"authoredOn":"2026-11-26",
        "performer":[{"identifier":{"system":"urn:medical-portal:ae-title","value":"CR1"}}]}"#;
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"fullUrl":"urn:uuid:0199f0a0-0000-7000-8000-000000000001","resource":{patient},
          "request":{{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:a|P1"}}}},
        {{"resource":{order},"request":{{"method":"PUT","url":"ServiceRequest?identifier=urn:a|O1","ifMatch":"W/\"1\""}}}}]}}"#
    );
    [patient, order, &bundle]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}

/// Small enough that a damaged length cannot make one input take minutes.
const LIMITS: Limits = Limits {
    maximum_bytes: 4 << 20,
    maximum_pixels: 4_000_000,
    maximum_inflated_bytes: 16 << 20,
    maximum_elements: 50_000,
};

/// All that is done with a film: its header for the record, its picture for the screen and the model,
/// its samples for the viewer.
fn open_film(bytes: &[u8]) {
    let Ok(inspection) = imaging::inspect(bytes, &LIMITS) else {
        return;
    };
    if inspection.dicom.is_some() {
        let _ = imaging::dicom_metadata(bytes, &LIMITS);
        if let Ok(file) = imaging::DicomFile::open(bytes, &LIMITS) {
            let _ = file.full_json();
            let _ = file.bulk("7FE00010");
            let _ = file.plain_frame(0, &LIMITS);
        }
    }
    for frame in [0, inspection.frames.saturating_sub(1)] {
        if let Ok(raster) = imaging::decode(bytes, frame, &LIMITS) {
            let picture = imaging::render(&raster, None);
            assert_eq!(
                (picture.width(), picture.height()),
                (raster.width(), raster.height())
            );
            let _ = imaging::frame_samples_le(&raster);
        }
    }
}

/// Drawn films in each form that is written here, and the real files where they are.
fn dicom_corpus(shared: Option<&Path>) -> Vec<Vec<u8>> {
    const LARGEST: u64 = 40_000;
    let mut corpus = vec![drawn_film()];
    let streams = Path::new(env!("CARGO_MANIFEST_DIR")).join("../imaging/tests/streams");
    corpus.extend(files(&streams, LARGEST));
    if let Some(shared) = shared {
        corpus.extend(files(&shared.join("dicom"), LARGEST));
    }
    corpus
}

fn files(folder: &Path, largest: u64) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= largest)
        })
        .collect();
    // The same order everywhere, so that a number means the same damage.
    paths.sort();
    paths
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect()
}

fn drawn_picture() -> imaging::Picture {
    let pixels = (0..48_u32 * 40).map(|at| ((at * 7) % 253) as u8).collect();
    imaging::Picture::grey(48, 40, pixels)
}

fn picture_corpus(_: Option<&Path>) -> Vec<Vec<u8>> {
    let picture = drawn_picture();
    [picture.encode_png(), picture.encode_jpeg(80)]
        .into_iter()
        .map(|file| file.expect("a small picture can be written"))
        .collect()
}

fn drawn_film() -> Vec<u8> {
    let samples: Vec<u16> = (0..48_u16 * 40).map(|at| (at * 13) % 4096).collect();
    let identity = Identity {
        class: ObjectClass::DigitalXRay,
        patient_id: "NOBODY".to_owned(),
        patient_name: "Nobody^Made Up".to_owned(),
        study_uid: imaging::write::uid_from_u128(1),
        series_uid: imaging::write::uid_from_u128(2),
        sop_instance_uid: imaging::write::uid_from_u128(3),
        ..Identity::default()
    };
    let image = GreyImage {
        width: 48,
        height: 40,
        samples: GreySamples::Sixteen {
            samples: &samples,
            bits_stored: 12,
        },
        inverted: false,
        window: None,
    };
    dicom_from_grey(&image, &identity).expect("a small film can be written")
}
