//! `POST /api/auth/single-sign-on/finish`: back from the provider.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use db::{Actor, Origin, audit::Act, sign_in, single_sign_on};
use domain::{
    UserId,
    audit::{AuditAction, AuditStatus, EntityType},
};
use oidc::{Claims, Flow};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{account, browser_secret, policy, provider, set_cookie, unusable};
use crate::{
    auth::{
        enter::{Entered, SecondFactorNeeded, SignedIn, enter, open_session},
        reset::{begin, refuse_while_locked},
    },
    body::Json,
    problem::{Problem, ProblemBody, SignOnFault},
    signed::From,
    state::ApiState,
    tokens,
};

/// What the provider sent the browser back with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignOnReturn {
    /// What the way out was marked with.
    #[schema(max_length = 64)]
    state: String,
    /// The provider's code; absent where it refused.
    #[schema(max_length = 4096)]
    code: Option<String>,
}

/// Finish single sign-on
///
/// Gives a session, or the wait for a second factor, unless the provider said one that counts here. Accounts are made
/// and given their role as the setting `sign_in.single_sign_on` says; whom it gives no role is refused.
#[utoipa::path(post, operation_id = "single_sign_on_finish", path = "/api/auth/single-sign-on/finish", tag = "auth", request_body = SignOnReturn, security(()),
    responses((status = 200, body = SignedIn), (status = 202, description = "A second factor is wanted", body = SecondFactorNeeded),
              (status = 400, body = ProblemBody),
              (status = 401, description = "The way back is over, or the provider did not say who it is", body = ProblemBody),
              (status = 403, description = "The provider's answer gives no right to come in", body = ProblemBody),
              (status = 409, description = "There is no single sign-on, or the account is in the way", body = ProblemBody),
              (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
              (status = 503, description = "The provider does not answer", body = ProblemBody)))]
pub(crate) async fn finish(
    State(state): State<ApiState>,
    From(origin): From,
    headers: HeaderMap,
    Json(request): Json<SignOnReturn>,
) -> Result<Entered, Problem> {
    provider(&state)?;
    let counted = match origin.address {
        Some(address) => format!("single sign-on from {address}"),
        None => "single sign-on from unknown".to_owned(),
    };
    let mut tx = begin(&state, &origin).await?;
    refuse_while_locked(&mut tx, &counted).await?;
    drop(tx);
    let mut user_id = None;
    let came = come_in(&state, &origin, &headers, &request, &mut user_id).await;
    let mut tx = begin(&state, &origin).await?;
    match came {
        Ok(mut entered) => {
            sign_in::forget_failures(&mut tx, &counted).await?;
            tx.commit().await?;
            if let Entered::In(_, cookies, _) = &mut entered {
                cookies.append(header::SET_COOKIE, set_cookie(&state, "", 0));
            }
            Ok(entered)
        }
        Err(problem) => {
            if let Some(why) = problem.why_not_signed_on() {
                sign_in::failed(&mut tx, &counted).await?;
                let mut act = Act::new(AuditAction::SignIn, EntityType::User)
                    .ended(AuditStatus::Failure, format!("single sign-on: {why}"));
                if let Some(user_id) = user_id {
                    act = act.on(user_id);
                }
                tx.audit_as(user_id, act).await?;
                tx.commit().await?;
            }
            Err(problem)
        }
    }
}

/// Redeems the code, finds or makes the account, and lets it in. `user_id` is who it is as soon as that is known.
async fn come_in(
    state: &ApiState,
    origin: &Origin,
    headers: &HeaderMap,
    request: &SignOnReturn,
    user_id: &mut Option<UserId>,
) -> Result<Entered, Problem> {
    let claims = redeem(state, origin, headers, request).await?;
    let mut tx = begin(state, origin).await?;
    let policy = policy(&mut tx).await?;
    drop(tx);
    let (found, role) = account::of(state, origin, &claims, &policy, user_id).await?;
    let anonymous = Actor::anonymous(origin.clone());
    let mut tx = state.database.begin(&anonymous).await?;
    let entered = if policy.has_second_factor(&claims.methods()) {
        let (signed_in, headers) = open_session(state, &mut tx, found, true).await?;
        Entered::In(StatusCode::OK, headers, Box::new(signed_in))
    } else {
        enter(state, &mut tx, found, role, StatusCode::OK).await?
    };
    if let Entered::In(_, _, signed_in) = &entered {
        single_sign_on::note_session(&mut tx, signed_in.session_id).await?;
    }
    tx.commit().await?;
    Ok(entered)
}

/// Uses the way back up, whatever comes of it, and asks the provider who it is.
async fn redeem(
    state: &ApiState,
    origin: &Origin,
    headers: &HeaderMap,
    request: &SignOnReturn,
) -> Result<Claims, Problem> {
    let over = || SignOnFault::Over.with("unknown, used or expired, or of another browser");
    let browser = browser_secret(state, headers).ok_or_else(over)?;
    let mut tx = begin(state, origin).await?;
    let digests = (tokens::digest(&request.state), tokens::digest(&browser));
    let is_back = single_sign_on::come_back(&mut tx, &digests.0, &digests.1).await?;
    tx.commit().await?;
    if !is_back {
        return Err(over());
    }
    let code = request
        .code
        .as_deref()
        .ok_or_else(|| SignOnFault::Refused.with("the provider sent no code"))?;
    provider(state)?
        .redeem(&Flow::of(&browser), code, state.clock().now())
        .await
        .map_err(|error| unusable(&error))
}
