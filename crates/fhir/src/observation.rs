//! `Observation`: what the AI said of a case, if only that it could not assess it. Its identifier is the case's, so that
//! it stays the same when the case is assessed anew.

use api::Problem;
use db::fhir::observations::{self, Filter, Row, Score};
use domain::{ReportStatus, RiskCategory, Role, scope::FhirKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    query::Query,
    search::{Context, Found},
    shape::{Resource, concept, instant, made, reference, risk},
    spec::{Spec, date, link, patient_number, reference as refers, token},
    system,
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::Observation,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        refers("patient", &[FhirKind::Patient]),
        refers("subject", &[FhirKind::Patient]),
        patient_number("patient.identifier"),
        token("status"),
        token("category"),
        token("code"),
        token("value-concept"),
        date("date"),
        refers("derived-from", &[FhirKind::ImagingStudy]),
        refers("device", &[FhirKind::Device]),
    ],
    includes: &[
        link("patient", "subject", FhirKind::Patient),
        link("subject", "subject", FhirKind::Patient),
        link("derived-from", "derivedFrom", FhirKind::ImagingStudy),
        link("device", "device", FhirKind::Device),
    ],
};

const STATUS: &str = "http://hl7.org/fhir/observation-status";
const CODE: &str = "ai-risk";

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    if !query.takes("category", &[(system::OBSERVATION_CATEGORY, "imaging")])
        || !query.takes("code", &[(system::OBSERVED, CODE)])
    {
        return Ok(Vec::new());
    }
    let filter = Filter {
        window: query.window(),
        patients: context.patients(query).await?,
        statuses: query.codes("status", STATUS, ["preliminary", "final"]),
        effective: query.days("date"),
        study_uids: query.references(&["derived-from"], FhirKind::ImagingStudy),
        models: query.ids(&["device"], FhirKind::Device),
        categories: query.codes(
            "value-concept",
            system::RISK,
            RiskCategory::ALL.iter().map(|category| category.as_str()),
        ),
    };
    let rows = observations::find(context.tx, &filter).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.report_id).collect();
    let hidden = context.hidden_ai(&ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            key: row.report_id,
            cursor: None,
            id: row.report_id.to_string(),
            value: resource(&row, context.role),
            reports: vec![row.report_id],
            is_hidden: hidden.contains(&row.report_id),
        })
        .collect())
}

fn resource(row: &Row, role: Role) -> Value {
    let status = if row.status == ReportStatus::Reviewed {
        "final"
    } else {
        "preliminary"
    };
    let mut observation = Resource::new(
        FhirKind::Observation,
        &row.report_id.to_string(),
        row.updated_at,
    );
    observation
        .put("status", json!(status))
        .put(
            "category",
            json!([concept(system::OBSERVATION_CATEGORY, "imaging", "Imaging")]),
        )
        .put(
            "code",
            concept(system::OBSERVED, CODE, "Risk as assessed by AI"),
        )
        .put(
            "subject",
            reference(FhirKind::Patient, row.patient_id, Some(&row.patient_name)),
        )
        .put("effectiveDateTime", made(&row.at, row.upload_date))
        .put("issued", instant(row.issued));
    if let Some(study_uid) = &row.study_uid {
        let study = reference(FhirKind::ImagingStudy, study_uid, None);
        observation.put("derivedFrom", json!([study]));
    }
    match (&row.score, &row.not_assessed) {
        (Some(score), _) => scored(&mut observation, score, role),
        (None, reason) => {
            let (code, text) = reason.as_ref().map_or(
                ("unknown", "The AI could not assess this case"),
                |(code, text)| (code.as_str(), text.as_str()),
            );
            observation.put("dataAbsentReason", json!({
                "coding": [
                    { "system": system::DATA_ABSENT, "code": "not-performed", "display": "Not Performed" },
                    { "system": system::NOT_ASSESSED, "code": code },
                ],
                "text": text,
            }));
        }
    }
    observation.put(
        "note",
        json!([{ "text": "Decision support by a program; the signed report decides." }]),
    );
    observation.done()
}

fn scored(observation: &mut Resource, score: &Score, role: Role) {
    // Patients read no models, so that a reference would lead them nowhere.
    let device = if role == Role::Patient {
        json!({ "display": score.model_version })
    } else {
        reference(FhirKind::Device, score.model_id, Some(&score.model_version))
    };
    let share = |code: &str, text: &str, value: f64| {
        json!({
            "code": concept(system::OBSERVED, code, text),
            "valueQuantity": { "value": value, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1" },
        })
    };
    let [low, medium, high] = score.shares;
    let mut components = vec![
        share(
            "risk-probability",
            "Probability of the finding",
            score.probability,
        ),
        share("low-probability", "Share of low risk", low),
        share("medium-probability", "Share of medium risk", medium),
        share("high-probability", "Share of high risk", high),
    ];
    components.extend(score.threshold.map(|threshold| {
        share(
            "threshold",
            "Probability from which the model calls the risk high",
            threshold,
        )
    }));
    observation
        .put("valueCodeableConcept", risk(score.category))
        .put("device", device)
        .put("component", json!(components));
}
