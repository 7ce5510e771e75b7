//! `/api/users/{user_id}/sessions`: the open sessions of an account, for tech to see and to end.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{ActorTx, accounts, audit::Act, sessions::Session};
use domain::{
    SessionId, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    query::ListAnswer,
    signed::Signed,
    state::ApiState,
};

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndedSessions {
    /// How many.
    ended: u64,
}

async fn must_exist(tx: &mut ActorTx, user_id: UserId) -> Result<(), Problem> {
    accounts::find(tx, user_id)
        .await?
        .map(|_| ())
        .ok_or(Problem::NotFound("account"))
}

/// List the open sessions of an account
#[utoipa::path(get, operation_id = "user_sessions_list", path = "/api/users/{user_id}/sessions", tag = "operations",
    params(("user_id" = UserId, Path, description = "The account")),
    responses((status = 200, body = ListAnswer<Session>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Path(user_id): Path<UserId>,
) -> Result<Answer<ListAnswer<Session>>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    must_exist(&mut tx, user_id).await?;
    let items = db::sessions::list_of(&mut tx, user_id).await?;
    tx.audit(Act::new(AuditAction::ListUsers, EntityType::User).on(user_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(ListAnswer {
        items,
        next_cursor: None,
    }))
}

/// End every session of an account
///
/// Of the own account, the session of this request stays.
#[utoipa::path(delete, operation_id = "user_sessions_end_all", path = "/api/users/{user_id}/sessions", tag = "operations",
    params(("user_id" = UserId, Path, description = "The account")),
    responses((status = 200, body = EndedSessions), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn end_all(
    State(state): State<ApiState>,
    signed: Signed,
    Path(user_id): Path<UserId>,
) -> Result<Answer<EndedSessions>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    must_exist(&mut tx, user_id).await?;
    let own = (user_id == signed.user_id).then_some(signed.session_id);
    let ended = db::sessions::end_all(&mut tx, user_id, own).await?;
    tx.audit(
        Act::new(AuditAction::RevokeSession, EntityType::User)
            .on(user_id)
            .new_values(json!({ "sessions_ended": ended })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(EndedSessions { ended }))
}

/// End one session of an account
#[utoipa::path(delete, operation_id = "user_sessions_end", path = "/api/users/{user_id}/sessions/{session_id}", tag = "operations",
    params(("user_id" = UserId, Path, description = "The account"), ("session_id" = SessionId, Path, description = "The session")),
    responses((status = 204, description = "Ended"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    signed: Signed,
    Path((user_id, session_id)): Path<(UserId, SessionId)>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    let theirs = db::sessions::list_of(&mut tx, user_id)
        .await?
        .iter()
        .any(|session| session.session_id == session_id);
    if !theirs || !db::sessions::end(&mut tx, session_id).await? {
        return Err(Problem::NotFound("session"));
    }
    tx.audit(
        Act::new(AuditAction::RevokeSession, EntityType::Session)
            .on(session_id)
            .new_values(json!({ "user_id": user_id })),
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
