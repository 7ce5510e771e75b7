//! `POST /api/auth/logout`.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use db::{Actor, audit::Act};
use domain::audit::{AuditAction, EntityType};
use serde::Serialize;
use utoipa::ToSchema;

use super::single_sign_on;
use crate::{
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
    tokens,
};

/// Signed out here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedOut {
    /// The page of the provider of single sign-on that ends the sign-in there.
    sign_out_at: String,
}

/// Sign out
///
/// Ends the session of this request. Where that began by single sign-on, and the provider offers it, the answer says where
/// the browser goes to sign out there as well.
#[utoipa::path(post, operation_id = "logout", path = "/api/auth/logout", tag = "auth",
    responses((status = 200, description = "Signed out here, and still to be at the provider", body = SignedOut),
              (status = 204, description = "Signed out"), (status = 401, body = ProblemBody)))]
pub(crate) async fn logout(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Response, Problem> {
    let anonymous = Actor::anonymous(signed.actor.origin.clone());
    let mut tx = state.database.begin(&anonymous).await?;
    let began_there = db::single_sign_on::began_there(&mut tx, signed.session_id).await?;
    drop(tx);
    let mut tx = signed.begin(&state).await?;
    db::sessions::end(&mut tx, signed.session_id).await?;
    tx.audit(Act::new(AuditAction::SignOut, EntityType::Session).on(signed.session_id))
        .await?;
    tx.commit().await?;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::SET_COOKIE,
        tokens::set_cookie("", 0, state.options.secure_cookies),
    );
    let address = match began_there {
        true => single_sign_on::sign_out_address(&state).await,
        false => None,
    };
    Ok(match address {
        Some(sign_out_at) => (headers, Json(SignedOut { sign_out_at })).into_response(),
        None => (StatusCode::NO_CONTENT, headers).into_response(),
    })
}
