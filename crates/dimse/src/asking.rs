//! Asking an archive which studies it has of a patient (C-FIND as an SCU, PS3.4 section C.4.1): Study Root, by Patient ID. An
//! archive is a stranger: it may pass over the key and answer with everything, answer with what cannot be read, and without end.

use std::{collections::BTreeMap, time::Duration};

use chrono::{NaiveDate, NaiveDateTime};
use db::dicom_peers::Destination;
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use imaging::DicomHeader;

use crate::{
    CallError, Calling,
    calling::{Call, NATIVE, Proposal},
    command::{self, Command},
    data::{Making, Received},
    find::{CANCELLED, PENDING, PENDING_WITH_A_WARNING},
    line::Heard,
};

/// Most studies that are read of one question: more than a person has. An archive that passes over the Patient ID answers with
/// those of all its patients.
pub const MOST_STUDIES: usize = 1_000;
/// So many more are let pass after it was told to stop, since they may be under way; then it is left.
const MOST_AFTERWARDS: usize = 200;
/// Longest data set of one answer: some fifteen short values, and whatever else an archive adds.
const LONGEST_ANSWER: usize = 64 << 10;
/// Longest time for all of a question's answers, so that an archive whose answers drip holds nobody up.
const LONGEST_QUESTION: Duration = Duration::from_secs(120);
/// Longest silence of an archive.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// Why an archive gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// There is no association, or it broke.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It does not do what it is asked for.
    #[error("{title} does not agree to {what}")]
    NotSpoken {
        /// Who.
        title: String,
        /// To what.
        what: &'static str,
    },
    /// It ended what it was asked for with this status.
    #[error("{title} answers with the status {status:04X}")]
    Status {
        /// Who.
        title: String,
        /// Status.
        status: u16,
    },
    /// It takes too long.
    #[error("{title} was not done after {seconds} s")]
    TooSlow {
        /// Who.
        title: String,
        /// After how long.
        seconds: u64,
    },
    /// The question cannot be written down.
    #[error("the question cannot be written: {0}")]
    Unwritable(String),
    /// What it sends cannot be kept here.
    #[error("what {title} sends cannot be kept: {fault}")]
    Unkept {
        /// Who.
        title: String,
        /// Why.
        fault: String,
    },
}

/// By what a hospital knows a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Patient ID, as a film says it.
    pub number: String,
    /// Issuer of Patient ID, where the film says it.
    pub issuer: Option<String>,
}

/// A study that an archive has under a patient's number. Whose it is says the number alone not yet.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedStudy {
    /// Study Instance UID.
    pub study_uid: String,
    /// When it was made, as the site's clock showed it; midnight where only the day is said.
    pub made_at: Option<NaiveDateTime>,
    /// Its modalities.
    pub modalities: Vec<String>,
    /// Study Description.
    pub description: Option<String>,
    /// Accession Number.
    pub accession_number: Option<String>,
    /// Patient's Name, for people.
    pub patient_name: Option<String>,
    /// Patient's Birth Date.
    pub birth_date: Option<NaiveDate>,
    /// How many instances it has, where the archive says it.
    pub instances: Option<u32>,
}

/// What an archive said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answered {
    /// Studies under this very number, each once, by their UIDs.
    pub studies: Vec<ArchivedStudy>,
    /// Answers of another number or issuer, which are left out.
    pub others: usize,
    /// Answers that cannot be read, or name no study.
    pub unreadable: usize,
    /// Whether the archive has more than these, or says so.
    pub is_cut: bool,
}

/// An archive of the list.
#[derive(Debug, Clone)]
pub struct Archive {
    pub(crate) calling: Calling,
    pub(crate) own_title: String,
    pub(crate) at: Destination,
}

impl Archive {
    /// The archive that listens there, called so and under this name.
    #[must_use]
    pub fn new(calling: Calling, own_title: &str, at: Destination) -> Self {
        Self {
            calling,
            own_title: own_title.to_owned(),
            at,
        }
    }

