//! `GET /api/emergency-accesses`.

use axum::{Json as Answer, extract::State};
use db::{
    audit::Act,
    emergency::{self, EmergencyAccess, EmergencyFilter},
};
use domain::{
    access::Permission,
    audit::{AuditAction, EntityType},
    emergency::EmergencyPolicy,
    settings,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::Query,
    problem::{Problem, ProblemBody},
    query::PageQuery,
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EmergenciesQuery {
    /// Own ones that run.
    running: Option<bool>,
    /// Those that wait for the review of the asking officer.
    to_review: Option<bool>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Accesses in emergencies, and what the asking person has to do with them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Emergencies {
    /// The accesses.
    items: Vec<EmergencyAccess>,
    /// Where the next page starts; absent on the last one.
    next_cursor: Option<String>,
    /// Whether the asking person reviews those of others.
    is_privacy_officer: bool,
    /// Whether the asking person may open a record.
    may_open: bool,
    /// Minutes after which an access ends by itself.
    minutes: u32,
    /// Fewest characters of a reason.
    minimum_reason_length: u32,
}

/// List accesses in emergencies
///
/// The own ones; for privacy officers all.
#[utoipa::path(get, operation_id = "emergency_accesses_list", path = "/api/emergency-accesses", tag = "emergencies", params(EmergenciesQuery),
    responses((status = 200, body = Emergencies), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<EmergenciesQuery>,
) -> Result<Answer<Emergencies>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .parse()?;
    let mut tx = signed
        .begin_as(Permission::SeeEmergencyAccesses, &state)
        .await?;
    let filter = EmergencyFilter {
        access_id: None,
        running: query.running.unwrap_or_default(),
        to_review: query.to_review.unwrap_or_default(),
    };
    let page = emergency::list(&mut tx, filter, after, limit).await?;
    let is_privacy_officer = emergency::is_officer(&mut tx).await?;
    let policy: EmergencyPolicy = db::settings::get(&mut tx, settings::EMERGENCY_ACCESS).await?;
    // Own ones that run are asked for by every open screen, and say what their reader wrote.
    if !filter.running {
        tx.audit(
            Act::new(AuditAction::ListEmergencyAccesses, EntityType::Emergency)
                .new_values(json!({ "found": page.items.len() })),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(Answer(Emergencies {
        items: page.items,
        next_cursor: page.next_cursor,
        is_privacy_officer,
        may_open: policy.roles.contains(&signed.role),
        minutes: policy.minutes,
        minimum_reason_length: policy.minimum_reason_length,
    }))
}
