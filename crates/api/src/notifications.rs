//! `GET /api/notifications`, `PATCH /api/notifications/{notification_id}/read`.

use axum::{Json as Answer, extract::State};
use db::notifications::{self, Notification};
use domain::NotificationId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    body::{Path, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotificationsQuery {
    /// Only those not yet read.
    #[serde(default)]
    unread: bool,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the own notifications
#[utoipa::path(get, operation_id = "notifications_list", path = "/api/notifications", tag = "notifications", params(NotificationsQuery),
    responses((status = 200, body = ListAnswer<Notification>), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<NotificationsQuery>,
) -> Result<Answer<ListAnswer<Notification>>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    }
    .parse()?;
    let mut tx = signed.begin(&state).await?;
    Ok(Answer(
        notifications::list_own(&mut tx, query.unread, after, limit)
            .await?
            .into(),
    ))
}

/// Mark a notification as read
#[utoipa::path(patch, operation_id = "notifications_mark_read", path = "/api/notifications/{notification_id}/read", tag = "notifications",
    params(("notification_id" = NotificationId, Path, description = "The notification")),
    responses((status = 200, body = Notification), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(crate) async fn mark_read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(notification_id): Path<NotificationId>,
) -> Result<Answer<Notification>, Problem> {
    let mut tx = signed.begin(&state).await?;
    let notification = notifications::mark_read(&mut tx, notification_id)
        .await?
        .ok_or(Problem::NotFound("notification"))?;
    tx.commit().await?;
    Ok(Answer(notification))
}
