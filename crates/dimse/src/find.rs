//! C-FIND (PS3.4 annex C): what is stored, asked for by patients, studies, series and images. The keys are those of QIDO-RS,
//! and so are the queries.

use db::{
    ActorTx, DbError,
    audit::Act,
    dicom::{self, KEYS, Keys, Level, Part, Series, Study},
};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use domain::audit::{AuditAction, EntityType};
use serde_json::{Value, json};

use crate::{
    association::{Broken, Session},
    command::Command,
    data::{Making, Received},
    negotiate::{Context, Model},
};

/// A match; all keys were heeded.
pub(crate) const PENDING: u16 = 0xFF00;
/// A match; a key that is none here was left out.
pub(crate) const PENDING_WITH_A_WARNING: u16 = 0xFF01;
pub(crate) const CANCELLED: u16 = 0xFE00;
/// Refused: out of resources.
pub(crate) const OUT_OF_RESOURCES: u16 = 0xA700;
/// Failed: the identifier does not match the SOP class.
pub(crate) const NO_MATCH_WITH_CLASS: u16 = 0xA900;
/// Failed: unable to process.
pub(crate) const UNABLE: u16 = 0xC000;

/// Most matches of one question. Whoever asks for more is told so behind them, since an answer that is cut off without a
/// word would pass for all there is.
pub(crate) const MOST: usize = 2000;

/// Why a question is not answered: status and comment. The comment repeats no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) comment: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, comment: impl Into<String>) -> Self {
        Self {
            status,
            comment: comment.into(),
        }
    }
}

impl From<DbError> for Refusal {
    fn from(error: DbError) -> Self {
        tracing::error!(%error, "a question could not be answered");
        match error {
            DbError::Unreachable(_) | DbError::NoRoom(_) => {
                Self::new(OUT_OF_RESOURCES, "the database is away or full")
            }
            _ => Self::new(UNABLE, "it cannot be answered now"),
        }
    }
}

/// Level of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Patients,
    Studies,
    Series,
    Images,
}

impl Of {
    /// What the Query/Retrieve Level says, if the model has such a level.
    pub(crate) fn read(level: &str, model: Model) -> Result<Self, Refusal> {
        match (level.trim(), model) {
            ("PATIENT", Model::Patient) => Ok(Self::Patients),
            ("STUDY", _) => Ok(Self::Studies),
            ("SERIES", _) => Ok(Self::Series),
            ("IMAGE", _) => Ok(Self::Images),
            _ => Err(Refusal::new(
                NO_MATCH_WITH_CLASS,
                "Query/Retrieve Level (0008,0052) is none of this model",
            )),
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Patients => "PATIENT",
            Self::Studies => "STUDY",
            Self::Series => "SERIES",
            Self::Images => "IMAGE",
        }
    }

    /// Whether something can be asked for by a key of this level.
    const fn has(self, level: Level, tag: Tag) -> bool {
        match self {
            Self::Patients => tag.0 == 0x0010,
            Self::Studies => matches!(level, Level::Study),
            Self::Series => matches!(level, Level::Study | Level::Series),
            Self::Images => true,
        }
    }
}

/// What is always said of a match, asked for or not.
const ALWAYS: &[Tag] = &[
    tags::SPECIFIC_CHARACTER_SET,
    tags::QUERY_RETRIEVE_LEVEL,
    tags::RETRIEVE_AE_TITLE,
    tags::INSTANCE_AVAILABILITY,
    tags::PATIENT_ID,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::SOP_INSTANCE_UID,
];

/// A question.
#[derive(Debug)]
struct Question {
    of: Of,
    keys: Keys,
    /// Whether a key with a value was left out.
    is_wide: bool,
    /// Whether attributes are asked for that are not in the index.
    wants_header: bool,
    received: Received,
}

impl Question {
    fn read(received: Received, model: Model) -> Result<Self, Refusal> {
        let of = Of::read(&received.text(tags::QUERY_RETRIEVE_LEVEL), model)?;
        let mut question = Self {
            of,
            keys: Keys::default(),
            is_wide: false,
            wants_header: false,
            received: Received::default(),
        };
        for asked in received.asked() {
            if asked.items.is_empty() {
                question.key(asked.tag, asked.digits, &asked.text)?;
            }
            for within in asked.items.iter().flat_map(Received::asked) {
                let path = format!("{}.{}", asked.digits, within.digits);
                question.key(asked.tag, &path, &within.text)?;
            }
        }
        question.received = received;
        Ok(question)
    }

    fn key(&mut self, tag: Tag, path: &str, text: &str) -> Result<(), Refusal> {
        if ABOUT_THE_QUESTION.contains(&tag) {
            return Ok(());
        }
        let known = KEYS
            .iter()
            .find(|(known, _, level)| *known == path && self.of.has(*level, tag));
        match known {
            Some((path, keyword, _)) if !text.is_empty() => self
                .keys
                .set(path, text)
                .map_err(|fault| Refusal::new(UNABLE, format!("{keyword}: {fault}"))),
            Some(_) => Ok(()),
            None => {
                self.is_wide |= !text.is_empty() && text != "*";
                self.wants_header |= !COUNTED.contains(&tag);
                Ok(())
            }
        }
    }
}

