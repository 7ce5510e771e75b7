//! STOW-RS: `POST /studies` and `POST /studies/{study}` (PS3.18 section 10.5). Each part goes through the room `intake`
//! like any other film; what is answered as stored is durable and queued for analysis.

use api::{ApiState, Caller, Problem};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use blobs::Staged;
use domain::scope::Scope;
use intake::{Delivered, Delivery, Details, Incoming, IntakeError, Rejected, WarningCode};
use multer::Multipart;
use serde_json::Value;

use crate::{
    answer::{self, Dataset},
    fault,
    multipart::boundary_of,
    negotiate::{Model, XML, model, wanted},
    query::is_uid,
    wado::Place,
};

/// Most files of one request.
const MOST_FILES: usize = 1000;

/// Bytes that are no DICOM object at all.
const NOT_UNDERSTOOD: u16 = 0xC000;
/// Stored as it is, and something about it is not right.
const DOES_NOT_MATCH: u16 = 0xB007;

/// Stores what comes.
pub(crate) async fn store(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    body: Body,
) -> Result<Response, Problem> {
    let limits = {
        let mut tx = caller.begin_as(Scope::DicomwebWrite, &state).await?;
        analysis::film::limits(&mut tx).await?
    };
    let model = model_of_answer(&headers)?;
    if place.study.as_ref().is_some_and(|uid| !is_uid(uid)) {
        return Err(fault::malformed(
            "a UID in the path is digits and dots, at most 64 of them",
        ));
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (boundary, of) = boundary_of(content_type).ok_or_else(|| {
        fault::unsupported_media("send multipart/related; type=\"application/dicom\"; boundary=…")
    })?;
    if of.is_some_and(|of| of != "application/dicom") {
        return Err(fault::unsupported_media(
            "parts of type application/dicom are stored; metadata and bulk data by themselves are not",
        ));
    }
    let Read { files, too_large } = read(&state, body, boundary, limits.maximum_bytes).await?;
    if files.is_empty() && too_large.is_empty() {
        return Err(fault::malformed("the body holds no part with a file"));
    }
    let details = Details {
        study_uid: place.study.clone(),
        dicom_only: true,
        unknown_patients: caller.is_program(),
        ..Details::default()
    };
    let mut delivery = state
        .intake
        .deliver(&caller.actor, files, &details, limits)
        .await
        .map_err(|error| match error {
            IntakeError::Db(error) => Problem::from(error),
            IntakeError::Interrupted(error) => Problem::from(error),
        })?;
    delivery
        .instances
        .extend(too_large.iter().map(|rejected| Delivered {
            file: rejected.file.clone(),
            header: None,
            warnings: Vec::new(),
        }));
    delivery.receipt.rejected.extend(too_large);
    let base = answer::base(&state, &headers);
    let (status, dataset) = response(&base, place.study.as_deref(), &delivery);
    let count = |outcome: &'static str, files: usize| {
        metrics::counter!("portal_uploaded_files_total", "outcome" => outcome)
            .increment(files as u64);
    };
    count(
        "taken",
        delivery.instances.len() - delivery.receipt.rejected.len(),
    );
    count("rejected", delivery.receipt.rejected.len());
    Ok(answer::dataset(status, model, &dataset))
}

/// The answer is one data set, in XML without parts.
fn model_of_answer(headers: &HeaderMap) -> Result<Model, Problem> {
    match wanted(headers, None)
        .iter()
        .any(|wanted| wanted.media == XML)
    {
        true => Ok(Model::Xml),
        false => model(headers, None),
    }
}

struct Read {
    files: Vec<Incoming>,
    too_large: Vec<Rejected>,
}

async fn read(
    state: &ApiState,
    body: Body,
    boundary: String,
    maximum_bytes: u64,
) -> Result<Read, Problem> {
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    let mut read = Read {
        files: Vec::new(),
        too_large: Vec::new(),
    };
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let number = read.files.len() + read.too_large.len();
        if number >= MOST_FILES {
            return Err(Problem::TooLarge(format!(
                "at most {MOST_FILES} files a request: send the others in another one"
            )));
        }
        let file = format!("part {}", number + 1);
        match stage(state, part, maximum_bytes).await? {
            Some(staged) => read.files.push(Incoming { file, staged }),
            None => read.too_large.push(Rejected {
                file,
                code: "too_large".to_owned(),
                detail: format!("the file is larger than {maximum_bytes} bytes"),
            }),
        }
    }
    Ok(read)
}

