//! `POST /api/auth/step-up`, and [`Signed::stepped_up`], which stands in front of every act that wants a
//! fresh proof of who holds the session.

use axum::{extract::State, http::StatusCode};
use chrono::Duration;
use db::{Actor, audit::Act, second_factors, session_proofs, sign_in};
use domain::{
    StepUp,
    audit::{AuditAction, AuditStatus, EntityType},
    settings,
    step_up::StepUpMinutes,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    codes, own_profile,
    passkeys::{self, Asked, PasskeyAnswer, Site},
};
use crate::{
    body::Json,
    codes::FieldCode,
    passwords::Verdict,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// How long a proof may wait for the act that it was given for, where each wants one of its own.
const OF_ITS_OWN: Duration = Duration::minutes(2);

/// A proof: the code or passkey of whoever has a second factor, else the password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUpRequest {
    /// The password.
    #[schema(format = Password)]
    password: Option<String>,
    /// The six digits that the authenticator shows, or a recovery code.
    #[schema(max_length = 64)]
    code: Option<String>,
    /// In its place: the answer of a passkey to `POST /api/auth/step-up/options`.
    passkey: Option<PasskeyAnswer>,
}

impl Signed {
    /// Refuses, with `step_up_required`, unless whoever holds the session proved lately who that is: within
    /// the minutes that the setting `sign_in.step_up_minutes` gives the act, by signing in or by
    /// `POST /api/auth/step-up`. Where it gives 0, the act uses the proof up.
    pub(crate) async fn stepped_up(&self, act: StepUp, state: &ApiState) -> Result<(), Problem> {
        let anonymous = Actor::anonymous(self.actor.origin.clone());
        let mut tx = state.database.begin(&anonymous).await?;
        let minutes: StepUpMinutes =
            db::settings::get(&mut tx, settings::SIGN_IN_STEP_UP_MINUTES).await?;
        let proved = match minutes.of(act) {
            0 => {
                let since = tx.now() - OF_ITS_OWN;
                let spent =
                    session_proofs::spend(&mut tx, self.user_id, self.session_id, since).await?;
                tx.commit().await?;
                spent
            }
            minutes => {
                let since = tx.now() - Duration::minutes(minutes.into());
                session_proofs::proved_since(&mut tx, self.user_id, self.session_id, since).await?
            }
        };
        if proved {
            Ok(())
        } else {
            Err(Problem::StepUpRequired)
        }
    }
}

/// Prove anew who holds the session
///
/// Whoever has a second factor gives its code or a passkey's answer, everybody else the password.
#[utoipa::path(post, operation_id = "step_up", path = "/api/auth/step-up", tag = "auth", request_body = StepUpRequest,
    responses((status = 204, description = "Proved"), (status = 400, body = ProblemBody),
              (status = 401, description = "Not signed in, or the code or passkey is wrong", body = ProblemBody),
              (status = 409, description = "Passkeys are not offered at this address", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(crate) async fn step_up(
    State(state): State<ApiState>,
    signed: Signed,
    site: Site,
    Json(request): Json<StepUpRequest>,
) -> Result<StatusCode, Problem> {
    let origin = &signed.actor.origin;
    let anonymous = Actor::anonymous(origin.clone());
    let mut tx = state.database.begin(&anonymous).await?;
    let with_factor = second_factors::factors(&mut tx, signed.user_id)
        .await?
        .any();
    drop(tx);
    let mut tx = if let Some(answer) = &request.passkey {
        let asked = Asked::StepUp(signed.user_id);
        passkeys::prove(&state, origin, &site, asked, answer)
            .await?
            .1
    } else {
        if with_factor {
            let code = request.code.ok_or_else(|| {
                Problem::field(
                    "code",
                    FieldCode::Required,
                    "give the code that your authenticator shows, or use a passkey",
                )
            })?;
            codes::use_code(&state, origin, signed.user_id, &code, AuditAction::StepUp).await?;
        } else {
            let password = request.password.ok_or_else(|| {
                Problem::field("password", FieldCode::Required, "give your password")
            })?;
            prove_by_password(&state, &signed, password).await?;
        }
        state.database.begin(&anonymous).await?
    };
    session_proofs::prove(&mut tx, signed.user_id, signed.session_id, with_factor).await?;
    let act = Act::new(AuditAction::StepUp, EntityType::Session).on(signed.session_id);
    tx.audit_as(Some(signed.user_id), act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Compares the password; a wrong one counts as at sign-in.
async fn prove_by_password(
    state: &ApiState,
    signed: &Signed,
    password: String,
) -> Result<(), Problem> {
    let origin = signed.actor.origin.clone();
    let profile = own_profile(state, signed.user_id, origin.clone()).await?;
    let anonymous = Actor::anonymous(origin);
    let mut tx = state.database.begin(&anonymous).await?;
    if let Some(until) = sign_in::locked_until(&mut tx, &profile.email).await? {
        return Err(Problem::TooManyAttempts(
            (until - tx.now()).num_seconds().max(1),
        ));
    }
    let hash = sign_in::credentials_by_id(&mut tx, signed.user_id)
        .await?
        .and_then(|known| known.password_hash);
    drop(tx);
    if state.passwords.verify(password, hash).await? != Verdict::Wrong {
        return Ok(());
    }
    let mut tx = state.database.begin(&anonymous).await?;
    sign_in::failed(&mut tx, &profile.email).await?;
    let act = Act::new(AuditAction::StepUp, EntityType::Session)
        .on(signed.session_id)
        .ended(AuditStatus::Failure, "the password was wrong");
    tx.audit_as(Some(signed.user_id), act).await?;
    tx.commit().await?;
    Err(Problem::field(
        "password",
        FieldCode::WrongPassword,
        "this is not your password",
    ))
}
