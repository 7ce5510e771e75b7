//! DICOMweb over real HTTP, with programs' tokens and people's sessions.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod conformance;
mod fetch;
mod rights;
mod search;
mod store;
mod wrapped;

use reqwest::Method;
use testkit::{Answer, Client};

/// Sends files in one request.
pub(crate) async fn store(client: &Client, path: &str, files: &[Vec<u8>]) -> Answer {
    let mut body = Vec::new();
    for file in files {
        body.extend_from_slice(b"--b0undary\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b0undary--\r\n");
    let request = client
        .request(Method::POST, &format!("/dicomweb{path}"))
        .header(
            "content-type",
            "multipart/related; type=\"application/dicom\"; boundary=b0undary",
        )
        .body(body);
    client.send(request).await
}

/// Fetches with an `Accept`.
pub(crate) async fn get(client: &Client, path: &str, accept: &str) -> Answer {
    let request = client
        .request(Method::GET, &format!("/dicomweb{path}"))
        .header("accept", accept);
    client.send(request).await
}

/// The parts of a `multipart/related` answer: head and body of each.
pub(crate) fn parts(answer: &Answer) -> Vec<(String, Vec<u8>)> {
    let kind = answer.headers["content-type"].to_str().unwrap();
    let (boundary, _) = dicomweb::boundary_of(kind).unwrap();
    let separator = format!("\r\n--{boundary}");
    let mut parts = Vec::new();
    let mut rest = &answer.bytes[..];
    while let Some(at) = find(rest, separator.as_bytes()) {
        rest = &rest[at + separator.len()..];
        if rest.starts_with(b"--") {
            return parts;
        }
        let head = find(rest, b"\r\n\r\n").unwrap();
        let end = find(rest, separator.as_bytes()).unwrap();
        let text = String::from_utf8(rest[..head].to_vec()).unwrap();
        parts.push((text, rest[head + 4..end].to_vec()));
    }
    panic!("the answer breaks off");
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The identifiers of a film.
pub(crate) struct Uids {
    pub(crate) study: String,
    pub(crate) series: String,
    pub(crate) instance: String,
}

impl Uids {
    pub(crate) fn of(film: &[u8]) -> Self {
        let inspection = imaging::inspect(film, &imaging::Limits::default()).unwrap();
        let header = inspection.dicom.unwrap();
        Self {
            study: header.study_uid,
            series: header.series_uid,
            instance: header.sop_instance_uid,
        }
    }

    pub(crate) fn path(&self) -> String {
        format!(
            "/studies/{}/series/{}/instances/{}",
            self.study, self.series, self.instance
        )
    }
}

/// A film of nobody in particular: number, study, and what else is to be told apart.
pub(crate) struct Film<'a> {
    pub(crate) seed: u128,
    pub(crate) study: u128,
    pub(crate) number: &'a str,
    pub(crate) name: &'a str,
    pub(crate) day: (i32, u32, u32),
    pub(crate) accession: &'a str,
    pub(crate) edge: u32,
}

impl Film<'_> {
    pub(crate) fn file(&self) -> Vec<u8> {
        use imaging::write::{
            GreyImage, GreySamples, Identity, ObjectClass, dicom_from_grey, uid_from_u128,
        };
        let edge = self.edge;
        let samples: Vec<u16> = (0..edge * edge)
            .map(|at| ((u128::from(at) * (7 + self.seed % 13) + self.seed * 31) % 4096) as u16)
            .collect();
        let day = chrono::NaiveDate::from_ymd_opt(self.day.0, self.day.1, self.day.2).unwrap();
        let identity = Identity {
            class: ObjectClass::DigitalXRay,
            patient_id: self.number.to_owned(),
            patient_name: self.name.to_owned(),
            age_years: Some(4),
            study_uid: uid_from_u128(self.study),
            series_uid: uid_from_u128(self.study + 1),
            sop_instance_uid: uid_from_u128((1 << 90) + self.seed),
            accession_number: self.accession.to_owned(),
            study_description: "Chest 100%".to_owned(),
            study_date_time: day.and_hms_opt(10, 30, 0),
            series_number: Some(1),
            instance_number: Some(u32::try_from(self.seed).unwrap()),
            view_position: "AP".to_owned(),
            body_part: "CHEST".to_owned(),
            ..Identity::default()
        };
        let image = GreyImage {
            width: edge,
            height: edge,
            samples: GreySamples::Sixteen {
                samples: &samples,
                bits_stored: 12,
            },
            inverted: false,
            window: None,
        };
        dicom_from_grey(&image, &identity).unwrap()
    }
}

/// One film, and the next ones by their numbers.
pub(crate) fn film(seed: u128) -> Film<'static> {
    Film {
        seed,
        study: seed * 100,
        number: "MRN-1",
        name: "Müller^Jörg",
        day: (2025, 3, 4),
        accession: "A-1",
        edge: 64,
    }
}