/// What says something of the question itself.
const ABOUT_THE_QUESTION: &[Tag] = &[
    tags::SPECIFIC_CHARACTER_SET,
    tags::QUERY_RETRIEVE_LEVEL,
    tags::RETRIEVE_AE_TITLE,
    tags::INSTANCE_AVAILABILITY,
    tags::TIMEZONE_OFFSET_FROM_UTC,
];

/// What is told of a match beside the keys without looking into a film.
const COUNTED: &[Tag] = &[
    tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
    tags::LATERALITY,
    tags::ROWS,
    tags::COLUMNS,
    tags::NUMBER_OF_FRAMES,
    tags::AVAILABLE_TRANSFER_SYNTAX_UID,
];

/// Answers a question about what is stored.
pub(crate) async fn answer(
    session: &mut Session<'_>,
    context: &Context,
    asked: &Command,
    model: Model,
) -> Result<(), Broken> {
    let bytes = session.data_set(context).await?;
    match matches(session, context, &bytes, model).await {
        Ok(found) => tell(session, context, asked, found).await,
        Err(refusal) => {
            session
                .end(context, asked, refusal.status, Some(&refusal.comment))
                .await
        }
    }
}

/// What was found.
pub(crate) struct Found {
    pub(crate) status: u16,
    pub(crate) matches: Vec<Making>,
    /// Whether there are more of them.
    pub(crate) more: bool,
}

/// Sends matches one after another, until the device has enough.
pub(crate) async fn tell(
    session: &mut Session<'_>,
    context: &Context,
    asked: &Command,
    found: Found,
) -> Result<(), Broken> {
    let pending = asked.answer(found.status, None).with_data_set();
    for one in found.matches {
        if session.is_cancelled(asked).await? {
            return session.end(context, asked, CANCELLED, None).await;
        }
        match one.written(&context.transfer_syntax) {
            Ok(bytes) => session.line.say(context.id, &pending, Some(&bytes)).await?,
            Err(error) => {
                tracing::error!(%error, "a match could not be written");
                let comment = "a match could not be written";
                return session.end(context, asked, UNABLE, Some(comment)).await;
            }
        }
    }
    if found.more {
        let comment = format!("more than {MOST} match, these are the first: ask for less");
        return session
            .end(context, asked, OUT_OF_RESOURCES, Some(&comment))
            .await;
    }
    session.end(context, asked, 0, None).await
}

async fn matches(
    session: &Session<'_>,
    context: &Context,
    bytes: &[u8],
    model: Model,
) -> Result<Found, Refusal> {
    let received = Received::read(bytes, &context.transfer_syntax)
        .map_err(|error| Refusal::new(UNABLE, error.to_string()))?;
    let question = Question::read(received, model)?;
    let mut tx = session.service.database.begin(&session.peer.actor).await?;
    let mut matches = look_up(&mut tx, &question, &session.service.ae_title).await?;
    let more = matches.len() > MOST;
    matches.truncate(MOST);
    let form = format!("dimse find {}", question.of.word().to_lowercase());
    let act = Act::new(AuditAction::ListReports, EntityType::Report)
        .new_values(json!({ "form": form, "found": matches.len() }));
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(Found {
        status: if question.is_wide {
            PENDING_WITH_A_WARNING
        } else {
            PENDING
        },
        matches,
        more,
    })
}

async fn look_up(
    tx: &mut ActorTx,
    question: &Question,
    ae_title: &str,
) -> Result<Vec<Making>, DbError> {
    let part = Part {
        limit: i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1),
        offset: 0,
        header: question.wants_header,
    };
    let begun = || {
        let mut match_ = Making::of_utf8();
        match_
            .text(tags::QUERY_RETRIEVE_LEVEL, VR::CS, Some(question.of.word()))
            .text(tags::RETRIEVE_AE_TITLE, VR::AE, Some(ae_title))
            .text(tags::INSTANCE_AVAILABILITY, VR::CS, Some("ONLINE"));
        match_
    };
    let done = |match_: Making, header: Option<&Value>| {
        match_.answering(&question.received, ALWAYS, header)
    };
    let keys = &question.keys;
    Ok(match question.of {
        Of::Patients => {
            let found = dicom::patients(tx, keys, part).await?;
            let of_patient = |found: &dicom::FoundPatient| {
                let mut match_ = begun();
                match_
                    .text(tags::PATIENT_NAME, VR::PN, found.patient_name.as_deref())
                    .text(tags::PATIENT_ID, VR::LO, Some(&found.patient_number))
                    .text(tags::ISSUER_OF_PATIENT_ID, VR::LO, found.issuer.as_deref())
                    .date(tags::PATIENT_BIRTH_DATE, found.patient_birth_date)
                    .text(tags::PATIENT_SEX, VR::CS, found.patient_sex.as_deref())
                    .number(tags::NUMBER_OF_PATIENT_RELATED_STUDIES, Some(found.studies));
                done(match_, None)
            };
            found.iter().map(of_patient).collect()
        }
        Of::Studies => {
            let found = dicom::studies(tx, keys, part).await?;
            let of_study = |found: &dicom::FoundStudy| {
                let mut match_ = begun();
                study(&mut match_, &found.study);
                match_
                    .values(
                        tags::MODALITIES_IN_STUDY,
                        VR::CS,
                        &found.modalities.join("\\"),
                    )
                    .number(tags::NUMBER_OF_STUDY_RELATED_SERIES, Some(found.series))
                    .number(
                        tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
                        Some(found.instances),
                    );
                done(match_, found.header.as_ref())
            };
            found.iter().map(of_study).collect()
        }
        Of::Series => {
            let found = dicom::series(tx, keys, part).await?;
            let of_series = |found: &dicom::FoundSeries| {
                let mut match_ = begun();
                study(&mut match_, &found.study);
                series(&mut match_, &found.series);
                match_.number(
                    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
                    Some(found.instances),
                );
                done(match_, found.header.as_ref())
            };
            found.iter().map(of_series).collect()
        }
        Of::Images => {
            let found = dicom::instances(tx, keys, part).await?;
            let of_image = |found: &dicom::FoundInstance| {
                let mut match_ = begun();
                study(&mut match_, &found.study);
                series(&mut match_, &found.series);
                image(&mut match_, found);
                done(match_, found.header.as_ref())
            };
            found.iter().map(of_image).collect()
        }
    })
}

