//! `POST /api/patients`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::NaiveDate;
use db::{
    accounts::{self, NewAccount},
    audit::Act,
    patients::{self, Patient},
};
use domain::{
    EmailAddress, Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    patient::Gender,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// A patient to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterPatient {
    /// Name.
    name: String,
    /// Address to sign in with later; without one the patient cannot.
    email: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Date of birth.
    date_of_birth: Option<NaiveDate>,
    /// Administrative sex.
    #[schema(value_type = Option<Gender>)]
    gender: Option<String>,
    /// The hospital's number (DICOM Patient ID, at most 64 characters); films that carry it are
    /// matched by it from now on.
    identifier: Option<String>,
    /// Who issued the number (DICOM Issuer of Patient ID); empty when films do not say.
    issuer: Option<String>,
}

/// Register a patient
#[utoipa::path(post, operation_id = "patients_register", path = "/api/patients", tag = "patients", request_body = RegisterPatient,
    responses((status = 201, body = Patient), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody),
              (status = 409, description = "The address or number is another patient's", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn register(
    State(state): State<ApiState>,
    signed: Signed,
    Json(request): Json<RegisterPatient>,
) -> Result<(StatusCode, Answer<Patient>), Problem> {
    let mut tx = signed.begin_as(Permission::ManagePatients, &state).await?;
    let id = UserId::new_at(tx.now());
    let (email, gender) = check(&request, id, tx.now().date_naive())?;
    let account = NewAccount {
        id,
        email: &email,
        password_hash: None,
        role: Role::Patient,
        name: request.name.trim(),
        phone: request.phone.as_deref(),
        date_of_birth: request.date_of_birth,
    };
    accounts::create(&mut tx, &account)
        .await
        .map_err(address_taken)?;
    patients::note_registration(&mut tx, id).await?;
    if let Some(identifier) = &request.identifier {
        let issuer = request.issuer.as_deref().unwrap_or_default();
        patients::add_identifier(&mut tx, id, issuer, identifier.trim(), gender)
            .await
            .map_err(number_taken)?;
    }
    tx.audit(Act::new(AuditAction::CreatePatient, EntityType::Patient).on(id))
        .await?;
    let patient = patients::find(&mut tx, id)
        .await?
        .ok_or_else(|| Problem::Internal("a patient just registered is not there".to_owned()))?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(patient)))
}

fn check(
    request: &RegisterPatient,
    id: UserId,
    today: NaiveDate,
) -> Result<(EmailAddress, Option<Gender>), Problem> {
    let mut checks = Checks::default();
    checks.present("name", &request.name, 200);
    checks.at_most("phone", request.phone.as_deref(), 40);
    // An address under .invalid (RFC 2606) never receives anything; it only fills the column.
    let email = request
        .email
        .clone()
        .unwrap_or_else(|| format!("{id}@patients.invalid"));
    let email = checks.take(
        "email",
        FieldCode::InvalidEmail,
        EmailAddress::try_from(email),
    );
    let gender = checks.word("gender", request.gender.as_deref());
    checks.require(
        request.date_of_birth.is_none_or(|date| date <= today),
        "date_of_birth",
        FieldCode::OutOfRange,
        "must not be in the future",
    );
    if let Some(identifier) = &request.identifier {
        checks.present("identifier", identifier, 64);
    }
    checks.at_most("issuer", request.issuer.as_deref(), 64);
    checks.done()?;
    Ok((email.expect("checked just above"), gender))
}

pub(super) fn address_taken(error: db::DbError) -> Problem {
    if !error.is_constraint(accounts::EMAIL_TAKEN) {
        return error.into();
    }
    Problem::Conflict {
        code: "email_taken",
        detail: "another patient has this address: search for that patient first".to_owned(),
    }
}

pub(super) fn number_taken(error: db::DbError) -> Problem {
    if !error.is_constraint(patients::IDENTIFIER_TAKEN) {
        return error.into();
    }
    Problem::Conflict {
        code: "identifier_taken",
        detail: "another patient has this number: search for that patient first".to_owned(),
    }
}