    /// Asks for the studies of a patient.
    ///
    /// # Errors
    /// [`AskError`], when the archive is away, refuses, or does not keep to the protocol.
    pub async fn studies_of(&self, patient: &Numbered) -> Result<Answered, AskError> {
        tokio::time::timeout(LONGEST_QUESTION, self.ask(patient))
            .await
            .map_err(|_| self.too_slow(LONGEST_QUESTION))?
    }

    async fn ask(&self, patient: &Numbered) -> Result<Answered, AskError> {
        let class = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND;
        let mut call = self.call(&native(class), &[]).await?;
        let Some((context, syntax)) = in_native(&call, class) else {
            call.end().await;
            return Err(self.not_spoken("queries (Study Root)"));
        };
        let request = Command::inquiry(command::FIND, call.message(), class);
        let question = question(patient)
            .written(syntax)
            .map_err(|error| AskError::Unwritable(error.to_string()))?;
        call.say(context, &request, Some(&question)).await?;
        let mut answers = Answers::new(patient);
        loop {
            let answer = next_answer(&mut call, context, &request).await?;
            let mut data = Vec::new();
            if answer.has_data_set() {
                data = small_data_set(&mut call, context).await?;
            }
            match answer.status().unwrap_or_default() {
                PENDING | PENDING_WITH_A_WARNING => answers.note(&data, syntax),
                status => {
                    call.end().await;
                    return answers.end(status).ok_or_else(|| self.refused(status));
                }
            }
            if answers.seen == MOST_STUDIES + 1 {
                let taken_back = Command::cancel(request.message_id().unwrap_or_default());
                call.say(context, &taken_back, None).await?;
            }
            if answers.seen > MOST_STUDIES + MOST_AFTERWARDS {
                call.abort().await;
                return Ok(answers.found());
            }
        }
    }

    pub(crate) async fn call(
        &self,
        proposals: &[Proposal],
        roles: &[(&str, dicom_ul::pdu::RequestorRoles)],
    ) -> Result<Call, CallError> {
        let (calling, own) = (&self.calling, &self.own_title);
        Call::begin(calling, own, &self.at, proposals, roles, SILENCE).await
    }

    pub(crate) fn not_spoken(&self, what: &'static str) -> AskError {
        let title = self.at.ae_title.clone();
        AskError::NotSpoken { title, what }
    }

    pub(crate) fn refused(&self, status: u16) -> AskError {
        let title = self.at.ae_title.clone();
        AskError::Status { title, status }
    }

    pub(crate) fn too_slow(&self, after: Duration) -> AskError {
        AskError::TooSlow {
            title: self.at.ae_title.clone(),
            seconds: after.as_secs(),
        }
    }
}

/// A class in either native transfer syntax.
pub(crate) fn native(class: &str) -> Vec<Proposal> {
    NATIVE
        .iter()
        .map(|syntax| (class.to_owned(), (*syntax).to_owned()))
        .collect()
}

/// The context in which a class was agreed on, and its transfer syntax.
pub(crate) fn in_native(call: &Call, class: &str) -> Option<(u8, &'static str)> {
    NATIVE
        .into_iter()
        .find_map(|syntax| Some((call.context(class, syntax)?, syntax)))
}

/// The next answer to a request.
pub(crate) async fn next_answer(
    call: &mut Call,
    due: u8,
    request: &Command,
) -> Result<Command, CallError> {
    match call.hear().await? {
        Heard::Command { context, command } if context == due && command.is_answer_to(request) => {
            Ok(command)
        }
        _ => Err(call.broken(&"it answers something else")),
    }
}

/// A data set that goes with an answer.
pub(crate) async fn small_data_set(call: &mut Call, context: u8) -> Result<Vec<u8>, CallError> {
    let mut whole = Vec::new();
    loop {
        let (part, is_last) = call.part(context).await?;
        if whole.len() + part.len() > LONGEST_ANSWER {
            return Err(call.broken(&"an answer without end"));
        }
        whole.extend_from_slice(&part);
        if is_last {
            return Ok(whole);
        }
    }
}

