//! `AuditEvent`: a row of the audit trail, as `medical-portal audit export --format fhir` writes it.

use api::Problem;
use db::{
    Cursor,
    fhir::audit_events::{self, Filter},
};
use domain::{audit::AuditAction, scope::FhirKind};
use uuid::Uuid;

use crate::{
    query::Query,
    search::{Context, Found, malformed},
    spec::{Spec, date, token},
    values,
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::AuditEvent,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        date("date"),
        token("subtype"),
        token("outcome"),
        token("agent"),
        token("entity"),
    ],
    includes: &[],
};

const SITE: &str = "medical-portal";
const ACTION: &str = "urn:medical-portal:audit-action";
const OUTCOME: &str = "http://terminology.hl7.org/CodeSystem/audit-event-outcome";
/// How an act ended, in the portal's words and in FHIR's.
const OUTCOMES: [(&str, &str); 3] = [("success", "0"), ("failure", "4"), ("denied", "8")];

/// Identifiers of accounts and things, as the resource names them (`urn:uuid:…`) or bare.
fn ids(query: &Query, name: &str) -> Option<Vec<Uuid>> {
    let tokens = query.tokens(name)?;
    Some(
        tokens
            .iter()
            .filter_map(|token| token.value.trim_start_matches("urn:uuid:").parse().ok())
            .collect(),
    )
}

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    let after = match query.after.as_deref() {
        None => None,
        Some(after) => {
            let after: Cursor = after
                .parse()
                .map_err(|error: db::InvalidCursor| malformed(error.to_string()))?;
            Some(after)
        }
    };
    let outcomes = query.codes("outcome", OUTCOME, OUTCOMES.map(|(_, code)| code));
    let filter = Filter {
        ids: query.ids(&["_id"], FhirKind::AuditEvent),
        date: values::both(query.span("date"), query.span("_lastUpdated")),
        actions: query.codes(
            "subtype",
            ACTION,
            AuditAction::ALL.iter().map(|action| action.as_str()),
        ),
        users: ids(query, "agent"),
        things: ids(query, "entity"),
        statuses: outcomes.map(|codes| {
            OUTCOMES
                .iter()
                .filter(|(_, code)| codes.iter().any(|given| given == code))
                .map(|(word, _)| (*word).to_owned())
                .collect()
        }),
        after,
        limit: query.count + 1,
    };
    let rows = audit_events::find(context.tx, &filter).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let cursor = Cursor {
                rank: 0,
                at: row.created_at,
                id: row.log_id,
            };
            Found {
                key: row.log_id,
                cursor: Some(cursor.to_string()),
                id: row.log_id.to_string(),
                value: trail::formats::audit_event(row, SITE),
                reports: Vec::new(),
                is_hidden: false,
            }
        })
        .collect())
}
