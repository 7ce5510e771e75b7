//! `POST /api/auth/logout`.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use db::audit::Act;
use domain::audit::{AuditAction, EntityType};

use crate::{
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
    tokens,
};

/// Sign out
///
/// Ends the session of this request.
#[utoipa::path(post, operation_id = "logout", path = "/api/auth/logout", tag = "auth",
    responses((status = 204, description = "Signed out"), (status = 401, body = ProblemBody)))]
pub(crate) async fn logout(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<(StatusCode, HeaderMap), Problem> {
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
    Ok((StatusCode::NO_CONTENT, headers))
}
