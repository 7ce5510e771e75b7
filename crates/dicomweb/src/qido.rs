//! QIDO-RS: searches (PS3.18 section 10.6), answered from indexed columns.

use api::{ApiState, Caller, Problem};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use db::{
    ActorTx, Planning,
    audit::Act,
    dicom::{self, FoundInstance, FoundSeries, FoundStudy, Part, Series, Study},
};
use domain::{
    audit::{AuditAction, EntityType},
    scope::Scope,
};
use serde_json::{Value, json};

use crate::{
    answer::{self, Dataset},
    fault,
    negotiate::{Model, model},
    query::{Include, Level, MOST, Query, is_uid},
    wado::Place,
};

/// `GET /studies`.
pub(crate) async fn studies(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
) -> Result<Response, Problem> {
    search(
        &state,
        &caller,
        &headers,
        text.as_deref(),
        Level::Study,
        &Place::default(),
    )
    .await
}

/// `GET /series`.
pub(crate) async fn series(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
) -> Result<Response, Problem> {
    search(
        &state,
        &caller,
        &headers,
        text.as_deref(),
        Level::Series,
        &Place::default(),
    )
    .await
}

/// `GET /instances`.
pub(crate) async fn instances(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
) -> Result<Response, Problem> {
    search(
        &state,
        &caller,
        &headers,
        text.as_deref(),
        Level::Instance,
        &Place::default(),
    )
    .await
}

/// `GET /studies/{study}/series`.
pub(crate) async fn series_of(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(text): RawQuery,
) -> Result<Response, Problem> {
    search(
        &state,
        &caller,
        &headers,
        text.as_deref(),
        Level::Series,
        &place,
    )
    .await
}

/// `GET /studies/{study}/instances` and `GET /studies/{study}/series/{series}/instances`.
pub(crate) async fn instances_of(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(text): RawQuery,
) -> Result<Response, Problem> {
    search(
        &state,
        &caller,
        &headers,
        text.as_deref(),
        Level::Instance,
        &place,
    )
    .await
}

async fn search(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    text: Option<&str>,
    level: Level,
    place: &Place,
) -> Result<Response, Problem> {
    caller.require(Scope::DicomwebRead, state).await?;
    let model = model(headers, text)?;
    let mut query = Query::parse(level, text.unwrap_or_default()).map_err(fault::malformed)?;
    narrow(&mut query, place)?;
    let planning = match level {
        Level::Study => dicom::planning(&query.keys),
        Level::Series | Level::Instance => Planning::WithValues,
    };
    let mut tx = state
        .database
        .begin_planning(&caller.actor, planning)
        .await?;
    let (mut found, more) = found(&mut tx, state, headers, &query, level).await?;
    let act = Act::new(AuditAction::ListReports, EntityType::Report).new_values(caller.noting(
        json!({ "form": format!("dicomweb {level:?}").to_lowercase(), "found": found.len() }),
    ));
    tx.audit(act).await?;
    tx.commit().await?;
    let mut response = if found.is_empty() && model == Model::Json {
        StatusCode::NO_CONTENT.into_response()
    } else {
        answer::datasets(model, std::mem::take(&mut found))
    };
    if more && query.limit == MOST {
        query
            .warnings
            .push("there are more results: ask for them with offset");
    }
    query.warnings.dedup();
    for warning in &query.warnings {
        answer::warn(&mut response, warning);
    }
    Ok(response)
}

/// What the path says goes before the keys; a key that says something else finds nothing.
fn narrow(query: &mut Query, place: &Place) -> Result<(), Problem> {
    let narrowed = |keys: &mut Option<Vec<String>>, uid: &Option<String>| {
        let Some(uid) = uid else { return Ok(()) };
        if !is_uid(uid) {
            return Err(fault::malformed(
                "a UID in the path is digits and dots, at most 64 of them",
            ));
        }
        let fits = keys.as_ref().is_none_or(|keys| keys.contains(uid));
        *keys = Some(if fits { vec![uid.clone()] } else { Vec::new() });
        Ok(())
    };
    narrowed(&mut query.keys.study_uids, &place.study)?;
    narrowed(&mut query.keys.series_uids, &place.series)
}

/// What was found, and whether there is more.
async fn found(
    tx: &mut ActorTx,
    state: &ApiState,
    headers: &HeaderMap,
    query: &Query,
    level: Level,
) -> Result<(Vec<Value>, bool), Problem> {
    let base = answer::base(state, headers);
    let part = Part {
        limit: query.limit + 1,
        offset: query.offset,
        header: level == Level::Instance || query.include.all || !query.include.tags.is_empty(),
    };
    let (keys, include) = (&query.keys, &query.include);
    let mut all: Vec<Value> = match level {
        Level::Study => {
            let found = dicom::studies(tx, keys, part).await?;
            found
                .iter()
                .map(|found| study(&base, include, found))
                .collect()
        }
        Level::Series => {
            let found = dicom::series(tx, keys, part).await?;
            found
                .iter()
                .map(|found| series_dataset(&base, include, found))
                .collect()
        }
        Level::Instance => {
            let found = dicom::instances(tx, keys, part).await?;
            found
                .iter()
                .map(|found| instance(&base, include, found))
                .collect()
        }
    };
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = all.len() > limit;
    all.truncate(limit);
    Ok((all, more))
}

