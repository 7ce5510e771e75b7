//! `GET /api/patients` and `GET /api/patients/{patient_id}`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    patients::{self, Patient},
};
use domain::{
    UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use crate::{
    body::{Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery, search_text},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PatientsQuery {
    /// Part of a name, the start of an address, or a hospital's number.
    search: Option<String>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Find patients
#[utoipa::path(get, operation_id = "patients_list_search", path = "/api/patients", tag = "patients", params(PatientsQuery),
    responses((status = 200, body = ListAnswer<Patient>), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn search(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<PatientsQuery>,
) -> Result<Answer<ListAnswer<Patient>>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .parse()?;
    let text = search_text(query.search.as_deref())?;
    let mut tx = signed.begin_as(Permission::ManagePatients, &state).await?;
    let page = patients::search(&mut tx, text, after, limit).await?;
    tx.audit(
        Act::new(AuditAction::ListPatients, EntityType::Patient)
            .new_values(json!({ "found": page.items.len() })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}

/// Read a patient
#[utoipa::path(get, operation_id = "patients_list_read", path = "/api/patients/{patient_id}", tag = "patients",
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, body = Patient), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
) -> Result<Answer<Patient>, Problem> {
    let mut tx = signed.begin_as(Permission::ManagePatients, &state).await?;
    let patient = patients::find(&mut tx, patient_id)
        .await?
        .ok_or(Problem::NotFound("patient"))?;
    tx.audit(Act::new(AuditAction::ListPatients, EntityType::Patient).on(patient_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(patient))
}
