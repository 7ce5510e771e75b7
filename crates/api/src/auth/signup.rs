//! `POST /api/auth/signup`.

use axum::{extract::State, http::StatusCode};
use chrono::NaiveDate;
use db::{
    Actor,
    accounts::{self, NewAccount},
    audit::Act,
};
use domain::{
    EmailAddress, Role, UserId,
    audit::{AuditAction, EntityType},
    password,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    address,
    enter::{Entered, SecondFactorNeeded, SignedIn, enter},
    tell::tell,
};
use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    passwords,
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
};

/// A patient's new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignupRequest {
    /// Address to sign in with.
    email: String,
    /// At least as many characters as `GET /api/portal` says, and hard to guess.
    #[schema(format = Password, min_length = 8)]
    password: String,
    /// Name.
    name: String,
    /// Telephone number.
    phone: Option<String>,
    /// Date of birth.
    date_of_birth: Option<NaiveDate>,
}

/// Sign up as a patient
///
/// Staff accounts are made by tech; a role cannot be chosen here.
#[utoipa::path(post, operation_id = "signup", path = "/api/auth/signup", tag = "auth", request_body = SignupRequest, security(()),
    responses((status = 201, body = SignedIn),
              (status = 202, description = "The account is made and a second factor is wanted", body = SecondFactorNeeded), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn signup(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<SignupRequest>,
) -> Result<Entered, Problem> {
    let anonymous = Actor::anonymous(origin);
    let mut tx = state.database.begin(&anonymous).await?;
    let minimum = passwords::minimum_length(&mut tx).await?;
    drop(tx);
    let email = check(&state, &request, minimum)?;
    let hash = state.passwords.hash(request.password).await?;
    let mut tx = state.database.begin(&anonymous).await?;
    let id = UserId::new_at(tx.now());
    let account = NewAccount {
        id,
        email: &email,
        password_hash: Some(&hash),
        role: Role::Patient,
        name: request.name.trim(),
        phone: request.phone.as_deref(),
        date_of_birth: request.date_of_birth,
    };
    match accounts::create(&mut tx, &account).await {
        Err(error) if error.is_constraint(accounts::EMAIL_TAKEN) => {
            return Err(Problem::Conflict {
                code: "email_taken",
                detail: "this address has an account already: sign in instead".to_owned(),
            });
        }
        outcome => outcome?,
    }
    let letter = match state.options.mailer {
        Some(_) => Some(address::new_letter(&mut tx, id, email.as_str()).await?),
        None => None,
    };
    let entered = enter(&state, &mut tx, id, Role::Patient, StatusCode::CREATED).await?;
    tx.audit_as(
        Some(id),
        Act::new(AuditAction::SignUp, EntityType::User).on(id),
    )
    .await?;
    tx.commit().await?;
    if let Some(letter) = letter {
        tell(&state, email.to_string(), letter);
    }
    Ok(entered)
}

fn check(
    state: &ApiState,
    request: &SignupRequest,
    minimum: usize,
) -> Result<EmailAddress, Problem> {
    let mut checks = Checks::default();
    let email = checks.take(
        "email",
        FieldCode::InvalidEmail,
        EmailAddress::try_from(request.email.clone()),
    );
    checks.take(
        "password",
        FieldCode::WeakPassword,
        password::check(&request.password, minimum, &request.email, &request.name),
    );
    checks.present("name", &request.name, 200);
    checks.at_most("phone", request.phone.as_deref(), 40);
    let today = state.clock().now().date_naive();
    checks.require(
        request
            .date_of_birth
            .is_none_or(|date| date <= today && date.format("%Y").to_string().as_str() >= "1880"),
        "date_of_birth",
        FieldCode::OutOfRange,
        "must be a day between 1880 and today",
    );
    checks.done()?;
    Ok(email.expect("checked just above"))
}