/// Streams a part to disk. `None`: it is too large, and what was left of it is thrown away.
async fn stage(
    state: &ApiState,
    mut part: multer::Field<'_>,
    maximum_bytes: u64,
) -> Result<Option<Staged>, Problem> {
    let mut arrival = state.blobs.receive(maximum_bytes);
    while let Some(bytes) = part.chunk().await.map_err(broken)? {
        arrival.take(bytes).await;
    }
    Ok(arrival.finish_within_limit().await?)
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn broken(error: multer::Error) -> Problem {
    fault::malformed(format!(
        "the body ends or breaks in the middle; nothing was stored, send it again: {error}"
    ))
}

/// The status and the data set of the answer (PS3.18 section 10.5.3): what is stored, with warnings, and what is not.
fn response(base: &str, study: Option<&str>, delivery: &Delivery) -> (StatusCode, Value) {
    let receipt = &delivery.receipt;
    let (mut stored, mut failed, mut other) = (Vec::new(), Vec::new(), Vec::new());
    let mut warned = false;
    let mut studies: Vec<&str> = study.into_iter().collect();
    for instance in &delivery.instances {
        let rejected = receipt
            .rejected
            .iter()
            .find(|rejected| rejected.file == instance.file);
        let header = instance.header.as_ref();
        let identified = header.filter(|header| {
            !header.sop_class_uid.is_empty() && !header.sop_instance_uid.is_empty()
        });
        let mut item = Dataset::default();
        if let Some(header) = identified {
            item.text("00081150", "UI", Some(&header.sop_class_uid));
            item.text("00081155", "UI", Some(&header.sop_instance_uid));
        }
        if let Some(rejected) = rejected {
            item.number(
                "00081197",
                "US",
                Some(i64::from(reason(rejected, header.is_some()))),
            );
            let list = if identified.is_some() {
                &mut failed
            } else {
                &mut other
            };
            list.push(item.done());
            continue;
        }
        if let Some(header) = header.filter(|header| !header.study_uid.is_empty()) {
            if !studies.contains(&header.study_uid.as_str()) {
                studies.push(&header.study_uid);
            }
            let url = format!(
                "{base}/studies/{}/series/{}/instances/{}",
                header.study_uid, header.series_uid, header.sop_instance_uid
            );
            item.text("00081190", "UR", Some(&url));
        }
        if is_warned(delivery, instance) {
            warned = true;
            item.number("00081196", "US", Some(i64::from(DOES_NOT_MATCH)));
        }
        stored.push(item.done());
    }
    let status = if stored.is_empty() {
        StatusCode::CONFLICT
    } else if warned || !failed.is_empty() || !other.is_empty() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    let mut dataset = Dataset::default();
    if let [study] = studies[..] {
        dataset.text("00081190", "UR", Some(&format!("{base}/studies/{study}")));
    }
    let lists = [
        ("00081199", stored),
        ("00081198", failed),
        ("0008119A", other),
    ];
    for (tag, items) in lists {
        if !items.is_empty() {
            dataset.put(tag, "SQ", items);
        }
    }
    (status, dataset.done())
}

fn reason(rejected: &Rejected, is_dicom: bool) -> u16 {
    if !is_dicom && rejected.code == "not_an_image" {
        return NOT_UNDERSTOOD;
    }
    intake::failure_reason(&rejected.code)
}

/// Whether the sender should look at a file that was taken: it is damaged, or film and record disagree.
fn is_warned(delivery: &Delivery, instance: &Delivered) -> bool {
    let of_report = delivery
        .receipt
        .reports
        .iter()
        .filter(|report| report.files.contains(&instance.file))
        .flat_map(|report| &report.warnings)
        .any(|warning| warning.code == WarningCode::IdentityDisagreement);
    of_report
        || instance.warnings.iter().any(|warning| {
            matches!(
                warning.code,
                WarningCode::DamagedHeader | WarningCode::EndsEarly | WarningCode::NoStudy
            )
        })
}
