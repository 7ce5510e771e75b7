//! What somebody asks for by its identifier and may not see is answered like what is not there. That it is
//! there all the same, and who asked, is noted here for every path: the handlers know nothing of it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use db::{Actor, refusals::Thing};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{problem::Problem, state::ApiState};

/// Most identifiers of one request that are looked at.
const MOST: usize = 100;

/// Who asks for what; filled in while a request is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    by: Option<Actor>,
    things: Vec<(Thing, Uuid)>,
}

impl Asked {
    /// Who it is.
    pub(crate) fn by(&self, actor: &Actor) {
        self.inner().by = Some(actor.clone());
    }

    /// The identifiers of a body.
    pub(crate) fn in_body(&self, body: &[u8]) {
        // Most bodies name nothing, and need not be read twice.
        if body.windows(4).any(|window| window == b"_id\"")
            && let Ok(body) = serde_json::from_slice::<Value>(body)
        {
            self.in_value(&body);
        }
    }

    fn in_value(&self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) => self.named(name, text),
                        other => self.in_value(other),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.in_value(item)),
            _ => {}
        }
    }

    /// An identifier under the name of its parameter or field.
    pub(crate) fn named(&self, name: &str, value: &str) {
        if let Ok(id) = value.parse::<Uuid>() {
            let mut inner = self.inner();
            for thing in things(name) {
                if inner.things.len() < MOST && !inner.things.contains(&(*thing, id)) {
                    inner.things.push((*thing, id));
                }
            }
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the names of parameters and fields stand for.
fn things(name: &str) -> &'static [Thing] {
    match name {
        "report_id" => &[Thing::Report],
        "image_id" => &[Thing::Image],
        "review_id" => &[Thing::Review],
        "patient_id" | "user_id" | "radiologist_id" | "doctor_id" => &[Thing::User],
        "history" => &[Thing::History],
        "session_id" => &[Thing::Session],
        "notification_id" => &[Thing::Notification],
        "proposal_id" => &[Thing::Proposal],
        "upload_id" => &[Thing::Upload],
        "passkey_id" => &[Thing::Passkey],
        "access_id" => &[Thing::Emergency],
        "correction_id" => &[Thing::Correction],
        // Analyses are asked for by their own identifier or by the report's.
        "id" => &[Thing::Analysis, Thing::Report],
        _ => &[],
    }
}

/// Notes, once the answer is that there is no such thing, what of it is there.
pub(crate) async fn note(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let asked = Asked::default();
    let (mut parts, body) = request.into_parts();
    let template = parts
        .extensions
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str)
        .to_owned();
    if let Ok(path) = RawPathParams::from_request_parts(&mut parts, &()).await {
        for (name, value) in &path {
            // Radiologists know every patient, and the histories of theirs alone.
            let name = match name {
                "patient_id" if template.contains("/history") => "history",
                name => name,
            };
            asked.named(name, value);
        }
    }
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).for_each(|(name, value)| asked.named(&name, &value));
    let method = parts.method.clone();
    parts.extensions.insert(asked.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    let (by, things) = {
        let mut inner = asked.inner();
        (inner.by.take(), std::mem::take(&mut inner.things))
    };
    let (Some(by), false) = (by, things.is_empty()) else {
        return response;
    };
    let request = json!({ "method": method.as_str(), "path": template });
    match write(&state, &by, &things, &request).await {
        Ok(()) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn write(
    state: &ApiState,
    by: &Actor,
    things: &[(Thing, Uuid)],
    request: &Value,
) -> Result<(), Problem> {
    let mut tx = state.database.begin(by).await?;
    db::refusals::note(&mut tx, things, request).await?;
    Ok(tx.commit().await?)
}