fn study_attributes(dataset: &mut Dataset, study: &Study) {
    dataset
        .date("00080020", study.study_date)
        .time("00080030", study.study_time)
        .text("00080050", "SH", study.accession_number.as_deref())
        .name("00080090", study.referring_physician.as_deref())
        .text("00081030", "LO", study.study_description.as_deref())
        .name("00100010", study.patient_name.as_deref())
        .text("00100020", "LO", study.patient_number.as_deref())
        .date("00100030", study.patient_birth_date)
        .text("00100040", "CS", study.patient_sex.as_deref())
        .text("0020000D", "UI", Some(&study.study_uid))
        .text("00200010", "SH", study.study_id.as_deref());
    if study.issuer.is_some() {
        dataset.text("00100021", "LO", study.issuer.as_deref());
    }
    if study.timezone.is_some() {
        dataset.text("00080201", "SH", study.timezone.as_deref());
    }
}

fn series_attributes(dataset: &mut Dataset, series: &Series) {
    let mut request = Dataset::default();
    request
        .text("00400009", "SH", series.scheduled_step_id.as_deref())
        .text("00401001", "SH", series.requested_procedure_id.as_deref());
    let request = (series.scheduled_step_id.is_some() || series.requested_procedure_id.is_some())
        .then(|| request.done());
    dataset
        .text("00080060", "CS", series.modality.as_deref())
        .text("0008103E", "LO", series.series_description.as_deref())
        .text("0020000E", "UI", Some(&series.series_uid))
        .number("00200011", "IS", series.series_number.map(i64::from))
        .date("00400244", series.performed_date)
        .time("00400245", series.performed_time)
        .put("00400275", "SQ", request.into_iter().collect());
    if series.body_part.is_some() {
        dataset.text("00180015", "CS", series.body_part.as_deref());
    }
    if series.laterality.is_some() {
        dataset.text("00200060", "CS", series.laterality.as_deref());
    }
}

fn finished(
    mut dataset: Dataset,
    url: &str,
    include: &Include,
    header: Option<&Value>,
    level: Level,
) -> Value {
    dataset
        .text("00080005", "CS", Some("ISO_IR 192"))
        .text("00080056", "CS", Some("ONLINE"))
        .text("00081190", "UR", Some(url));
    let Some(header) = header.and_then(Value::as_object) else {
        return dataset.done();
    };
    for (tag, element) in header {
        let named = include.tags.iter().any(|wanted| wanted == tag);
        // Of studies and series only what is alike in all their instances: the patient.
        let any = include.all && (level == Level::Instance || tag.starts_with("0010"));
        if named || any {
            dataset.copy(tag, element);
        }
    }
    dataset.done()
}

fn study(base: &str, include: &Include, found: &FoundStudy) -> Value {
    let mut dataset = Dataset::default();
    study_attributes(&mut dataset, &found.study);
    let modalities = found
        .modalities
        .iter()
        .map(|modality| json!(modality))
        .collect();
    dataset
        .put("00080061", "CS", modalities)
        .number("00201206", "IS", Some(found.series))
        .number("00201208", "IS", Some(found.instances));
    let url = format!("{base}/studies/{}", found.study.study_uid);
    finished(dataset, &url, include, found.header.as_ref(), Level::Study)
}

fn series_dataset(base: &str, include: &Include, found: &FoundSeries) -> Value {
    let mut dataset = Dataset::default();
    study_attributes(&mut dataset, &found.study);
    series_attributes(&mut dataset, &found.series);
    dataset.number("00201209", "IS", Some(found.instances));
    let url = format!(
        "{base}/studies/{}/series/{}",
        found.study.study_uid, found.series.series_uid
    );
    finished(dataset, &url, include, found.header.as_ref(), Level::Series)
}

fn instance(base: &str, include: &Include, found: &FoundInstance) -> Value {
    let mut dataset = Dataset::default();
    study_attributes(&mut dataset, &found.study);
    series_attributes(&mut dataset, &found.series);
    dataset
        .text("00080016", "UI", found.sop_class_uid.as_deref())
        .text("00080018", "UI", Some(&found.sop_instance_uid))
        .number("00200013", "IS", found.instance_number.map(i64::from))
        .number("00280010", "US", found.height.map(i64::from))
        .number("00280011", "US", found.width.map(i64::from));
    if found.frames > 1 {
        dataset.number("00280008", "IS", Some(i64::from(found.frames)));
    }
    if let Some(bits) = found
        .header
        .as_ref()
        .and_then(|header| header.get("00280100"))
    {
        dataset.copy("00280100", bits);
    }
    if found.transfer_syntax_uid.is_some() {
        dataset.text("00083002", "UI", found.transfer_syntax_uid.as_deref());
    }
    let url = format!(
        "{base}/studies/{}/series/{}/instances/{}",
        found.study.study_uid, found.series.series_uid, found.sop_instance_uid
    );
    finished(
        dataset,
        &url,
        include,
        found.header.as_ref(),
        Level::Instance,
    )
}
