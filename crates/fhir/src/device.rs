//! `Device`: a model, which is what Observations were made with.

use api::Problem;
use db::fhir::devices::{self, Filter, Row};
use domain::scope::FhirKind;
use serde_json::{Value, json};

use crate::{
    query::Query,
    search::{Context, Found},
    shape::{Resource, concept},
    spec::{Spec, date, text, token},
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::Device,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        text("device-name"),
        token("status"),
    ],
    includes: &[],
};

const STATUS: &str = "http://hl7.org/fhir/device-status";

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    let filter = Filter {
        window: query.window(),
        names: query.expressions(&["device-name"]),
        active: match query.codes("status", STATUS, ["active", "inactive"]) {
            None => None,
            Some(codes) => match codes.as_slice() {
                [] => return Ok(Vec::new()),
                [one] => Some(one == "active"),
                _ => None,
            },
        },
    };
    let rows = devices::find(context.tx, &filter).await?;
    Ok(rows
        .into_iter()
        .map(|model| Found {
            key: model.model_id,
            cursor: None,
            id: model.model_id.to_string(),
            value: resource(&model),
            reports: Vec::new(),
            is_hidden: false,
        })
        .collect())
}

fn resource(model: &Row) -> Value {
    let mut device = Resource::new(
        FhirKind::Device,
        &model.model_id.to_string(),
        model.updated_at,
    );
    let note = model.description.as_deref().unwrap_or_default();
    device
        .put(
            "status",
            json!(if model.is_active {
                "active"
            } else {
                "inactive"
            }),
        )
        .put(
            "deviceName",
            json!([{ "name": model.model_name, "type": "model-name" }]),
        )
        .put(
            "type",
            concept(
                "urn:medical-portal:device",
                "ai-model",
                "AI model that assesses films",
            ),
        )
        .put("version", json!([{ "value": model.version }]));
    if !note.trim().is_empty() {
        device.put("note", json!([{ "text": note }]));
    }
    device.done()
}