fn study(match_: &mut Making, study: &Study) {
    match_
        .date(tags::STUDY_DATE, study.study_date)
        .time(tags::STUDY_TIME, study.study_time)
        .text(
            tags::ACCESSION_NUMBER,
            VR::SH,
            study.accession_number.as_deref(),
        )
        .text(
            tags::REFERRING_PHYSICIAN_NAME,
            VR::PN,
            study.referring_physician.as_deref(),
        )
        .text(
            tags::STUDY_DESCRIPTION,
            VR::LO,
            study.study_description.as_deref(),
        )
        .text(tags::PATIENT_NAME, VR::PN, study.patient_name.as_deref())
        .text(tags::PATIENT_ID, VR::LO, study.patient_number.as_deref())
        .text(tags::ISSUER_OF_PATIENT_ID, VR::LO, study.issuer.as_deref())
        .date(tags::PATIENT_BIRTH_DATE, study.patient_birth_date)
        .text(tags::PATIENT_SEX, VR::CS, study.patient_sex.as_deref())
        .text(tags::STUDY_INSTANCE_UID, VR::UI, Some(&study.study_uid))
        .text(tags::STUDY_ID, VR::SH, study.study_id.as_deref());
}

fn series(match_: &mut Making, series: &Series) {
    match_
        .text(tags::MODALITY, VR::CS, series.modality.as_deref())
        .text(
            tags::SERIES_DESCRIPTION,
            VR::LO,
            series.series_description.as_deref(),
        )
        .text(
            tags::BODY_PART_EXAMINED,
            VR::CS,
            series.body_part.as_deref(),
        )
        .text(tags::LATERALITY, VR::CS, series.laterality.as_deref())
        .text(tags::SERIES_INSTANCE_UID, VR::UI, Some(&series.series_uid))
        .number(tags::SERIES_NUMBER, series.series_number.map(i64::from))
        .date(
            tags::PERFORMED_PROCEDURE_STEP_START_DATE,
            series.performed_date,
        )
        .time(
            tags::PERFORMED_PROCEDURE_STEP_START_TIME,
            series.performed_time,
        );
    let mut request = Making::default();
    request
        .text(
            tags::SCHEDULED_PROCEDURE_STEP_ID,
            VR::SH,
            series.scheduled_step_id.as_deref(),
        )
        .text(
            tags::REQUESTED_PROCEDURE_ID,
            VR::SH,
            series.requested_procedure_id.as_deref(),
        );
    let is_known = series.scheduled_step_id.is_some() || series.requested_procedure_id.is_some();
    match_.items(
        tags::REQUEST_ATTRIBUTES_SEQUENCE,
        is_known.then_some(request).into_iter().collect(),
    );
}

fn image(match_: &mut Making, found: &dicom::FoundInstance) {
    match_
        .text(tags::SOP_CLASS_UID, VR::UI, found.sop_class_uid.as_deref())
        .text(
            tags::SOP_INSTANCE_UID,
            VR::UI,
            Some(&found.sop_instance_uid),
        )
        .text(
            tags::AVAILABLE_TRANSFER_SYNTAX_UID,
            VR::UI,
            found.transfer_syntax_uid.as_deref(),
        )
        .number(tags::INSTANCE_NUMBER, found.instance_number.map(i64::from))
        .number(tags::NUMBER_OF_FRAMES, Some(i64::from(found.frames)));
    for (tag, side) in [(tags::ROWS, found.height), (tags::COLUMNS, found.width)] {
        if let Some(side) = side.and_then(|side| u16::try_from(side).ok()) {
            match_.word(tag, side);
        }
    }
}
