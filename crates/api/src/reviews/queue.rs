//! `GET /api/reviews/queue`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    queue::{self, QueueItem, QueueSummary},
};
use domain::{
    access::Permission,
    audit::{AuditAction, EntityType},
    settings,
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::Query,
    problem::{Problem, ProblemBody},
    query::PageQuery,
    signed::Signed,
    state::ApiState,
};

/// A page of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueAnswer {
    /// The cases, the first to be read first.
    items: Vec<QueueItem>,
    /// Where the next page starts; absent on the last one.
    next_cursor: Option<String>,
    /// What the whole queue holds.
    summary: QueueSummary,
}

/// Read the queue
///
/// High risk first, then what the AI could not assess, then medium, then low; inside a class the
/// longest waiting first. A case past its class's longest wait moves to the top. With the setting
/// `review.first_impression_before_ai` the order stays and the AI's figures are left out.
#[utoipa::path(get, operation_id = "reviews_queue_read", path = "/api/reviews/queue", tag = "reviews", params(PageQuery),
    responses((status = 200, body = QueueAnswer), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Answer<QueueAnswer>, Problem> {
    let (limit, after) = query.parse()?;
    let mut tx = signed.begin_as(Permission::ReadQueue, &state).await?;
    let mut page = queue::page(&mut tx, after, limit).await?;
    let summary = queue::summary(&mut tx).await?;
    if db::settings::get::<bool>(&mut tx, settings::REVIEW_FIRST_IMPRESSION).await? {
        page.items.iter_mut().for_each(hide_ai);
    }
    let ids: Vec<_> = page.items.iter().map(|item| item.report_id).collect();
    tx.audit(
        Act::new(AuditAction::ReadQueue, EntityType::Queue)
            .new_values(json!({ "report_ids": ids })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(QueueAnswer {
        items: page.items,
        next_cursor: page.next_cursor,
        summary,
    }))
}

fn hide_ai(item: &mut QueueItem) {
    item.risk_score = None;
    item.risk_probability = None;
    item.confidence_score = None;
    item.not_assessed_reason = None;
    item.not_assessed_code = None;
}
