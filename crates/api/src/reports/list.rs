//! `GET /api/reports`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use db::{
    audit::Act,
    patients,
    reports::{self, Order, Report, ReportFilter},
};
use domain::{
    ReportStatus, RiskCategory, Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    settings,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Checks, Query},
    problem::{Problem, ProblemBody},
    query::{ListAnswer, PageQuery, search_text},
    reports::detail::hide_ai_of,
    signed::Signed,
    state::ApiState,
};

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub(crate) enum Sort {
    /// Newest first.
    #[default]
    #[serde(rename = "-upload_date")]
    NewestFirst,
    /// Oldest first.
    #[serde(rename = "upload_date")]
    OldestFirst,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportsQuery {
    /// In this state.
    #[param(value_type = Option<ReportStatus>)]
    status: Option<String>,
    /// With this risk.
    #[param(value_type = Option<RiskCategory>)]
    risk_score: Option<String>,
    /// Of this patient.
    patient_id: Option<UserId>,
    /// Sent in by this radiologist.
    radiologist_id: Option<UserId>,
    /// Part of the patient's name, an accession number, or a report's identifier.
    search: Option<String>,
    /// Sent in from this moment on.
    from: Option<DateTime<Utc>>,
    /// Sent in before this moment.
    until: Option<DateTime<Utc>>,
    /// `-upload_date` (newest first, the default) or `upload_date`.
    #[param(value_type = Option<Sort>)]
    sort: Option<Sort>,
    /// Rows a page, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A report of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedReport {
    /// The report.
    #[serde(flatten)]
    report: Report,
    /// The hospital's number of the patient, if one is known.
    patient_identifier: Option<String>,
}

/// List reports
///
/// Patients see their own released ones, radiologists their own uploads, doctors all.
#[utoipa::path(get, operation_id = "reports_list", path = "/api/reports", tag = "reports", params(ReportsQuery),
    responses((status = 200, body = ListAnswer<ListedReport>), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    signed: Signed,
    Query(query): Query<ReportsQuery>,
) -> Result<Answer<ListAnswer<ListedReport>>, Problem> {
    let (limit, after) = PageQuery {
        limit: query.limit,
        cursor: query.cursor.clone(),
    }
    .parse()?;
    let mut checks = Checks::default();
    let status = checks.word("status", query.status.as_deref());
    let risk_score = checks.word("risk_score", query.risk_score.as_deref());
    checks.done()?;
    let filter = ReportFilter {
        status,
        risk_score,
        patient_id: query.patient_id,
        radiologist_id: query.radiologist_id,
        search: search_text(query.search.as_deref())?,
        from: query.from,
        until: query.until,
    };
    let order = match query.sort.unwrap_or_default() {
        Sort::NewestFirst => Order::NewestFirst,
        Sort::OldestFirst => Order::OldestFirst,
    };
    let mut tx = signed.begin_as(Permission::ReadReports, &state).await?;
    let mut page = reports::list(&mut tx, &filter, order, after, limit).await?;
    let hidden = signed.role == Role::Doctor
        && db::settings::get::<bool>(&mut tx, settings::REVIEW_FIRST_IMPRESSION).await?;
    if hidden {
        // One look at the list must not give away what the case keeps back.
        page.items
            .iter_mut()
            .filter(|report| report.status != ReportStatus::Reviewed)
            .for_each(hide_ai_of);
    }
    let ids: Vec<_> = page.items.iter().map(|report| report.report_id).collect();
    tx.audit(
        Act::new(AuditAction::ListReports, EntityType::Report)
            .new_values(json!({ "report_ids": ids })),
    )
    .await?;
    let patients: Vec<UserId> = page.items.iter().map(|report| report.patient_id).collect();
    let numbers = patients::identifiers(&mut tx, &patients).await?;
    tx.commit().await?;
    Ok(Answer(ListAnswer {
        next_cursor: page.next_cursor,
        items: page
            .items
            .into_iter()
            .map(|report| ListedReport {
                patient_identifier: numbers.get(&report.patient_id).cloned(),
                report,
            })
            .collect(),
    }))
}
