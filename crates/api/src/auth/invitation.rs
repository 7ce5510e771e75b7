//! `POST /api/auth/invitation` and `POST /api/auth/invitation/accept`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use db::{
    Actor, ActorTx, Origin,
    audit::Act,
    invitations::{self, Invited},
    sign_in,
};
use domain::{
    Role,
    audit::{AuditAction, AuditStatus, EntityType},
    password,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::enter::{Entered, SecondFactorNeeded, SignedIn, enter};
use crate::{
    body::{Checks, Json},
    codes::FieldCode,
    passwords,
    problem::{Problem, ProblemBody},
    signed::From,
    state::ApiState,
    tokens,
};

/// A code that was handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeRequest {
    /// The code; case, spaces and hyphens do not matter.
    #[schema(max_length = 64)]
    code: String,
}

/// Whom a code invites.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitedPatient {
    /// Name.
    name: String,
    /// The address to sign in with.
    email: String,
    /// Until when the code is good.
    expires_at: DateTime<Utc>,
}

/// Look whom an invitation is for
///
/// Wrong codes are counted for the place they come from, as wrong passwords are for an address.
#[utoipa::path(post, operation_id = "invitation_read", path = "/api/auth/invitation", tag = "auth", request_body = CodeRequest, security(()),
    responses((status = 200, body = InvitedPatient), (status = 400, body = ProblemBody),
              (status = 404, description = "Unknown, used or expired", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<CodeRequest>,
) -> Result<Answer<InvitedPatient>, Problem> {
    let mut tx = begin(&state, &origin).await?;
    let invited = look_up(&state, &mut tx, &origin, &request.code).await?;
    Ok(Answer(InvitedPatient {
        name: invited.name,
        email: invited.email,
        expires_at: invited.expires_at,
    }))
}

/// A code and the first password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptRequest {
    /// The code.
    #[schema(max_length = 64)]
    code: String,
    /// At least as many characters as `GET /api/portal` says, and hard to guess.
    #[schema(format = Password, min_length = 8)]
    password: String,
}

/// Choose a first password
///
/// The code is used up, and the patient is signed in.
#[utoipa::path(post, operation_id = "invitation_accept", path = "/api/auth/invitation/accept", tag = "auth", request_body = AcceptRequest, security(()),
    responses((status = 201, body = SignedIn),
              (status = 202, description = "The password is chosen and a second factor is wanted", body = SecondFactorNeeded), (status = 400, body = ProblemBody),
              (status = 404, description = "Unknown, used or expired", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn accept(
    State(state): State<ApiState>,
    From(origin): From,
    Json(request): Json<AcceptRequest>,
) -> Result<Entered, Problem> {
    let mut tx = begin(&state, &origin).await?;
    let invited = look_up(&state, &mut tx, &origin, &request.code).await?;
    let minimum = passwords::minimum_length(&mut tx).await?;
    drop(tx);
    let mut checks = Checks::default();
    checks.take(
        "password",
        FieldCode::WeakPassword,
        password::check(&request.password, minimum, &invited.email, &invited.name),
    );
    checks.done()?;
    let hash = state.passwords.hash(request.password).await?;
    let mut tx = begin(&state, &origin).await?;
    let digest = tokens::code_digest(&request.code);
    // Looked up again under the code's own row: another one may have been quicker.
    if invitations::find(&mut tx, &digest).await?.is_none()
        || !invitations::redeem(&mut tx, &digest).await?
    {
        return Err(Problem::NotFound("invitation"));
    }
    sign_in::set_password_hash(&mut tx, invited.patient_id, &hash).await?;
    sign_in::forget_failures(&mut tx, &invited.email).await?;
    let patient = invited.patient_id;
    let entered = enter(&state, &mut tx, patient, Role::Patient, StatusCode::CREATED).await?;
    tx.audit_as(
        Some(invited.patient_id),
        Act::new(AuditAction::AcceptInvitation, EntityType::User).on(invited.patient_id),
    )
    .await?;
    tx.commit().await?;
    Ok(entered)
}

async fn begin(state: &ApiState, origin: &Origin) -> Result<ActorTx, Problem> {
    Ok(state
        .database
        .begin(&Actor::anonymous(origin.clone()))
        .await?)
}

/// The address under which wrong codes from one place are counted.
fn counted_under(origin: &Origin) -> String {
    let place = origin
        .address
        .map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    format!("invitation from {place}")
}

async fn look_up(
    state: &ApiState,
    tx: &mut ActorTx,
    origin: &Origin,
    code: &str,
) -> Result<Invited, Problem> {
    let place = counted_under(origin);
    if let Some(until) = sign_in::locked_until(tx, &place).await? {
        return Err(Problem::TooManyAttempts(
            (until - tx.now()).num_seconds().max(1),
        ));
    }
    if let Some(invited) = invitations::find(tx, &tokens::code_digest(code)).await? {
        return Ok(invited);
    }
    let mut noting = begin(state, origin).await?;
    sign_in::failed(&mut noting, &place).await?;
    let act = Act::new(AuditAction::AcceptInvitation, EntityType::User)
        .ended(AuditStatus::Failure, "unknown, used or expired code");
    noting.audit_as(None, act).await?;
    noting.commit().await?;
    Err(Problem::NotFound("invitation"))
}
