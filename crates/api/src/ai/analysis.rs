//! `GET /api/ai/analysis/{id}`.

use axum::{Json as Answer, extract::State};
use db::{
    ActorTx,
    analyses::{self, Analysis},
    audit::Act,
    reports,
};
use domain::{
    Role,
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    body::Path,
    problem::{Problem, ProblemBody},
    reports::detail::is_ai_hidden,
    signed::Signed,
    state::ApiState,
};

/// Read an analysis
///
/// By its own identifier or by its report's.
#[utoipa::path(get, operation_id = "ai_analysis_read", path = "/api/ai/analysis/{id}", tag = "ai",
    params(("id" = Uuid, Path, description = "`analysis_id` or `report_id`")),
    responses((status = 200, body = Analysis), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody),
              (status = 409, description = "The first impression comes first", body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(id): Path<Uuid>,
) -> Result<Answer<Analysis>, Problem> {
    let mut tx = signed.begin_as(Permission::ReadReports, &state).await?;
    let analysis = load(&mut tx, &signed, id).await?;
    let act = Act::new(AuditAction::ReadAnalysis, EntityType::Report)
        .on(analysis.report_id)
        .new_values(json!({ "analysis_id": analysis.analysis_id }));
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(Answer(analysis))
}

/// The analysis, unless it is kept back from this doctor for now.
pub(super) async fn load(tx: &mut ActorTx, signed: &Signed, id: Uuid) -> Result<Analysis, Problem> {
    let found = match analyses::find(tx, id.into()).await? {
        Some(analysis) => Some(analysis),
        None => analyses::of_report(tx, id.into()).await?,
    };
    let analysis = found.ok_or(Problem::NotFound("analysis"))?;
    if signed.role == Role::Doctor {
        let report = reports::find(tx, analysis.report_id)
            .await?
            .ok_or(Problem::NotFound("report"))?;
        if is_ai_hidden(tx, report.report_id, report.status).await? {
            return Err(Problem::Conflict {
                code: "first_impression_required",
                detail: "record your first impression (POST /api/reviews/queue/{report_id}/impression) to see the AI's verdict".to_owned(),
            });
        }
    }
    Ok(analysis)
}
