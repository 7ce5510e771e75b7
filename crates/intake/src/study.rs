//! Making one study a report, or adding to the one that it has.

use std::collections::BTreeMap;

use db::{
    ActorTx, DbError,
    audit::Act,
    events,
    images::{self, NewImage},
    orders::{self, Ordered},
    patients::Patient,
    reports::{self, Known, NewReport, TransitionError},
};
use domain::{
    ImageFormat, ImageId, ReportId, ReportStatus,
    audit::{AuditAction, EntityType},
    order::OrderStatus,
    report::ReportEvent,
};
use serde_json::json;

use crate::{
    file::{CheckedFile, dicom_instance, without_nul},
    matching::{age_in_years, disagreements, find_patient, unknown_patient},
    numbers,
    receive::{Accepted, Details, Receipt, Rejected},
    warning::{UploadWarning, WarningCode},
};

/// Groups files: by DICOM study; a DICOM file without one by itself; all pictures of one request
/// together.
pub(crate) fn studies<'a>(files: Vec<&'a CheckedFile>) -> Vec<Vec<&'a CheckedFile>> {
    let mut groups: BTreeMap<(u8, String), Vec<&'a CheckedFile>> = BTreeMap::new();
    for file in files {
        let key = match (file.format, file.study_uid()) {
            (ImageFormat::Dicom, Some(uid)) => (0, uid.to_owned()),
            (ImageFormat::Dicom, None) => (1, file.digest.to_string()),
            _ => (2, String::new()),
        };
        groups.entry(key).or_default().push(file);
    }
    groups.into_values().collect()
}

pub(crate) async fn store_study(
    tx: &mut ActorTx,
    files: &[&CheckedFile],
    details: &Details,
    receipt: &mut Receipt,
) -> Result<(), DbError> {
    let first = files[0];
    let reject = |receipt: &mut Receipt, code: &str, detail: &str| {
        receipt.rejected.extend(files.iter().map(|file| Rejected {
            file: file.file.clone(),
            code: code.to_owned(),
            detail: detail.to_owned(),
        }));
    };
    let known = match first.study_uid() {
        Some(uid) => reports::find_by_study(tx, uid).await?,
        None => None,
    };
    let headers = || files.iter().filter_map(|file| file.header());
    let numbers = numbers::look_up(tx, headers()).await?;
    let said = first.header().zip(numbers.first());
    let patient = match find_patient(tx, details.patient_id, said).await? {
        Ok(patient) => patient,
        Err(unmatched) => {
            let kept_for = if details.unknown_patients && unmatched.is_nobody() {
                let study_of = known.as_ref().map(|known| known.patient_id);
                unknown_patient(tx, first.header(), study_of).await?
            } else {
                None
            };
            let Some(patient) = kept_for else {
                reject(receipt, unmatched.code, unmatched.detail);
                return Ok(());
            };
            patient
        }
    };
    if known
        .as_ref()
        .is_some_and(|known| known.patient_id != patient.patient_id)
    {
        let detail = "the study of this file is stored for another patient: check whose film it is";
        reject(receipt, "study_of_other_patient", detail);
        return Ok(());
    }
    let mut warnings: Vec<UploadWarning> = files
        .iter()
        .flat_map(|file| file.warnings.iter().cloned())
        .collect();
    // Any one film may be another person's.
    let mut disagree: Vec<&'static str> = Vec::new();
    let mut made: Vec<Ordered> = Vec::new();
    for (header, numbers) in headers().zip(numbers) {
        disagree.extend(disagreements(&patient, header, numbers.owner));
        // An accession number is a number too: one of somebody else's order has to be looked at.
        let is_others = |order: &Ordered| order.patient_id != patient.patient_id;
        if numbers.orders.iter().any(is_others) {
            disagree.push("identifier");
        }
        made.extend(numbers.orders);
    }
    disagree.sort_unstable();
    disagree.dedup();
    if !disagree.is_empty() {
        warnings.push(UploadWarning {
            disagreement: disagree.iter().map(|&part| part.to_owned()).collect(),
            ..UploadWarning::new(
                WarningCode::IdentityDisagreement,
                format!(
                    "the file and the patient's record disagree on: {}",
                    disagree.join(", ")
                ),
            )
        });
    }
    let image_ids: Vec<ImageId> = files.iter().map(|_| ImageId::new_at(tx.now())).collect();
    let (report_id, status) = match open_report_of_own(tx, known.as_ref()).await? {
        Some(found) => {
            if !disagree.is_empty() {
                db::identity::add_disagreement(tx, found.0, &disagree).await?;
            }
            found
        }
        None => {
            let report_id = create_report(
                tx,
                files,
                details,
                &patient,
                known.as_ref(),
                &disagree,
                image_ids[0],
            )
            .await?;
            db::priors::search(tx, report_id).await?;
            (report_id, ReportStatus::Pending)
        }
    };
    for (file, image_id) in files.iter().zip(&image_ids) {
        add_image(tx, report_id, *image_id, file).await?;
    }
    analysis::job::queue(tx, report_id).await?;
    db::dicom_routes::forward(tx, report_id, &image_ids).await?;
    if first.format != ImageFormat::Dicom {
        db::wrapped_pictures::queue(tx, report_id).await?;
    }
    note_upload(tx, report_id, &patient, files).await?;
    // Where it is in doubt whose film it is, the examination stays to be made until whoever ordered says otherwise.
    if disagree.is_empty() {
        complete(tx, &made).await?;
    }
    receipt.reports.push(Accepted {
        report_id,
        status,
        duplicate: false,
        files: files.iter().map(|file| file.file.clone()).collect(),
        warnings,
    });
    Ok(())
}

