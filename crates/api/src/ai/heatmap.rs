//! `GET /api/ai/analysis/{id}/heatmap`.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use db::audit::Act;
use domain::{
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use super::analysis::load;
use crate::{
    body::{Path, Query},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HeatmapQuery {
    /// Pixels across, 16 to 4096; 512 by default.
    width: Option<u32>,
    /// Pixels down, 16 to 4096; 512 by default.
    height: Option<u32>,
}

/// Fetch the heatmap of an analysis
///
/// A transparent PNG to lay over the whole image. It shows where the model looked, not where disease
/// is.
#[utoipa::path(get, operation_id = "ai_heatmap_read", path = "/api/ai/analysis/{id}/heatmap", tag = "ai",
    params(("id" = Uuid, Path, description = "`analysis_id` or `report_id`"), HeatmapQuery),
    responses((status = 200, description = "The heatmap", content_type = "image/png", body = Vec<u8>),
              (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, description = "No such analysis, or it has no heatmap", body = ProblemBody),
              (status = 409, description = "The first impression comes first", body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(id): Path<Uuid>,
    Query(query): Query<HeatmapQuery>,
) -> Result<Response, Problem> {
    let (width, height) = (query.width.unwrap_or(512), query.height.unwrap_or(512));
    if ![width, height]
        .iter()
        .all(|side| (16..=4096).contains(side))
    {
        return Err(Problem::field(
            "width",
            FieldCode::OutOfRange,
            "width and height must be 16 to 4096",
        ));
    }
    let mut tx = signed.begin_as(Permission::ReadReports, &state).await?;
    let analysis = load(&mut tx, &signed, id).await?;
    let stored = analysis
        .attention_maps
        .as_ref()
        .and_then(|maps| maps.get("heatmap"))
        .ok_or(Problem::NotFound("heatmap"))?;
    let heatmap = ai::Heatmap::read_stored(stored)
        .ok_or_else(|| Problem::Internal("a stored heatmap is not of its form".to_owned()))?;
    let act = Act::new(AuditAction::ReadAnalysis, EntityType::Report)
        .on(analysis.report_id)
        .new_values(json!({ "analysis_id": analysis.analysis_id, "form": "heatmap" }));
    tx.audit(act).await?;
    tx.commit().await?;
    let png = tokio::task::spawn_blocking(move || ai::heatmap_png(&heatmap, width, height))
        .await?
        .map_err(|error| Problem::Internal(error.to_string()))?;
    Ok((
        [
            (header::CONTENT_TYPE, "image/png"),
            (header::CACHE_CONTROL, "private, no-cache"),
        ],
        png,
    )
        .into_response())
}
