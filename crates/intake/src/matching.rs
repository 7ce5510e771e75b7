//! Whose film is it? By the patient that the sender names, or by the number in the DICOM header.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use db::{
    ActorTx, DbError,
    patients::{self, Patient},
    unknown_patients::{self, UnknownPatient},
};
use domain::{Doubt, UserId};
use imaging::DicomHeader;

use crate::numbers::Numbers;

/// Why no patient could be matched. The texts never repeat what the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmatched {
    pub(crate) code: &'static str,
    pub(crate) detail: &'static str,
}

impl Unmatched {
    /// Whether nobody is known by what the film says; a conflict is another thing.
    pub(crate) fn is_nobody(&self) -> bool {
        [PATIENT_MISSING, PATIENT_NOT_MATCHED].contains(self)
    }
}

const PATIENT_MISSING: Unmatched = Unmatched {
    code: "patient_missing",
    detail: "the file says nothing of the patient: send the field patient_id with it",
};
const PATIENT_NOT_MATCHED: Unmatched = Unmatched {
    code: "patient_not_matched",
    detail: "no registered patient has the Patient ID (0010,0020) of this file: send the field patient_id, or register \
             the patient with that identifier (POST /api/patients) and send the file again",
};
const IDENTITY_CONFLICT: Unmatched = Unmatched {
    code: "identity_conflict",
    detail: "the Patient ID (0010,0020) of this file belongs to another registered patient than the one named in \
             patient_id: check whose film it is",
};
const PATIENT_UNKNOWN: Unmatched = Unmatched {
    code: "patient_unknown",
    detail: "patient_id names no registered patient: register the patient first",
};

/// Finds the patient of a file, by its header where it has one, and what is known by the numbers there.
pub(crate) async fn find_patient(
    tx: &mut ActorTx,
    named: Option<UserId>,
    said: Option<(&DicomHeader, &Numbers)>,
) -> Result<Result<Patient, Unmatched>, DbError> {
    let by_number = match said {
        Some((header, numbers)) if named.is_none() && numbers.owner.is_none() => {
            patient_of_order(tx, header, numbers).await?
        }
        said => said.and_then(|(_, numbers)| numbers.owner),
    };
    let patient_id = match (named, by_number) {
        (Some(named), Some(other)) if named != other => return Ok(Err(IDENTITY_CONFLICT)),
        (Some(named), _) => named,
        (None, Some(found)) => found,
        (None, None) if said.is_some_and(|(header, _)| header.patient_id.is_some()) => {
            return Ok(Err(PATIENT_NOT_MATCHED));
        }
        (None, None) => return Ok(Err(PATIENT_MISSING)),
    };
    Ok(patients::find(tx, patient_id).await?.ok_or(PATIENT_UNKNOWN))
}

/// The patient whose examination was ordered, where the film names the same person as well: a number alone may be
/// mistyped, and then a person looks. The Study Instance UID of the worklist is copied by machines, so that a name is
/// enough with it; with an accession number the birth date has to agree, too.
async fn patient_of_order(
    tx: &mut ActorTx,
    header: &DicomHeader,
    numbers: &Numbers,
) -> Result<Option<UserId>, DbError> {
    let Some(ordered) = numbers.orders.first() else {
        return Ok(None);
    };
    let is_by_study = numbers.is_by_study(ordered);
    let patient = patients::find(tx, ordered.patient_id).await?;
    let is_same = patient.is_some_and(|patient| {
        let born = header.patient_birth_date;
        let record = Named::new(Some(&patient.name), patient.date_of_birth);
        let doubts = doubts(record, Named::new(header.patient_name.as_deref(), born));
        doubts.is_empty() || is_by_study && born.is_none() && doubts == [Doubt::BirthDate]
    });
    Ok(is_same.then_some(ordered.patient_id))
}

/// The patient of a film that a machine sent and whose number nobody has registered, or that has none: the unknown
/// patient that films of the same number, name and birth date, or of the same study, were kept for before; whom
/// staff has found that to be; or a new one. The number itself stays nobody's.
pub(crate) async fn unknown_patient(
    tx: &mut ActorTx,
    header: Option<&DicomHeader>,
    study_of: Option<UserId>,
) -> Result<Option<Patient>, DbError> {
    let plain = |text: Option<&str>, most: usize| -> String {
        let text = text.unwrap_or_default();
        text.chars().filter(|c| *c != '\0').take(most).collect()
    };
    let name = plain(
        header.and_then(|header| header.patient_name.as_deref()),
        200,
    );
    let who = UnknownPatient {
        issuer: plain(
            header.and_then(|header| header.issuer_of_patient_id.as_deref()),
            64,
        ),
        number: plain(header.and_then(|header| header.patient_id.as_deref()), 64),
        name: if name.is_empty() {
            "Unknown patient".to_owned()
        } else {
            name
        },
        birth_date: header.and_then(|header| header.patient_birth_date),
    };
    match unknown_patients::find(tx, &who, study_of).await? {
        Some(known) => patients::find(tx, known).await,
        None => unknown_patients::create(tx, &who).await.map(Some),
    }
}

