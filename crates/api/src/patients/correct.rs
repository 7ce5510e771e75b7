//! `PATCH /api/patients/{patient_id}`.

use axum::{Json as Answer, extract::State};
use chrono::NaiveDate;
use db::{
    ActorTx,
    audit::Act,
    patients::{self, Patient, PatientChange},
};
use domain::{
    EmailAddress, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    patient::Gender,
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::register::{address_taken, number_taken};
use crate::{
    body::{Checks, Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// What of a patient's record is corrected; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatientCorrection {
    /// Name.
    name: Option<String>,
    /// Address to sign in with; only as long as the patient has chosen no password.
    email: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Date of birth.
    date_of_birth: Option<NaiveDate>,
    /// Administrative sex; kept with the hospital's number.
    #[schema(value_type = Option<Gender>)]
    gender: Option<String>,
    /// The hospital's number (DICOM Patient ID); films that carry it are matched by it from now on.
    identifier: Option<String>,
    /// Who issued the number.
    issuer: Option<String>,
}

struct Checked {
    email: Option<EmailAddress>,
    gender: Option<Gender>,
}

/// Correct a patient's record
///
/// Gives somebody who signed up the hospital's number, and corrects what was registered wrong. Reports
/// keep the name that they came in under.
#[utoipa::path(patch, operation_id = "patients_correct", path = "/api/patients/{patient_id}", tag = "patients", request_body = PatientCorrection,
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, body = Patient), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "The address or number is another patient's, or the address is the patient's own by now", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn correct(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Json(request): Json<PatientCorrection>,
) -> Result<Answer<Patient>, Problem> {
    let mut tx = signed.begin_as(Permission::ManagePatients, &state).await?;
    let before = patients::find(&mut tx, patient_id)
        .await?
        .ok_or(Problem::NotFound("patient"))?;
    let checked = check(&request, &before, tx.now().date_naive())?;
    let change = PatientChange {
        name: request.name.as_deref().map(str::trim),
        phone: request.phone.as_deref().map(str::trim),
        date_of_birth: request.date_of_birth,
    };
    patients::change(&mut tx, patient_id, &change).await?;
    if let Some(email) = checked
        .email
        .filter(|email| !email.as_str().eq_ignore_ascii_case(&before.email))
    {
        correct_address(&mut tx, patient_id, &email).await?;
    }
    correct_number(&mut tx, &before, &request, checked.gender).await?;
    let after = patients::find(&mut tx, patient_id)
        .await?
        .ok_or_else(|| Problem::Internal("a patient just corrected is not there".to_owned()))?;
    let (old, new) = differences(&json!(before), &json!(after));
    tx.audit(
        Act::new(AuditAction::UpdatePatient, EntityType::Patient)
            .on(patient_id)
            .old(old)
            .new_values(new),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(after))
}

fn check(
    request: &PatientCorrection,
    before: &Patient,
    today: NaiveDate,
) -> Result<Checked, Problem> {
    let mut checks = Checks::default();
    if let Some(name) = &request.name {
        checks.present("name", name, 200);
    }
    checks.at_most("phone", request.phone.as_deref(), 40);
    checks.at_most("issuer", request.issuer.as_deref(), 64);
    if let Some(identifier) = &request.identifier {
        checks.present("identifier", identifier, 64);
    }
    checks.require(
        request.date_of_birth.is_none_or(|date| date <= today),
        "date_of_birth",
        FieldCode::OutOfRange,
        "must not be in the future",
    );
    let has_number = before.identifier.is_some() || request.identifier.is_some();
    for (field, given) in [
        ("gender", request.gender.is_some()),
        ("issuer", request.issuer.is_some()),
    ] {
        checks.require(
            !given || has_number,
            field,
            FieldCode::Incomplete,
            "is kept with the hospital's number: send identifier as well",
        );
    }
    let checked = Checked {
        email: request.email.clone().and_then(|email| {
            checks.take(
                "email",
                FieldCode::InvalidEmail,
                EmailAddress::try_from(email),
            )
        }),
        gender: checks.word("gender", request.gender.as_deref()),
    };
    checks.done()?;
    Ok(checked)
}

async fn correct_address(
    tx: &mut ActorTx,
    patient_id: UserId,
    email: &EmailAddress,
) -> Result<(), Problem> {
    let may = patients::correct_address(tx, patient_id, email)
        .await
        .map_err(address_taken)?;
    if may {
        return Ok(());
    }
    Err(Problem::Conflict {
        code: "address_is_the_patients",
        detail:
            "this patient signs in with a password of their own: only tech can change the address"
                .to_owned(),
    })
}

async fn correct_number(
    tx: &mut ActorTx,
    before: &Patient,
    request: &PatientCorrection,
    gender: Option<Gender>,
) -> Result<(), Problem> {
    let identifier = request.identifier.as_deref().map(str::trim);
    let issuer = request.issuer.as_deref().map(str::trim);
    let outcome = match (&before.identifier, identifier) {
        (None, None) => Ok(()),
        (None, Some(identifier)) => {
            let issuer = issuer.unwrap_or_default();
            patients::add_identifier(tx, before.patient_id, issuer, identifier, gender).await
        }
        (Some(_), _) if identifier.is_none() && issuer.is_none() && gender.is_none() => Ok(()),
        (Some(_), _) => {
            patients::correct_identifier(tx, before.patient_id, identifier, issuer, gender).await
        }
    };
    outcome.map_err(number_taken)
}

/// The members in which two objects differ, of each.
fn differences(before: &Value, after: &Value) -> (Value, Value) {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return (before.clone(), after.clone());
    };
    let part = |of: &serde_json::Map<String, Value>, other: &serde_json::Map<String, Value>| {
        Value::Object(
            of.iter()
                .filter(|(name, value)| other.get(*name) != Some(value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    };
    (part(before, after), part(after, before))
}
