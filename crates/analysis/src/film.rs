//! One file: its pixels in display orientation, what its header says, and the model's answer.

use std::{sync::Arc, time::Duration};

use ai::{Assessment, CaseContext, GreyPicture, Model};
use bytes::Bytes;
use imaging::{ImagingError, Limits};
use serde::Serialize;

/// Longest time that decoding one film may take.
pub const DECODE_TIME: Duration = Duration::from_secs(20);

/// What came of one file.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum FilmAssessment {
    /// The model gave a risk.
    Scored(Box<ai::Scored>),
    /// There is none, and why.
    NotAssessed {
        /// A stable word.
        code: String,
        /// A sentence.
        reason: String,
        /// Image quality, when it got that far.
        quality: Option<ai::Quality>,
        /// The gate's value, when it got that far.
        scope: Option<f64>,
    },
}

impl FilmAssessment {
    /// Not assessed, for a reason of ours.
    #[must_use]
    pub fn not_assessed(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::NotAssessed {
            code: code.into(),
            reason: reason.into(),
            quality: None,
            scope: None,
        }
    }
}

impl From<Assessment> for FilmAssessment {
    fn from(assessment: Assessment) -> Self {
        match assessment {
            Assessment::Scored(scored) => Self::Scored(scored),
            Assessment::NotAssessed(not) => Self::NotAssessed {
                code: not.code.to_string(),
                reason: not.reason,
                quality: not.quality,
                scope: not.scope,
            },
        }
    }
}

/// Looks at one file. `age_years` is what is known beside the header, which wins over it.
///
/// # Errors
/// When the bytes are no image at all. An image that cannot be decoded is no error here: it is
/// "not assessed".
pub fn examine(
    bytes: &Bytes,
    model: &Model,
    limits: &Limits,
    age_years: Option<f64>,
) -> Result<FilmAssessment, ImagingError> {
    let header = imaging::inspect(bytes, limits)?.dicom;
    let context = CaseContext {
        age_years: header
            .as_ref()
            .and_then(|header| header.patient_age_years)
            .or(age_years),
        modality: header.as_ref().and_then(|header| header.modality.clone()),
        body_part: header.as_ref().and_then(|header| header.body_part.clone()),
        view_position: header
            .as_ref()
            .and_then(|header| header.view_position.clone()),
    };
    let raster =
        match imaging::guard::decode_guarded(Arc::from(bytes.as_ref()), 0, *limits, DECODE_TIME) {
            Ok(raster) => raster,
            Err(error) => {
                return Ok(FilmAssessment::not_assessed(
                    error.code(),
                    format!("the image could not be decoded: {error}"),
                ));
            }
        };
    let picture = imaging::render(&raster, None);
    let grey = picture.to_grey();
    let grey = GreyPicture::new(grey.width() as usize, grey.height() as usize, grey.pixels())
        .expect("a rendered picture fills its sides");
    Ok(model.analyze(&grey, &context).into())
}