/// The question. A character set is named where a value needs one: older archives refuse a name that they do not know.
fn question(patient: &Numbered) -> Making {
    let issuer = patient.issuer.as_deref();
    let is_plain = patient.number.is_ascii() && issuer.is_none_or(str::is_ascii);
    let mut question = if is_plain {
        Making::default()
    } else {
        Making::of_utf8()
    };
    question
        .text(tags::QUERY_RETRIEVE_LEVEL, VR::CS, Some("STUDY"))
        .text(tags::PATIENT_ID, VR::LO, Some(&patient.number))
        .text(tags::ISSUER_OF_PATIENT_ID, VR::LO, issuer);
    for (tag, vr) in [
        (tags::STUDY_DATE, VR::DA),
        (tags::STUDY_TIME, VR::TM),
        (tags::ACCESSION_NUMBER, VR::SH),
        (tags::MODALITIES_IN_STUDY, VR::CS),
        (tags::STUDY_DESCRIPTION, VR::LO),
        (tags::PATIENT_NAME, VR::PN),
        (tags::PATIENT_BIRTH_DATE, VR::DA),
        (tags::STUDY_INSTANCE_UID, VR::UI),
        (tags::NUMBER_OF_STUDY_RELATED_INSTANCES, VR::IS),
    ] {
        question.text(tag, vr, None);
    }
    question
}

/// The answers so far.
struct Answers<'a> {
    patient: &'a Numbered,
    studies: BTreeMap<String, ArchivedStudy>,
    rest: Answered,
    seen: usize,
}

impl<'a> Answers<'a> {
    fn new(patient: &'a Numbered) -> Self {
        Self {
            patient,
            studies: BTreeMap::new(),
            rest: Answered::default(),
            seen: 0,
        }
    }

    fn note(&mut self, data: &[u8], syntax: &str) {
        self.seen += 1;
        if self.seen > MOST_STUDIES {
            self.rest.is_cut = true;
            return;
        }
        // By the reader that films go through: so names and dates are compared as those of films are.
        let Ok((received, header)) = Received::with_header(data, syntax) else {
            self.rest.unreadable += 1;
            return;
        };
        if !is_of(self.patient, &header) {
            self.rest.others += 1;
        } else if header.study_uid.is_empty() {
            self.rest.unreadable += 1;
        } else {
            let study = study(&received, header);
            self.studies.entry(study.study_uid.clone()).or_insert(study);
        }
    }

    /// What was found, where this status ends a question well.
    fn end(mut self, status: u16) -> Option<Answered> {
        match status {
            0 => {}
            // It was told to stop, or stops by itself.
            CANCELLED | 0xB000..=0xBFFF => self.rest.is_cut = true,
            // It has answered, and will not go on: too many (PS3.4 table C.4-1).
            0xA700 if self.seen > 0 => self.rest.is_cut = true,
            _ => return None,
        }
        Some(self.found())
    }

    fn found(self) -> Answered {
        Answered {
            studies: self.studies.into_values().collect(),
            ..self.rest
        }
    }
}

/// Whether an answer is under this very number: an asterisk in it would have found others as well. An archive that says no
/// issuer has one only.
fn is_of(patient: &Numbered, said: &DicomHeader) -> bool {
    let issuer = said.issuer_of_patient_id.as_deref();
    said.patient_id.as_deref() == Some(patient.number.trim())
        && match (patient.issuer.as_deref(), issuer) {
            (Some(ours), Some(theirs)) => ours.trim() == theirs,
            _ => true,
        }
}

fn study(received: &Received, header: DicomHeader) -> ArchivedStudy {
    let modalities = received.text(tags::MODALITIES_IN_STUDY);
    let instances = received.text(tags::NUMBER_OF_STUDY_RELATED_INSTANCES);
    ArchivedStudy {
        study_uid: header.study_uid,
        made_at: header.study_date_time,
        modalities: db::dicom::values::list(&modalities)
            .map(str::to_owned)
            .collect(),
        description: header.study_description,
        accession_number: header.accession_number,
        patient_name: header.patient_name,
        birth_date: header.patient_birth_date,
        instances: instances.trim().parse().ok(),
    }
}
