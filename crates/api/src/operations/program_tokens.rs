//! `/api/program-tokens`: the tokens of programs, for tech to see and to revoke. They are made at the command line.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    program_tokens::{self, ProgramToken},
};
use domain::{
    ProgramTokenId,
    access::Permission,
    audit::{AuditAction, EntityType},
};

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    query::ListAnswer,
    signed::Signed,
    state::ApiState,
};

/// List the tokens of programs
///
/// Newest first, those that are over among them. The tokens themselves are stored nowhere.
#[utoipa::path(get, operation_id = "program_tokens_list", path = "/api/program-tokens", tag = "operations",
    responses((status = 200, body = ListAnswer<ProgramToken>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
) -> Result<Answer<ListAnswer<ProgramToken>>, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    let items = program_tokens::list(&mut tx).await?;
    tx.audit(Act::new(AuditAction::ListTokens, EntityType::Token))
        .await?;
    tx.commit().await?;
    Ok(Answer(ListAnswer {
        items,
        next_cursor: None,
    }))
}

/// Revoke a program's token
///
/// It opens nothing from this moment on, and cannot be put back: make another one.
#[utoipa::path(delete, operation_id = "program_tokens_revoke", path = "/api/program-tokens/{token_id}", tag = "operations",
    params(("token_id" = ProgramTokenId, Path, description = "The token")),
    responses((status = 204, description = "Revoked"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "There is no such token, or it was revoked already", body = ProblemBody)))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    signed: Signed,
    Path(token_id): Path<ProgramTokenId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ManageUsers, &state).await?;
    if !program_tokens::revoke(&mut tx, token_id).await? {
        return Err(Problem::NotFound("token"));
    }
    tx.audit(Act::new(AuditAction::RevokeToken, EntityType::Token).on(token_id))
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
