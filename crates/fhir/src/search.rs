//! Searches and reads, alike for every kind of resource; what is particular to a kind is in its own file.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use api::{ApiState, Caller, Problem};
use axum::{http::HeaderMap, response::Response};
use db::{
    ActorTx,
    audit::Act,
    dicom,
    fhir::{observations, patients},
};
use domain::{
    Role,
    audit::{AuditAction, EntityType},
    scope::{FhirKind, Interaction, Scope},
    settings,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answer::{self, Page},
    audit_event, device, diagnostic_report, document_reference, imaging_study, observation,
    patient, practitioner, provenance,
    query::{MOST_REFERRING, Query},
    service_request,
    spec::Link,
};

/// Who asks, and what every kind needs to answer.
pub(crate) struct Context<'t> {
    pub(crate) tx: &'t mut ActorTx,
    pub(crate) role: Role,
    /// The address of `/dicomweb`.
    pub(crate) dicomweb: String,
}

/// A resource that was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its identifier in the database, which pages go by.
    pub(crate) key: Uuid,
    /// What pages go by instead.
    pub(crate) cursor: Option<String>,
    pub(crate) id: String,
    pub(crate) value: Value,
    /// The cases that it says something of.
    pub(crate) reports: Vec<Uuid>,
    /// Kept back from the acting doctor for now.
    pub(crate) is_hidden: bool,
}

/// A query that is not as the standard has it.
pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::Malformed(detail.into())
}

impl Context<'_> {
    /// The patients that a search names, by reference or by number; `None` when it names none.
    pub(crate) async fn patients(&mut self, query: &Query) -> Result<Option<Vec<Uuid>>, Problem> {
        let named = query.ids(&["patient", "subject"], FhirKind::Patient);
        let Some(numbers) = query.numbers(&["patient.identifier"]) else {
            return Ok(named);
        };
        let mut found = patients::with_numbers(self.tx, &numbers).await?;
        if let Some(named) = named {
            found.retain(|id| named.contains(id));
        }
        Ok(Some(found))
    }

    /// Of these cases those whose AI verdict is kept back from the acting doctor for now, as on the screen.
    pub(crate) async fn hidden_ai(&mut self, reports: &[Uuid]) -> Result<HashSet<Uuid>, Problem> {
        if self.role != Role::Doctor
            || !db::settings::get::<bool>(self.tx, settings::REVIEW_FIRST_IMPRESSION).await?
        {
            return Ok(HashSet::new());
        }
        Ok(observations::without_impression(self.tx, reports).await?)
    }

    pub(crate) async fn find(&mut self, query: &Query) -> Result<Vec<Found>, Problem> {
        match query.kind {
            FhirKind::Patient => patient::find(self, query).await,
            FhirKind::Practitioner => practitioner::find(self, query).await,
            FhirKind::ImagingStudy => imaging_study::find(self, query).await,
            FhirKind::DiagnosticReport => diagnostic_report::find(self, query).await,
            FhirKind::Observation => observation::find(self, query).await,
            FhirKind::Device => device::find(self, query).await,
            FhirKind::DocumentReference => document_reference::find(self, query).await,
            FhirKind::ServiceRequest => service_request::find(self, query).await,
            FhirKind::Provenance => provenance::find(self, query).await,
            FhirKind::AuditEvent => audit_event::find(self, query).await,
        }
    }
}

/// A search, by GET or by POST.
pub(crate) async fn search(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    kind: FhirKind,
    pairs: &[(String, String)],
) -> Result<Response, Problem> {
    answer::accepts(headers, pairs)?;
    let base = api::address(state, headers);
    let fhir = format!("{base}/fhir");
    let mut query =
        Query::parse(kind, pairs, answer::is_strict(headers), &fhir).map_err(malformed)?;
    let mut tx = caller
        .begin_as(Scope::fhir(kind, Interaction::Search), state)
        .await?;
    for other in others(&query) {
        caller
            .require(Scope::fhir(other, Interaction::Read), state)
            .await?;
    }
    let mut context = Context {
        tx: &mut tx,
        role: caller.role,
        dicomweb: format!("{base}/dicomweb"),
    };
    let mut found = context.find(&query).await?;
    let limit = usize::try_from(query.count).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .map(|last| last.cursor.clone().unwrap_or_else(|| last.key.to_string()))
        .filter(|_| has_more);
    let hides = found.iter().any(|one| one.is_hidden);
    found.retain(|one| !one.is_hidden);
    let included = beside(&mut context, &query, &found, &fhir).await?;
    note(&mut tx, caller, kind, &found, &included).await?;
    tx.commit().await?;
    let total = (query.after.is_none() && !has_more && !hides).then_some(found.len());
    let used = std::mem::take(&mut query.used);
    let page = Page {
        kind,
        found,
        included,
        total,
        next,
        used,
    };
    Ok(answer::bundle(&fhir, page))
}

/// The kinds that come beside what was found.
fn others(query: &Query) -> BTreeSet<FhirKind> {
    let included = query.includes.iter().map(|link| link.target);
    let referring = query.referring.iter().map(|referring| referring.kind);
    included.chain(referring).collect()
}

