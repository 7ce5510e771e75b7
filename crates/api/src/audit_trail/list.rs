//! `GET /api/audit`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use db::audit::{self, Act, AuditFilter, AuditLog};
use domain::{
    UserId,
    access::Permission,
    audit::{AuditAction, AuditStatus, EntityType},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    body::{Checks, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery},
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Of this user.
    user_id: Option<UserId>,
    /// Of this act.
    #[param(value_type = Option<AuditAction>)]
    action: Option<String>,
    /// On this kind of thing.
    #[param(value_type = Option<EntityType>)]
    entity_type: Option<String>,
    /// On this thing.
    entity_id: Option<Uuid>,
    /// That ended so.
    #[param(value_type = Option<AuditStatus>)]
    status: Option<String>,
    /// From this moment on.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    until: Option<DateTime<Utc>>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Read the audit trail
///
/// Newest first. Reading it is audited as well.
#[utoipa::path(get, operation_id = "audit_trail_list", path = "/api/audit", tag = "operations", params(AuditQuery),
    responses((status = 200, body = ListAnswer<AuditLog>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<AuditQuery>,
) -> Result<Answer<ListAnswer<AuditLog>>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .parse()?;
    let mut checks = Checks::default();
    let action: Option<AuditAction> = checks.word("action", query.action.as_deref());
    let entity_type: Option<EntityType> = checks.word("entity_type", query.entity_type.as_deref());
    let status: Option<AuditStatus> = checks.word("status", query.status.as_deref());
    checks.done()?;
    let filter = AuditFilter {
        user_id: query.user_id,
        action: action.map(AuditAction::as_str),
        entity_type: entity_type.map(EntityType::as_str),
        entity_id: query.entity_id,
        status: status.map(AuditStatus::as_str),
        from: query.from,
        until: query.until,
    };
    let mut tx = signed.begin_as(Permission::ReadAudit, &state).await?;
    let mut page = audit::list(&mut tx, &filter, after, limit).await?;
    page.items.iter_mut().for_each(cover);
    tx.audit(
        Act::new(AuditAction::ReadAudit, EntityType::Audit)
            .new_values(json!({ "found": page.items.len() })),
    )
    .await?;
    tx.commit().await?;
    Ok(Answer(page.into()))
}

/// What acts on patients and histories say without telling who the patient is, or of what.
const OPEN: [&str; 15] = [
    "access_id",
    "accepted",
    "changed",
    "ends_at",
    "event",
    "expires_at",
    "found",
    "method",
    "outcome",
    "path",
    "proposal_id",
    "report_id",
    "reports",
    "release_at",
    "withdrawn",
];

/// Covers what a record holds: tech sees that it was changed and by whom, and not the record.
fn cover(row: &mut AuditLog) {
    if row.entity_type != EntityType::Patient.as_str()
        && row.entity_type != EntityType::History.as_str()
    {
        return;
    }
    for values in [&mut row.old_values, &mut row.new_values] {
        for (name, value) in values.iter_mut().filter_map(Value::as_object_mut).flatten() {
            if !OPEN.contains(&name.as_str()) {
                *value = Value::from("…");
            }
        }
    }
}
