//! `ImagingStudy`: a DICOM study. Its identifier is the Study Instance UID, so that it stays the same whatever of the
//! study the asker sees, and whichever cases its films lie in.

use api::Problem;
use db::fhir::studies::{self, Filter, Row};
use domain::scope::FhirKind;
use serde_json::{Value, json};

use crate::{
    query::Query,
    search::{Context, Found, malformed},
    shape::{Resource, accession, made, reference, uid, uid_of, unknown},
    spec::{Spec, date, link, patient_number, reference as refers, token},
    system,
    values::Token,
};

pub(crate) const SPEC: Spec = Spec {
    kind: FhirKind::ImagingStudy,
    params: &[
        token("_id"),
        date("_lastUpdated"),
        token("identifier"),
        refers("patient", &[FhirKind::Patient]),
        refers("subject", &[FhirKind::Patient]),
        patient_number("patient.identifier"),
        token("status"),
        date("started"),
        token("modality"),
        token("series"),
        token("instance"),
    ],
    includes: &[
        link("patient", "subject", FhirKind::Patient),
        link("subject", "subject", FhirKind::Patient),
    ],
};

const STATUS: &str = "http://hl7.org/fhir/imagingstudy-status";

/// What identifiers are asked for: UIDs of studies, or accession numbers.
#[derive(Debug, Default)]
pub(crate) struct Identifiers {
    pub(crate) study_uids: Option<Vec<String>>,
    pub(crate) accession_numbers: Option<Vec<String>>,
}

/// Reads them.
pub(crate) fn identifiers(query: &Query) -> Result<Identifiers, Problem> {
    let Some(tokens) = query.tokens("identifier") else {
        return Ok(Identifiers::default());
    };
    let (uids, others): (Vec<Token>, Vec<Token>) = tokens.into_iter().partition(|token| {
        token.system.as_deref() == Some(system::DICOM_UID)
            || (token.system.is_none() && token.value.starts_with("urn:oid:"))
    });
    if !uids.is_empty() && !others.is_empty() {
        return Err(malformed(
            "identifier takes Study Instance UIDs or accession numbers, not both at once",
        ));
    }
    let plain = |tokens: Vec<Token>| -> Vec<String> {
        tokens
            .into_iter()
            .map(|token| uid_of(&token.value).to_owned())
            .collect()
    };
    if !uids.is_empty() {
        return Ok(Identifiers {
            study_uids: Some(plain(uids)),
            accession_numbers: None,
        });
    }
    // Accession numbers have no system.
    let others = others
        .into_iter()
        .filter(|token| token.system.as_deref().is_none_or(str::is_empty))
        .map(|token| token.value);
    Ok(Identifiers {
        study_uids: None,
        accession_numbers: Some(others.collect()),
    })
}

fn plain_uids(query: &Query, name: &str) -> Option<Vec<String>> {
    let tokens = query.tokens(name)?;
    Some(
        tokens
            .iter()
            .map(|token| uid_of(&token.value).to_owned())
            .collect(),
    )
}

pub(crate) async fn find(context: &mut Context<'_>, query: &Query) -> Result<Vec<Found>, Problem> {
    if !query.takes("status", &[(STATUS, "available")]) {
        return Ok(Vec::new());
    }
    let Identifiers {
        study_uids: named,
        accession_numbers,
    } = identifiers(query)?;
    let ids = query.references(&["_id"], FhirKind::ImagingStudy);
    let study_uids = match (ids, named) {
        (Some(mut ids), Some(named)) => {
            ids.retain(|id| named.contains(id));
            Some(ids)
        }
        (ids, named) => ids.or(named),
    };
    let filter = Filter {
        window: query.window_without_ids(),
        study_uids,
        accession_numbers,
        patients: context.patients(query).await?,
        started: query.days("started"),
        modalities: query.tokens("modality").map(|tokens| {
            let of_dicom = |token: &Token| {
                token
                    .system
                    .as_deref()
                    .is_none_or(|system| system == system::DICOM)
            };
            tokens
                .into_iter()
                .filter(of_dicom)
                .map(|token| token.value)
                .collect()
        }),
        series_uids: plain_uids(query, "series"),
        instance_uids: plain_uids(query, "instance"),
    };
    let rows = studies::find(context.tx, &filter).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            key: row.report_id,
            cursor: None,
            value: resource(&row, &context.dicomweb),
            id: row.study_uid,
            reports: row.report_ids,
            is_hidden: false,
        })
        .collect())
}

fn modality(code: &Value) -> Value {
    match code.as_str() {
        Some(code) => json!({ "system": system::DICOM, "code": code }),
        None => unknown(),
    }
}

/// A number that FHIR can hold: from 0.
fn number(value: &Value) -> Value {
    json!(value.as_u64())
}

fn resource(row: &Row, dicomweb: &str) -> Value {
    let series: Vec<&Value> = row.series.as_array().into_iter().flatten().collect();
    let mut modalities: Vec<&str> = series
        .iter()
        .filter_map(|one| one["modality"].as_str())
        .collect();
    modalities.sort_unstable();
    modalities.dedup();
    let modalities: Vec<Value> = modalities
        .into_iter()
        .map(|code| modality(&json!(code)))
        .collect();
    let instances: usize = series
        .iter()
        .map(|one| one["instances"].as_array().map_or(0, Vec::len))
        .sum();
    let mut identifiers = vec![uid(&row.study_uid)];
    identifiers.extend(row.accession_number.as_deref().map(accession));
    let mut study = Resource::new(FhirKind::ImagingStudy, &row.study_uid, row.updated_at);
    study
        .put("contained", json!([{
            "resourceType": "Endpoint",
            "id": "dicomweb",
            "status": "active",
            "connectionType": { "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "code": "dicom-wado-rs" },
            "payloadType": [{ "text": "DICOM WADO-RS" }],
            "address": dicomweb,
        }]))
        .put("identifier", json!(identifiers))
        .put("status", json!("available"))
        .put("modality", json!(modalities))
        .put("subject", reference(FhirKind::Patient, row.patient_id, Some(&row.patient_name)))
        .put("started", if row.at.date.is_some() { made(&row.at, row.updated_at) } else { Value::Null })
        .put("endpoint", json!([{ "reference": "#dicomweb" }]))
        .put("numberOfSeries", json!(series.len()))
        .put("numberOfInstances", json!(instances))
        .put("description", json!(row.description))
        .put("series", Value::Array(series.into_iter().map(series_of).collect()));
    study.done()
}

fn series_of(series: &Value) -> Value {
    let instances: Vec<Value> = series["instances"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let mut instance = json!({
                "uid": one["uid"],
                "sopClass": match one["class"].as_str() {
                    Some(class) => json!({ "system": system::URI, "code": format!("urn:oid:{class}") }),
                    None => unknown(),
                },
            });
            if let Some(at) = one["number"].as_u64() {
                instance["number"] = json!(at);
            }
            instance
        })
        .collect();
    let mut out = json!({
        "uid": series["uid"],
        "modality": modality(&series["modality"]),
        "numberOfInstances": instances.len(),
    });
    let texts = [
        ("number", number(&series["number"])),
        ("description", series["description"].clone()),
    ];
    for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_null()) {
        out[name] = value;
    }
    for (name, value) in [
        ("bodySite", &series["body_part"]),
        ("laterality", &series["laterality"]),
    ] {
        if let Some(words) = value.as_str() {
            out[name] = json!({ "display": words });
        }
    }
    if !instances.is_empty() {
        out["instance"] = json!(instances);
    }
    out
}
