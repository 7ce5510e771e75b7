//! `GET /api/jobs`, `POST /api/jobs/{job_id}/retry`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    audit::Act,
    jobs::{self, Job},
};
use domain::{
    JobId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    body::{Path, Query},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

const STATES: &[&str] = &["queued", "running", "done", "dead"];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobsQuery {
    /// `queued`, `running`, `done` or `dead`.
    state: Option<String>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List jobs
#[utoipa::path(get, operation_id = "jobs_list", path = "/api/jobs", tag = "operations", params(JobsQuery),
    responses((status = 200, body = ListAnswer<Job>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<JobsQuery>,
) -> Result<Answer<ListAnswer<Job>>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .parse()?;
    if let Some(wanted) = &query.state
        && !STATES.contains(&wanted.as_str())
    {
        return Err(Problem::field(
            "state",
            FieldCode::UnknownWord,
            format!("expected one of {}", STATES.join(", ")),
        ));
    }
    let mut tx = signed.begin_as(Permission::ManageJobs, &state).await?;
    Ok(Answer(
        jobs::list(&mut tx, query.state.as_deref(), after, limit)
            .await?
            .into(),
    ))
}

/// Send a dead job back to the queue
#[utoipa::path(post, operation_id = "jobs_retry", path = "/api/jobs/{job_id}/retry", tag = "operations",
    params(("job_id" = JobId, Path, description = "The job")),
    responses((status = 204, description = "Queued again"), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "There is no such dead job", body = ProblemBody),
              (status = 409, description = "The same work is queued already", body = ProblemBody)))]
pub(crate) async fn retry(
    State(state): State<ApiState>,
    signed: Signed,
    Path(job_id): Path<JobId>,
) -> Result<StatusCode, Problem> {
    let mut tx = signed.begin_as(Permission::ManageJobs, &state).await?;
    let revived = jobs::retry(&mut tx, job_id).await.map_err(|error| {
        if error.is_constraint("idx_jobs_queued_once") {
            Problem::Conflict {
                code: "already_queued",
                detail: "the same work is queued already".to_owned(),
            }
        } else {
            error.into()
        }
    })?;
    if !revived {
        return Err(Problem::NotFound("dead job"));
    }
    tx.audit(Act::new(AuditAction::RetryJob, EntityType::Job).on(job_id))
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
