//! PID: who it is about; and ADT messages, which say so and nothing else.

use db::ActorTx;
use domain::{UserId, patient::Gender};
use intake::records::{self, SentPatient};
use serde_json::Value;

use crate::{
    fault::Fault,
    message::{Message, Said, SegmentView},
    values,
};

/// Types of numbers (table 0203) that are a patient's at a hospital. Others, such as an account or a passport, are left
/// out: films are not matched by them.
const NUMBER_TYPES: [&str; 6] = ["", "MR", "MRN", "PI", "PT", "U"];
/// Longest number, and longest name of who gave it, that is kept.
const LONGEST: usize = 64;
const LONGEST_NAME: usize = 200;

/// What a PID says. The name is missing where nothing is said of it, which a correction may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) numbers: Vec<(String, String)>,
    pub(crate) name: Option<String>,
    pub(crate) gender: Option<Gender>,
    pub(crate) born: Option<chrono::NaiveDate>,
    pub(crate) phone: Option<String>,
}

/// Reads the PID of a message.
pub(crate) fn person(message: &Message) -> Result<Person, Fault> {
    let segment = message
        .segment("PID")
        .ok_or(Fault::missing_segment("PID"))?;
    let numbers = numbers(segment)?;
    let name = values::name(segment.field(5));
    if name
        .as_ref()
        .is_some_and(|name| name.chars().count() > LONGEST_NAME)
    {
        return Err(Fault::malformed("PID-5", "at most 200 characters are kept"));
    }
    let born = match segment.field(7).said() {
        Said::Value(text) => Some(
            values::day(&text).ok_or(Fault::malformed("PID-7", "a day is wanted, as YYYYMMDD"))?,
        ),
        Said::Nothing | Said::None => None,
    };
    let gender = match segment.field(8).value().as_str() {
        "M" => Some(Gender::Male),
        "F" => Some(Gender::Female),
        "O" | "A" | "N" => Some(Gender::Other),
        "" | "U" => None,
        _ => {
            return Err(Fault::unknown_word(
                "PID-8",
                "one of F, M, O, A, N, U is wanted (table 0001)",
            ));
        }
    };
    let telephone = segment.field(13);
    let phone = [
        telephone.component(1).value(),
        telephone.component(12).value(),
    ]
    .into_iter()
    .find(|phone| !phone.is_empty());
    if phone
        .as_ref()
        .is_some_and(|phone| phone.chars().count() > 40)
    {
        return Err(Fault::malformed("PID-13", "at most 40 characters are kept"));
    }
    Ok(Person {
        numbers,
        name,
        gender,
        born,
        phone,
    })
}

fn numbers(segment: SegmentView<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut numbers = Vec::new();
    for one in segment.field(3).repetitions() {
        let number = one.value();
        if number.is_empty() || !NUMBER_TYPES.contains(&one.component(5).value().as_str()) {
            continue;
        }
        let authority = one.component(4);
        let issuer = values::authority(
            &authority.value(),
            &authority.subcomponent(2).value(),
            &authority.subcomponent(3).value(),
        );
        if number.chars().count() > LONGEST || issuer.chars().count() > LONGEST {
            return Err(Fault::malformed(
                "PID-3",
                "a number, and who gave it, have at most 64 characters",
            ));
        }
        if !numbers.contains(&(issuer.clone(), number.clone())) {
            numbers.push((issuer, number));
        }
    }
    if numbers.is_empty() {
        return Err(Fault::missing(
            "PID-3",
            "a number of the hospital is wanted (type MR, PI, PT, or none)",
        ));
    }
    Ok(numbers)
}

impl Person {
    /// As the portal keeps it; the name is what is said here, or else `known`.
    fn sent(&self, known: Option<&str>) -> Result<SentPatient, Fault> {
        let name = self
            .name
            .as_deref()
            .or(known)
            .ok_or(Fault::missing("PID-5", "a new patient's name is wanted"))?;
        Ok(SentPatient {
            name: name.to_owned(),
            numbers: self.numbers.clone(),
            gender: self.gender,
            born: self.born,
            phone: self.phone.clone(),
        })
    }

    /// Registers this patient, or corrects the record that there is.
    pub(crate) async fn take(&self, tx: &mut ActorTx, note: &Value) -> Result<UserId, Fault> {
        let Some(known) = self.known(tx).await? else {
            return Ok(records::register_patient(tx, &self.sent(None)?, note).await?);
        };
        let sent = self.sent(Some(&known.name))?;
        records::correct_patient(tx, known.patient_id, &sent, note).await?;
        Ok(known.patient_id)
    }

    /// Whom an order is for: registered where nobody knows the number. A record is not corrected by an order; where its
    /// birth date is another one, or its name and nothing else tells, the number may be a wrong one, and a person has to look.
    pub(crate) async fn of_order(&self, tx: &mut ActorTx, note: &Value) -> Result<UserId, Fault> {
        let Some(known) = self.known(tx).await? else {
            return Ok(records::register_patient(tx, &self.sent(None)?, note).await?);
        };
        let other_name = self
            .name
            .as_deref()
            .is_some_and(|name| !records::is_same_name(name, &known.name));
        let days = self.born.zip(known.date_of_birth);
        let other_day = days.is_some_and(|(said, kept)| said != kept);
        if other_day || (other_name && days.is_none()) {
            return Err(Fault::conflict(
                "PID-3",
                "the patient with this number has another birth date, or another name and no birth date to tell by: \
                 correct the record first (ADT^A08), or the number",
            ));
        }
        Ok(known.patient_id)
    }

    async fn known(&self, tx: &mut ActorTx) -> Result<Option<db::patients::Patient>, Fault> {
        let Some(owner) = records::owner_of_numbers(tx, &self.numbers).await? else {
            return Ok(None);
        };
        let patient = db::patients::find(tx, owner).await?;
        // Row security, or a record that went at this moment.
        patient.map(Some).ok_or_else(Fault::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pid: &str) -> Result<Person, Fault> {
        person(&Message::read(&format!("MSH|^~\\&|A\r{pid}")).unwrap())
    }

    #[test]
    fn numbers_of_the_hospital_are_read_and_others_left() {
        let read = read(
            "PID|1||E-1^^^St. Mary~\"\"~77^^^&1.2.3&ISO^MR~A9^^^X^AN~123-45-6789^^^USA^SS~E-1^^^St. Mary^PI||Doe^Jane||19800101|F|||||555^^PH",
        )
        .unwrap();
        let number = |issuer: &str, number: &str| (issuer.to_owned(), number.to_owned());
        assert_eq!(
            read.numbers,
            [number("St. Mary", "E-1"), number("urn:oid:1.2.3", "77")]
        );
        assert_eq!(read.name.as_deref(), Some("Jane Doe"));
        assert_eq!(read.gender, Some(Gender::Female));
        assert_eq!(read.phone.as_deref(), Some("555"));
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_its_place() {
        let place = |pid: &str| read(pid).unwrap_err().at;
        assert_eq!(place("PV1|1"), Some("PID"));
        assert_eq!(place("PID|1"), Some("PID-3"));
        assert_eq!(place("PID|1||9^^^X^AN"), Some("PID-3"));
        assert_eq!(place("PID|1||9||A||1980"), Some("PID-7"));
        assert_eq!(place("PID|1||9||A||19800101|X"), Some("PID-8"));
        assert_eq!(place(&format!("PID|1||{}", "9".repeat(65))), Some("PID-3"));
    }
}
