//! `GET /api/reviews`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    reviews::{self, Review},
};
use domain::{
    access::Permission,
    audit::{AuditAction, EntityType},
};
use serde_json::json;

use crate::{
    body::Query,
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

/// List the own signed reviews
#[utoipa::path(get, operation_id = "reviews_list", path = "/api/reviews", tag = "reviews", params(PageQuery),
    responses((status = 200, body = ListAnswer<Review>), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Answer<ListAnswer<Review>>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as(Permission::ReviewReports, &state).await?;
    let page = reviews::list_own(&mut tx, after, limit).await?;
    let ids: Vec<_> = page.items.iter().map(|review| review.report_id).collect();
    tx.audit(
        Act::new(AuditAction::ListReports, EntityType::Report)
            .new_values(json!({ "report_ids": ids })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}
