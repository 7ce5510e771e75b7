//! `/healthz` and `/readyz`.

use axum::{
    Json as Answer,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use db::Actor;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{problem::chain, state::ApiState};

/// Is the process alive
///
/// Says nothing of the database; for that see `/readyz`.
#[utoipa::path(get, operation_id = "health_healthz", path = "/healthz", tag = "health", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// A part that the portal needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Part {
    /// Its name.
    name: &'static str,
    /// Whether it works.
    ready: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Whether the portal can work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Whether every part works.
    ready: bool,
    /// The parts.
    parts: Vec<Part>,
}

/// Can the portal work
///
/// 503 when a part does not; `parts` says which.
#[utoipa::path(get, operation_id = "health_readyz", path = "/readyz", tag = "health", security(()),
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub(crate) async fn readyz(State(state): State<ApiState>) -> Response {
    let database = state.database.ping().await.map_err(|error| {
        tracing::warn!(error = chain(&error), "the database is not ready");
        "the database does not answer".to_owned()
    });
    let blobs = state.blobs.clone();
    let store = tokio::task::spawn_blocking(move || blobs.probe()).await;
    let store = match store {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(error = chain(&error), "the blob store is not ready");
            Err("the blob store takes nothing".to_owned())
        }
        Err(_) => Err("the blob store was not asked".to_owned()),
    };
    let model = model_ready(&state).await;
    let part = |name, outcome: Result<(), String>| Part {
        name,
        ready: outcome.is_ok(),
        detail: outcome.err(),
    };
    let parts = vec![
        part("database", database),
        part("blob_store", store),
        part("model", model),
    ];
    let ready = parts.iter().all(|part| part.ready);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Answer(Readiness { ready, parts })).into_response()
}

/// Whether a model is at work. It is loaded when it is first needed, not here.
async fn model_ready(state: &ApiState) -> Result<(), String> {
    let active = async {
        let mut tx = state.database.begin(&Actor::worker()).await?;
        db::models::active(&mut tx).await
    };
    match active.await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("no model is active; films go to doctors unscored".to_owned()),
        Err(_) => Err("not known while the database does not answer".to_owned()),
    }
}
