//! One file: its pixels in display orientation, what its header says, and the model's answer.

use ai::{Assessment, CaseContext, GreyPicture, Model};
use bytes::Bytes;
use db::{ActorTx, DbError};
use decoding::{Decoders, Lane};
use domain::{ImageFormat, settings};
use imaging::{DicomHeader, ImagingError, Inspection, Limits};
use serde::Serialize;

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
        /// What was run, when the model was.
        #[serde(skip)]
        run: Option<Box<ai::Run>>,
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
            run: None,
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
                run: not.run,
            },
        }
    }
}

/// How much one film may cost, by the settings in force.
///
/// # Errors
/// When the database does not answer.
pub async fn limits(tx: &mut ActorTx) -> Result<Limits, DbError> {
    let keys = [
        settings::INTAKE_MAXIMUM_FILE_MEBIBYTES,
        settings::INTAKE_MAXIMUM_MEGAPIXELS,
    ];
    let [mebibytes, megapixels]: [u64; 2] = db::settings::get_each(tx, keys).await?;
    Ok(Limits {
        maximum_bytes: mebibytes << 20,
        maximum_pixels: megapixels * 1_000_000,
        ..Limits::default()
    })
}

/// What is known of a film beside its own header.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Ages in years, from whatever says one: the sender, the patient's record.
    pub ages: Vec<f64>,
    /// What was examined, in the sender's words.
    pub study_type: Option<String>,
}

/// Parts of a study type that name the chest, and whole ones that name no part of the body.
const CHEST_WORDS: &[&str] = &["chest", "thorax", "lung", "cxr"];
const ANY_PART: &[&str] = &[
    "xray",
    "x-ray",
    "x_ray",
    "x ray",
    "radiograph",
    "radiography",
    "cr",
    "dx",
];

/// A file after the first look.
#[derive(Debug)]
pub enum Seen {
    /// It is ready for the model.
    Ready(Box<ai::Looked>),
    /// There is nothing for the model to judge, and why.
    Refused(FilmAssessment),
}

/// Looks at one file: everything about it, the model's answer included.
///
/// # Errors
/// When the bytes are no image at all. An image that cannot be decoded, or whose sources disagree, is
/// no error here: it is "not assessed".
pub fn examine(
    bytes: &Bytes,
    model: &Model,
    decoders: &Decoders,
    limits: &Limits,
    beside: &Beside,
) -> Result<FilmAssessment, ImagingError> {
    Ok(match see(bytes, model, decoders, limits, beside)? {
        Seen::Ready(looked) => model.assess(&looked).into(),
        Seen::Refused(refusal) => refusal,
    })
}

/// The first half of [`examine`]: decodes the file and prepares it for the model. This is what takes
/// memory; what comes out is small.
///
/// # Errors
/// As [`examine`].
pub fn see(
    bytes: &Bytes,
    model: &Model,
    decoders: &Decoders,
    limits: &Limits,
    beside: &Beside,
) -> Result<Seen, ImagingError> {
    let inspection = decoders.inspect(Lane::Analysis, bytes, limits)?.inspection;
    if let Some(refusal) = unfit(&inspection, bytes) {
        return Ok(Seen::Refused(refusal));
    }
    let header = inspection.dicom;
    let ages: Vec<f64> = header
        .as_ref()
        .and_then(|header| header.patient_age_years)
        .into_iter()
        .chain(header.as_ref().and_then(age_by_dates))
        .chain(beside.ages.iter().copied())
        .collect();
    if ages
        .iter()
        .any(|age| ages.iter().any(|other| (age - other).abs() > 1.5))
    {
        return Ok(Seen::Refused(FilmAssessment::not_assessed(
            "age_contradicts",
            "the file, the sender and the patient's record do not agree on the patient's age",
        )));
    }
    let context = CaseContext {
        age_years: ages.first().copied(),
        modality: header.as_ref().and_then(|header| header.modality.clone()),
        body_part: header
            .as_ref()
            .and_then(|header| header.body_part.clone())
            .or_else(|| {
                beside
                    .study_type
                    .clone()
                    .filter(|words| names_another_part(words))
            }),
        view_position: header
            .as_ref()
            .and_then(|header| header.view_position.clone()),
    };
    let picture = match decoders.show(Lane::Analysis, bytes, 0, limits) {
        Ok(picture) => picture,
        Err(busy @ ImagingError::Busy { .. }) => return Err(busy),
        Err(error) => {
            return Ok(Seen::Refused(FilmAssessment::not_assessed(
                error.code(),
                format!("the image could not be decoded: {error}"),
            )));
        }
    };
    let grey = picture.to_grey();
    let grey = GreyPicture::new(grey.width() as usize, grey.height() as usize, grey.pixels())
        .expect("a rendered picture fills its sides");
    Ok(match model.look(&grey, &context) {
        Ok(looked) => Seen::Ready(Box::new(looked)),
        Err(refusal) => Seen::Refused(Assessment::NotAssessed(refusal).into()),
    })
}

/// Whether a study type names a part of the body that is not the chest, such as `hand_xray`.
fn names_another_part(words: &str) -> bool {
    let words = words.trim().to_lowercase();
    !CHEST_WORDS.iter().any(|part| words.contains(part)) && !ANY_PART.contains(&words.as_str())
}

/// Files that the model must not judge whatever their first picture looks like.
fn unfit(inspection: &Inspection, bytes: &[u8]) -> Option<FilmAssessment> {
    if inspection.frames > 1 {
        return Some(FilmAssessment::not_assessed(
            "several_frames",
            format!(
                "the file holds {} frames, and the model judges single films",
                inspection.frames
            ),
        ));
    }
    // Decoders fill what is missing with grey; a JPEG must end with its end marker (ITU T.81, B.1.1.3).
    let end = bytes
        .len()
        .saturating_sub(usize::try_from(inspection.trailing_bytes).unwrap_or(0));
    let whole = inspection.format != ImageFormat::Jpeg || bytes[..end].ends_with(&[0xff, 0xd9]);
    (!whole)
        .then(|| FilmAssessment::not_assessed("truncated", "the file is cut off: send it again"))
}

/// Years between the birth and the study that a header names.
fn age_by_dates(header: &DicomHeader) -> Option<f64> {
    let days = header
        .study_date_time?
        .date()
        .signed_duration_since(header.patient_birth_date?)
        .num_days();
    Some(days as f64 / 365.25)
}