/// Where the header and the record of the patient disagree: `name`, `birth_date`, `gender`, or the hospital's
/// number (`identifier`). `owner` is whom the number in the header belongs to.
pub(crate) fn disagreements(
    patient: &Patient,
    header: &DicomHeader,
    owner: Option<UserId>,
) -> Vec<&'static str> {
    let mut found = Vec::new();
    if header
        .patient_name
        .as_deref()
        .is_some_and(|name| !same_name(name, &patient.name))
    {
        found.push("name");
    }
    if let (Some(theirs), Some(ours)) = (header.patient_birth_date, patient.date_of_birth)
        && theirs != ours
    {
        found.push("birth_date");
    }
    if let (Some(theirs), Some(ours)) = (header.patient_gender, patient.gender)
        && theirs != ours
    {
        found.push("gender");
    }
    let is_strange = header.patient_id.is_some() && patient.identifier.is_some();
    if owner.map_or(is_strange, |owner| owner != patient.patient_id) {
        found.push("identifier");
    }
    found
}

/// Whose something is, by what people are called and when they were born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    name: Option<&'a str>,
    born: Option<NaiveDate>,
}

impl<'a> Named<'a> {
    /// What is known of it.
    #[must_use]
    pub const fn new(name: Option<&'a str>, born: Option<NaiveDate>) -> Self {
        Self { name, born }
    }
}

/// Why what has a patient's number, or a number of an order, may be of somebody else all the same. Only without doubts is it
/// this patient's.
#[must_use]
pub fn doubts(record: Named<'_>, said: Named<'_>) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let names = record.name.zip(said.name);
    if !names.is_some_and(|(recorded, said)| same_name(recorded, said)) {
        doubts.push(Doubt::Name);
    }
    if said.born.is_none() || said.born != record.born {
        doubts.push(Doubt::BirthDate);
    }
    doubts
}

/// Whether two names have the same words, in whatever order and case.
#[must_use]
pub fn same_name(a: &str, b: &str) -> bool {
    let words = |name: &str| {
        let mut words: Vec<String> = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        words.sort();
        words
    };
    words(a) == words(b)
}

/// Full years between a birth and a moment.
pub(crate) fn age_in_years(born: NaiveDate, at: DateTime<Utc>) -> Option<i32> {
    let today = at.date_naive();
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    let years = today.year() - born.year() - i32::from(!had_birthday);
    (0..=150).contains(&years).then_some(years)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_by_their_words() {
        assert!(same_name("Marie Curie", "CURIE, Marie"));
        assert!(same_name("Anne-Marie Öztürk", "öztürk anne marie"));
        assert!(!same_name("Marie Curie", "Pierre Curie"));
    }

    #[test]
    fn without_name_and_birth_date_a_number_is_nobodys() {
        let day = |year| NaiveDate::from_ymd_opt(year, 6, 15);
        let record = Named::new(Some("Marie Curie"), day(1960));
        let doubted = |name, born| doubts(record, Named::new(name, born));
        assert_eq!(doubted(Some("CURIE Marie"), day(1960)), []);
        assert_eq!(doubted(None, day(1960)), [Doubt::Name]);
        assert_eq!(doubted(Some("Eve Curie"), day(1960)), [Doubt::Name]);
        assert_eq!(doubted(Some("Marie Curie"), None), [Doubt::BirthDate]);
        assert_eq!(doubted(None, day(1961)), Doubt::ALL);
        // Nothing that neither side knows agrees.
        let ageless = Named::new(Some("Marie Curie"), None);
        assert_eq!(doubts(ageless, ageless), [Doubt::BirthDate]);
    }

    #[test]
    fn age_counts_full_years() {
        let born = NaiveDate::from_ymd_opt(2020, 6, 15).unwrap();
        let at = |month, day| {
            NaiveDate::from_ymd_opt(2024, month, day)
                .unwrap()
                .and_hms_opt(0, 0, 0)
                .unwrap()
                .and_utc()
        };
        assert_eq!(age_in_years(born, at(6, 14)), Some(3));
        assert_eq!(age_in_years(born, at(6, 15)), Some(4));
        assert_eq!(
            age_in_years(NaiveDate::from_ymd_opt(1800, 1, 1).unwrap(), at(1, 1)),
            None
        );
    }
}
