//! `Practitioner`: a radiologist or doctor.

use api::Problem;
use db::fhir::practitioners::{self, Filter};
use domain::scope::FhirKind;
use serde_json::json;

use crate::{
    query::Query,
    search::{Context, Found, malformed},
    shape::Resource,
    spec::{Spec, date, text, token},
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::Practitioner,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        text("name"),
        text("family"),
        text("given"),
        token("active"),
    ],
    includes: &[],
};

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    let filter = Filter {
        window: query.window(),
        names: query.expressions(&["name", "family", "given"]),
        active: query.flag("active").map_err(malformed)?,
    };
    let rows = practitioners::find(context.tx, &filter).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let id = row.id.to_string();
            let mut practitioner = Resource::new(FhirKind::Practitioner, &id, row.updated_at);
            practitioner
                .put("active", json!(row.is_active))
                .put("name", json!([{ "text": row.name }]));
            Found {
                key: row.id,
                cursor: None,
                id,
                value: practitioner.done(),
                reports: Vec::new(),
                is_hidden: false,
            }
        })
        .collect())
}
