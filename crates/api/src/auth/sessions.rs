//! `GET /api/auth/sessions` and `DELETE /api/auth/sessions/{session_id}`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{audit::Act, sessions::Session};
use domain::{
    SessionId,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// An open session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnSession {
    /// The session.
    #[serde(flatten)]
    session: Session,
    /// Whether this request came with it.
    is_current: bool,
}

/// The own open sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnSessions {
    /// The sessions, newest first.
    items: Vec<OwnSession>,
    /// Always absent: all of them are in `items`.
    next_cursor: Option<String>,
}

/// List the own open sessions
#[utoipa::path(get, operation_id = "sessions_list", path = "/api/auth/sessions", tag = "auth",
    responses((status = 200, body = OwnSessions), (status = 401, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<OwnSessions>, Problem> {
    let mut tx = signed.begin(&state).await?;
    let items = db::sessions::list_of(&mut tx, signed.user_id)
        .await?
        .into_iter()
        .map(|session| OwnSession {
            is_current: session.session_id == signed.session_id,
            session,
        })
        .collect();
    Ok(Answer(OwnSessions {
        items,
        next_cursor: None,
    }))
}

/// End one of the own sessions
#[utoipa::path(delete, operation_id = "sessions_end", path = "/api/auth/sessions/{session_id}", tag = "auth",
    params(("session_id" = SessionId, Path, description = "The session")),
    responses((status = 204, description = "Ended"), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    signed: Signed,
    Path(session_id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin(&state).await?;
    let own = db::sessions::list_of(&mut tx, signed.user_id)
        .await?
        .iter()
        .any(|session| session.session_id == session_id);
    if !own || !db::sessions::end(&mut tx, session_id).await? {
        return Err(Problem::NotFound("session"));
    }
    tx.audit(Act::new(AuditAction::RevokeSession, EntityType::Session).on(session_id))
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