/// Notes that what was ordered has been made, so that it leaves the worklist.
async fn complete(tx: &mut ActorTx, made: &[Ordered]) -> Result<(), DbError> {
    for order in made {
        if order.status.may_become(OrderStatus::Completed)
            && orders::complete(tx, order.order_id).await?
        {
            let now = json!({ "order_id": order.order_id, "status": OrderStatus::Completed, "form": "film" });
            let act = Act::new(AuditAction::UpdateOrder, EntityType::Patient)
                .on(order.patient_id)
                .old(json!({ "status": order.status }))
                .new_values(now);
            tx.audit(act).await?;
        }
    }
    Ok(())
}

/// The report that further images of a study are added to: the sender's own, not yet reviewed.
/// Images that come after the review, or from somebody else, become a report of their own, so that
/// a doctor sees them and nothing signed changes.
async fn open_report_of_own(
    tx: &mut ActorTx,
    known: Option<&Known>,
) -> Result<Option<(ReportId, ReportStatus)>, DbError> {
    let Some(known) = known.filter(|known| known.radiologist_id == tx.actor().user_id()) else {
        return Ok(None);
    };
    match reports::transition(tx, known.report_id, ReportEvent::AnalysisRequested).await {
        Ok(status) => Ok(Some((known.report_id, status))),
        Err(TransitionError::Db(error)) => Err(error),
        Err(TransitionError::NotFound | TransitionError::Refused(_)) => Ok(None),
    }
}

async fn create_report(
    tx: &mut ActorTx,
    files: &[&CheckedFile],
    details: &Details,
    patient: &Patient,
    known: Option<&Known>,
    disagree: &[&str],
    first_image: ImageId,
) -> Result<ReportId, DbError> {
    let first = files[0];
    let header = first.header();
    let report_id = ReportId::new_at(tx.now());
    let dicom_age = header
        .and_then(|header| header.patient_age_years)
        .map(|years| years.floor() as i32);
    let record_age = patient
        .date_of_birth
        .and_then(|born| age_in_years(born, tx.now()));
    let metadata = without_nul(json!({
        "images": files.len(),
        "identity_disagreement": disagree,
        "age_by_record": record_age,
        "continues_report_id": known.map(|known| known.report_id),
        "study": header.map(|header| json!({
            "modality": header.modality,
            "body_part": header.body_part,
            "view_position": header.view_position,
            "study_description": header.study_description,
            "study_date_time": header.study_date_time,
            "accession_number": header.accession_number,
            "burned_in_annotation": header.burned_in_annotation,
        })),
    }));
    let image_url = format!("/api/reports/{report_id}/images/{first_image}");
    reports::create(
        tx,
        &NewReport {
            report_id,
            patient_id: patient.patient_id,
            patient_name: &patient.name,
            study_type: details
                .study_type
                .as_deref()
                .unwrap_or_else(|| study_type_of(first)),
            study_uid: if known.is_some() {
                None
            } else {
                first.study_uid()
            },
            report_image_url: &image_url,
            image_metadata: &metadata,
            patient_age: details
                .patient_age
                .or(dicom_age.filter(|age| (0..=150).contains(age)))
                .or(record_age),
            patient_gender: details
                .patient_gender
                .or(header.and_then(|header| header.patient_gender))
                .or(patient.gender),
            medical_history: details.medical_history.as_ref(),
            symptoms: details.symptoms.as_ref(),
        },
    )
    .await?;
    Ok(report_id)
}

/// What was examined, when the sender does not say: a chest film unless the header says otherwise.
fn study_type_of(file: &CheckedFile) -> &'static str {
    let body_part = file
        .header()
        .and_then(|header| header.body_part.as_deref())
        .unwrap_or_default();
    match file.image_type() {
        domain::ImageType::CtScan => "ct_scan",
        domain::ImageType::Mri => "mri",
        domain::ImageType::Xray
            if body_part.is_empty() || ["CHEST", "THORAX"].contains(&body_part) =>
        {
            "chest_xray"
        }
        domain::ImageType::Xray => "xray",
    }
}

async fn add_image(
    tx: &mut ActorTx,
    report_id: ReportId,
    image_id: ImageId,
    file: &CheckedFile,
) -> Result<(), DbError> {
    let side = |side: Option<u32>| {
        side.and_then(|side| i32::try_from(side).ok())
            .filter(|side| *side > 0)
    };
    let new = NewImage {
        image_id,
        report_id,
        image_url: &format!("/api/reports/{report_id}/images/{image_id}"),
        image_type: file.image_type(),
        image_format: file.format,
        width: side(file.inspection.as_ref().map(|inspection| inspection.width)),
        height: side(file.inspection.as_ref().map(|inspection| inspection.height)),
        file_size: i64::try_from(file.size).unwrap_or(i64::MAX),
        dicom_metadata: file.dicom_metadata.as_ref(),
        sha256: file.digest.0,
    };
    images::create(tx, &new, file.header().map(dicom_instance).as_ref()).await
}

async fn note_upload(
    tx: &mut ActorTx,
    report_id: ReportId,
    patient: &Patient,
    files: &[&CheckedFile],
) -> Result<(), DbError> {
    let digests: Vec<String> = files.iter().map(|file| file.digest.to_string()).collect();
    tx.audit(
        Act::new(AuditAction::UploadReport, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "patient_id": patient.patient_id, "sha256": digests })),
    )
    .await?;
    let sender = tx.actor().user_id();
    events::tell_of_report(tx, report_id, sender).await
}