/// What `_include` and `_revinclude` bring, each once, and nothing that was found itself.
async fn beside(
    context: &mut Context<'_>,
    query: &Query,
    found: &[Found],
    base: &str,
) -> Result<Vec<(FhirKind, Found)>, Problem> {
    let mut seen: BTreeSet<(FhirKind, String)> = found
        .iter()
        .map(|one| (query.kind, one.id.clone()))
        .collect();
    let mut out = Vec::new();
    let mut take = |kind: FhirKind, all: Vec<Found>| {
        for one in all {
            if !one.is_hidden && seen.insert((kind, one.id.clone())) {
                out.push((kind, one));
            }
        }
    };
    let mut wanted: BTreeMap<FhirKind, BTreeSet<String>> = BTreeMap::new();
    for link in &query.includes {
        for one in found {
            wanted
                .entry(link.target)
                .or_default()
                .extend(referred(&one.value, link));
        }
    }
    for (kind, ids) in wanted {
        let all = Query::of_ids(kind, ids.into_iter().collect(), base);
        take(kind, context.find(&all).await?);
    }
    for referring in &query.referring {
        let kind = query.kind;
        let ids = found
            .iter()
            .map(|one| format!("{kind}/{}", one.id))
            .collect();
        let all = Query::of_values(referring.kind, referring.param, ids, base);
        let all = context.find(&all).await?;
        if i64::try_from(all.len()).unwrap_or(i64::MAX) > MOST_REFERRING {
            return Err(malformed(format!(
                "more than {MOST_REFERRING} resources refer to what was found: ask for fewer at once with _count"
            )));
        }
        take(referring.kind, all);
    }
    Ok(out)
}

/// The identifiers that a resource refers to along a link.
fn referred(resource: &Value, link: &Link) -> Vec<String> {
    let mut at: Vec<&Value> = vec![resource];
    for element in link.element.split('.') {
        at = at
            .into_iter()
            .map(|value| &value[element])
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                value => vec![value],
            })
            .collect();
    }
    at.into_iter()
        .filter_map(|value| value["reference"].as_str()?.split_once('/'))
        .filter(|(kind, _)| *kind == link.target.as_str())
        .map(|(_, id)| id.to_owned())
        .collect()
}

/// One resource by its identifier.
pub(crate) async fn read(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    kind: FhirKind,
    id: String,
    pairs: &[(String, String)],
) -> Result<Response, Problem> {
    answer::accepts(headers, pairs)?;
    let base = api::address(state, headers);
    let mut tx = caller
        .begin_as(Scope::fhir(kind, Interaction::Read), state)
        .await?;
    let mut context = Context {
        tx: &mut tx,
        role: caller.role,
        dicomweb: format!("{base}/dicomweb"),
    };
    let query = Query::of_ids(kind, vec![id.clone()], &base);
    let mut found = context.find(&query).await?;
    found.retain(|one| !one.is_hidden);
    let Some(one) = found.pop() else {
        if kind == FhirKind::ImagingStudy {
            let asked = json!({ "method": "GET", "path": "/fhir/ImagingStudy/{study}" });
            dicom::note_refused(&mut tx, &id, &asked).await?;
            tx.commit().await?;
        }
        return Err(Problem::NotFound(kind.as_str()));
    };
    let form = json!({ "form": format!("fhir {kind}") });
    if kind == FhirKind::AuditEvent {
        let act =
            Act::new(AuditAction::ReadAudit, EntityType::Audit).new_values(caller.noting(form));
        tx.audit(act).await?;
    } else if kind == FhirKind::Patient {
        let act = Act::new(AuditAction::ListPatients, EntityType::Patient)
            .on(one.key)
            .new_values(caller.noting(form));
        tx.audit(act).await?;
    } else {
        let act =
            Act::new(AuditAction::ReadReport, EntityType::Report).new_values(caller.noting(form));
        tx.audit_each(&act, &one.reports).await?;
    }
    tx.commit().await?;
    Ok(answer::resource(&one.value))
}

/// Notes what was read: the list, and each case of which something was told.
async fn note(
    tx: &mut ActorTx,
    caller: &Caller,
    kind: FhirKind,
    found: &[Found],
    included: &[(FhirKind, Found)],
) -> Result<(), Problem> {
    let (action, entity) = match kind {
        FhirKind::Patient => (AuditAction::ListPatients, EntityType::Patient),
        FhirKind::AuditEvent => (AuditAction::ReadAudit, EntityType::Audit),
        _ => (AuditAction::ListReports, EntityType::Report),
    };
    let values =
        json!({ "form": format!("fhir {kind}"), "found": found.len(), "included": included.len() });
    tx.audit(Act::new(action, entity).new_values(caller.noting(values)))
        .await?;
    // Studies say when and how somebody was examined, as DICOM queries do; the others say what was found.
    let told = found
        .iter()
        .map(|one| (kind, one))
        .chain(included.iter().map(|(kind, one)| (*kind, one)))
        .filter(|(kind, _)| *kind != FhirKind::ImagingStudy)
        .flat_map(|(_, one)| one.reports.iter().copied())
        .collect::<BTreeSet<Uuid>>();
    let told: Vec<Uuid> = told.into_iter().collect();
    let act = Act::new(AuditAction::ReadReport, EntityType::Report)
        .new_values(caller.noting(json!({ "form": format!("fhir {kind}") })));
    tx.audit_each(&act, &told).await?;
    Ok(())
}
