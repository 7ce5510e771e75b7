//! Earlier studies of a new case's patient in other archives: a job asks each archive once a case has come in
//! ([`FindPriorsJob`]), another one fetches a study ([`FetchPriorJob`]), on the association that asks for it or, where the
//! archive does not do that, on one of its own ([`arriving`]). Nothing of it stands in the queue of cases.

pub(crate) mod arriving;
mod fetch;
mod find;

pub use fetch::FetchPriorJob;
pub use find::FindPriorsJob;

use blobs::Staged;
use db::{
    Actor, Database,
    priors::{self, NewPriorImage, Wanted},
};
use imaging::{DicomHeader, Limits};
use intake::{Incoming, Intake, IntakeError, Named};

/// What became of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is here.
    Here,
    /// It is no film of the study that was asked for.
    Foreign,
    /// It is no image, or could not be kept.
    Refused,
}

/// Keeps a film for the cases that want its study. Where its own header says somebody else than the patient's record does, it
/// is kept with that doubt.
pub(crate) async fn keep(
    database: &Database,
    intake: &Intake,
    staged: Staged,
    header: Option<DicomHeader>,
    wanted: &[Wanted],
    limits: Limits,
) -> Result<Kept, IntakeError> {
    let Some(header) = header else {
        return Ok(Kept::Refused);
    };
    let Some(first) = wanted.first() else {
        return Ok(Kept::Foreign);
    };
    if header.study_uid != first.study_uid || header.sop_instance_uid.is_empty() {
        return Ok(Kept::Foreign);
    }
    let file = Incoming {
        file: header.sop_instance_uid.clone(),
        staged,
    };
    let file = match intake.keep(file, limits).await? {
        Ok(file) => file,
        Err(refused) => {
            tracing::warn!(code = refused.code, "a film of an archive is not kept");
            return Ok(Kept::Refused);
        }
    };
    let side = |side: u32| i32::try_from(side).ok().filter(|side| *side > 0);
    let number = |number: Option<i64>| number.and_then(|number| i32::try_from(number).ok());
    let film = NewPriorImage {
        sop_instance_uid: &header.sop_instance_uid,
        sha256: file.digest.0,
        image_type: file.image_type(),
        file_size: i64::try_from(file.size).unwrap_or(i64::MAX),
        width: file.inspection.as_ref().and_then(|seen| side(seen.width)),
        height: file.inspection.as_ref().and_then(|seen| side(seen.height)),
        series_number: number(header.series_number),
        instance_number: number(header.instance_number),
        dicom_metadata: file.dicom_metadata.as_ref(),
    };
    let said = Named::new(header.patient_name.as_deref(), header.patient_birth_date);
    let mut tx = database.begin(&Actor::worker()).await?;
    for study in wanted {
        let record = Named::new(Some(&study.patient_name), study.birth_date);
        let doubts = intake::doubts(record, said);
        priors::add_image(&mut tx, study.prior_id, &film, &doubts).await?;
    }
    tx.commit().await?;
    Ok(Kept::Here)
}
