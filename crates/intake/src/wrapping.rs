//! Plain pictures (PNG, JPEG) wrapped as DICOM Secondary Captures, by a job, so that every tool downstream sees one kind of
//! film. The picture itself stays as it came; a report's study is its own identifier, and so is an image's instance.

use blobs::BlobStore;
use chrono::Local;
use db::{
    Actor, ActorTx, Database, DbError,
    images::{self, Image},
    jobs::Leased,
    wrapped_pictures::{self, NewWrapping, Subject},
};
use decoding::{Decoders, Lane};
use domain::{ImageFormat, ImageId, ReportId};
use futures::future::BoxFuture;
use imaging::{
    ImagingError, Limits,
    write::{Identity, person_name, shown, uid_from_u128},
};
use jobs::{Handler, JobError};

use crate::file::{dicom_instance, without_nul};

/// Wraps the pictures of a report.
#[derive(Debug, Clone)]
pub struct WrapJob {
    database: Database,
    blobs: BlobStore,
    decoders: Decoders,
}

/// A picture that is wrapped and durable.
struct Wrapped {
    image_id: ImageId,
    sha256: [u8; 32],
    dicom_metadata: serde_json::Value,
    dicom: images::DicomInstance,
}

impl WrapJob {
    /// The job on this database and store; `decoders` open the pictures.
    #[must_use]
    pub fn new(database: Database, blobs: BlobStore, decoders: Decoders) -> Self {
        Self {
            database,
            blobs,
            decoders,
        }
    }

    async fn wrap(&self, job: &Leased) -> Result<(), JobError> {
        let report_id = job
            .report_id
            .ok_or_else(|| JobError("the job names no report".to_owned()))?;
        let mut tx = self.database.begin(&Actor::worker()).await?;
        let subject = wrapped_pictures::subject(&mut tx, report_id).await?;
        let images = images::of_report(&mut tx, report_id).await?;
        let done = wrapped_pictures::of_report(&mut tx, report_id).await?;
        let limits = analysis::film::limits(&mut tx).await?;
        drop(tx);
        let Some(subject) = subject else {
            return jobs::end(&self.database, job).await;
        };
        let mut wrapped = Vec::new();
        for (at, image) in images.into_iter().enumerate() {
            if image.image_format == ImageFormat::Dicom || done.contains(&image.image_id) {
                continue;
            }
            let identity = identity(&subject, &image, at);
            match self.wrap_one(image, identity, limits).await? {
                Ok(one) => wrapped.push(one),
                Err(error @ ImagingError::Busy { .. }) => return Err(error.into()),
                // What cannot be opened cannot be wrapped: a doctor gets the picture as it came.
                Err(error) => {
                    tracing::warn!(%report_id, code = error.code(), "a picture is not wrapped");
                }
            }
        }
        self.note(job, report_id, &wrapped).await
    }

    async fn wrap_one(
        &self,
        image: Image,
        identity: Identity,
        limits: Limits,
    ) -> Result<Result<Wrapped, ImagingError>, JobError> {
        let (blobs, decoders) = (self.blobs.clone(), self.decoders.clone());
        let wrapping = tokio::task::spawn_blocking(move || -> Result<_, JobError> {
            let bytes = blobs.read(image.sha256.parse()?)?;
            let file = match decoders.wrap(Lane::Analysis, &bytes, identity, &limits) {
                Ok(file) => bytes::Bytes::from(file),
                Err(error) => return Ok(Err(error)),
            };
            let inspected = match decoders.inspect(Lane::Analysis, &file, &Limits::default()) {
                Ok(inspected) => inspected,
                Err(error) => return Ok(Err(error)),
            };
            let header = inspected.inspection.dicom.zip(inspected.metadata);
            let (header, metadata) =
                header.ok_or_else(|| JobError("what was wrapped is no DICOM file".to_owned()))?;
            let sha256 = blobs.put(&file)?.0;
            Ok(Ok(Wrapped {
                image_id: image.image_id,
                sha256,
                dicom_metadata: without_nul(metadata),
                dicom: dicom_instance(&header),
            }))
        });
        wrapping.await?
    }

    async fn note(
        &self,
        job: &Leased,
        report_id: ReportId,
        wrapped: &[Wrapped],
    ) -> Result<(), JobError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        if !db::jobs::complete(&mut tx, job).await? {
            return Ok(());
        }
        for one in wrapped {
            let wrapping = NewWrapping {
                image_id: one.image_id,
                sha256: one.sha256,
                dicom_metadata: &one.dicom_metadata,
                dicom: &one.dicom,
            };
            wrapped_pictures::add(&mut tx, &wrapping).await?;
        }
        let ids: Vec<ImageId> = wrapped.iter().map(|one| one.image_id).collect();
        db::dicom_routes::forward(&mut tx, report_id, &ids).await?;
        Ok(tx.commit().await?)
    }
}

/// Whose the `at`-th picture of a report is, and what. What DICOM has no room for is left out: the record has it.
fn identity(subject: &Subject, image: &Image, at: usize) -> Identity {
    let line = |text: &str| -> Option<String> {
        let fits = text.chars().count() <= 64;
        let sign = |c: char| if c == '\\' { '\u{2216}' } else { shown(c) };
        fits.then(|| text.trim().chars().map(sign).collect())
    };
    let said = |text: &Option<String>| text.as_deref().and_then(line).unwrap_or_default();
    let study = image.report_id.0.as_u128();
    Identity {
        patient_id: said(&subject.number),
        issuer: said(&subject.issuer),
        patient_name: person_name(&subject.patient_name).unwrap_or_default(),
        birth_date: subject.birth_date,
        gender: subject.gender,
        age_years: subject.age.and_then(|years| u16::try_from(years).ok()),
        study_uid: uid_from_u128(study),
        // Its last bit tells the series from the study.
        series_uid: uid_from_u128(study ^ 1),
        sop_instance_uid: uid_from_u128(image.image_id.0.as_u128()),
        study_date_time: Some(subject.upload_date.with_timezone(&Local).naive_local()),
        study_description: line(&subject.study_type.replace('_', " ")).unwrap_or_default(),
        body_part: match subject.study_type.as_str() {
            "chest_xray" => "CHEST".to_owned(),
            _ => String::new(),
        },
        series_number: Some(1),
        instance_number: u32::try_from(at + 1).ok(),
        ..Identity::default()
    }
}

impl Handler for WrapJob {
    fn kind(&self) -> &'static str {
        wrapped_pictures::WRAP
    }

    fn run<'a>(&'a self, job: &'a Leased) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(self.wrap(job))
    }

    fn died<'a>(
        &'a self,
        _tx: &'a mut ActorTx,
        _job: &'a Leased,
        _error: &'a str,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        // The picture is here and read like any; other programs do not find it, and tech sees the job among the dead ones.
        Box::pin(async { Ok(()) })
    }
}
