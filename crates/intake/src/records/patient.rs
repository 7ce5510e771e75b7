//! Patients: registered, or corrected. What is not said stays, and numbers are added, never taken away: films are matched by
//! them.

use chrono::NaiveDate;
use db::{
    ActorTx, DbError,
    accounts::{self, NewAccount},
    audit::Act,
    fhir::{
        Window,
        patients::{Filter, Row, find},
    },
    patients::{self, PatientChange},
};
use domain::{
    Role, UserId,
    audit::{AuditAction, EntityType},
    patient::Gender,
};
use serde_json::{Map, Value, json};

use super::{RecordError, with};

/// A patient as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPatient {
    /// Name, as it is shown.
    pub name: String,
    /// Issuer and number of each; the issuer is empty where nobody says.
    pub numbers: Vec<(String, String)>,
    /// Administrative sex.
    pub gender: Option<Gender>,
    /// Date of birth.
    pub born: Option<NaiveDate>,
    /// Telephone number.
    pub phone: Option<String>,
}

/// Whom numbers belong to; nobody where nobody has registered one of them.
///
/// # Errors
/// [`RecordError::NumbersOfSeveral`], or when the database does not answer.
pub async fn owner_of_numbers(
    tx: &mut ActorTx,
    numbers: &[(String, String)],
) -> Result<Option<UserId>, RecordError> {
    let mut owner = None;
    for (issuer, number) in numbers {
        match (
            owner,
            patients::find_by_identifier(tx, issuer, number).await?,
        ) {
            (Some(one), Some(other)) if one != other => return Err(RecordError::NumbersOfSeveral),
            (None, found) => owner = found,
            (Some(_), _) => {}
        }
    }
    Ok(owner)
}

/// Registers somebody. `note` is what the trail says of who sent it.
///
/// # Errors
/// [`RecordError`].
pub async fn register(
    tx: &mut ActorTx,
    sent: &SentPatient,
    note: &Value,
) -> Result<UserId, RecordError> {
    check_birthday(tx, sent)?;
    let id = UserId::new_at(tx.now());
    // An address under .invalid (RFC 2606) never receives anything; it only fills the column.
    let email = format!("{id}@patients.invalid")
        .parse()
        .expect("an identifier before a host is an address");
    let account = NewAccount {
        id,
        email: &email,
        password_hash: None,
        role: Role::Patient,
        name: &sent.name,
        phone: sent.phone.as_deref(),
        date_of_birth: sent.born,
    };
    accounts::create(tx, &account).await?;
    patients::note_registration(tx, id).await?;
    for (issuer, number) in &sent.numbers {
        patients::add_identifier(tx, id, issuer, number, sent.gender)
            .await
            .map_err(number_taken)?;
    }
    let act = Act::new(AuditAction::CreatePatient, EntityType::Patient)
        .on(id)
        .new_values(with(note, json!({})));
    tx.audit(act).await?;
    Ok(id)
}

/// Corrects a record; says whether anything changed.
///
/// # Errors
/// [`RecordError`].
pub async fn correct(
    tx: &mut ActorTx,
    id: UserId,
    sent: &SentPatient,
    note: &Value,
) -> Result<bool, RecordError> {
    check_birthday(tx, sent)?;
    let before = record(tx, id).await?.ok_or(RecordError::Gone)?;
    if is_different(&before, sent) {
        let change = PatientChange {
            name: Some(&sent.name),
            phone: sent.phone.as_deref(),
            date_of_birth: sent.born,
        };
        patients::change(tx, id, &change).await?;
    }
    let had_numbers = before
        .identifiers
        .as_array()
        .is_some_and(|numbers| !numbers.is_empty());
    for (issuer, number) in &sent.numbers {
        match patients::find_by_identifier(tx, issuer, number).await? {
            Some(owner) if owner == id => {}
            _ => patients::add_identifier(tx, id, issuer, number, sent.gender)
                .await
                .map_err(number_taken)?,
        }
    }
    if had_numbers && sent.gender.is_some() && sent.gender != before.gender {
        patients::correct_identifier(tx, id, None, None, sent.gender).await?;
    }
    let after = record(tx, id).await?.ok_or(RecordError::Gone)?;
    let (old, new) = differences(&before, &after);
    if new.is_empty() {
        return Ok(false);
    }
    let act = Act::new(AuditAction::UpdatePatient, EntityType::Patient)
        .on(id)
        .old(Value::Object(old))
        .new_values(with(note, Value::Object(new)));
    tx.audit(act).await?;
    Ok(true)
}

fn is_different(before: &Row, sent: &SentPatient) -> bool {
    before.name != sent.name
        || sent
            .phone
            .as_ref()
            .is_some_and(|phone| before.phone.as_ref() != Some(phone))
        || sent
            .born
            .is_some_and(|born| before.date_of_birth != Some(born))
}

async fn record(tx: &mut ActorTx, id: UserId) -> Result<Option<Row>, DbError> {
    let filter = Filter {
        window: Window {
            ids: Some(vec![id.0]),
            limit: 1,
            ..Window::default()
        },
        ..Filter::default()
    };
    Ok(find(tx, &filter).await?.pop())
}

/// What of a record was, and is now, where that is not the same.
fn differences(before: &Row, after: &Row) -> (Map<String, Value>, Map<String, Value>) {
    let parts = |row: &Row| {
        [
            ("name", json!(row.name)),
            ("phone", json!(row.phone)),
            ("date_of_birth", json!(row.date_of_birth)),
            ("gender", json!(row.gender)),
            ("identifiers", row.identifiers.clone()),
        ]
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    for ((name, was), (_, is)) in parts(before).into_iter().zip(parts(after)) {
        if was != is {
            old.insert(name.to_owned(), was);
            new.insert(name.to_owned(), is);
        }
    }
    (old, new)
}

fn check_birthday(tx: &ActorTx, sent: &SentPatient) -> Result<(), RecordError> {
    match sent.born {
        Some(born) if born > tx.now().date_naive() => Err(RecordError::BornInFuture(born)),
        _ => Ok(()),
    }
}

fn number_taken(error: DbError) -> RecordError {
    if error.is_constraint(patients::IDENTIFIER_TAKEN) {
        RecordError::NumberOfAnother
    } else {
        error.into()
    }
}
