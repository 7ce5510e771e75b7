//! DICOMweb (PS3.18) at `/dicomweb`: STOW-RS, QIDO-RS and WADO-RS, one file an operation. Whoever asks is a program with
//! a token of its own or somebody who is signed in ([`api::Caller`]); row by row the database decides what they see. What
//! is stored goes through the room `intake`, like any other film. `docs/DICOM_CONFORMANCE.md` says what is spoken.

mod answer;
mod capabilities;
mod fault;
mod multipart;
mod negotiate;
mod qido;
pub mod query;
mod stow;
mod wado;
mod xml;

use std::time::Duration;

use api::ApiState;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    routing::{get, post},
};
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

pub use multipart::{boundary_of, count_parts};

/// Longest time until an answer begins.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Longest silence in the middle of a request's body.
const SILENCE: Duration = Duration::from_secs(30);

/// Every path of DICOMweb, with its methods: what `docs/DICOM_CONFORMANCE.md` and the capabilities say is held to it.
pub const PATHS: &[(&str, &str)] = &[
    ("GET", "/dicomweb"),
    ("GET", "/dicomweb/studies"),
    ("POST", "/dicomweb/studies"),
    ("POST", "/dicomweb/studies/{study}"),
    ("GET", "/dicomweb/series"),
    ("GET", "/dicomweb/instances"),
    ("GET", "/dicomweb/studies/{study}/series"),
    ("GET", "/dicomweb/studies/{study}/instances"),
    ("GET", "/dicomweb/studies/{study}/series/{series}/instances"),
    ("GET", "/dicomweb/studies/{study}"),
    ("GET", "/dicomweb/studies/{study}/series/{series}"),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}",
    ),
    ("GET", "/dicomweb/studies/{study}/metadata"),
    ("GET", "/dicomweb/studies/{study}/series/{series}/metadata"),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/metadata",
    ),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/bulkdata/{path}",
    ),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
    ),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/rendered",
    ),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered",
    ),
    ("GET", "/dicomweb/studies/{study}/rendered"),
    ("GET", "/dicomweb/studies/{study}/series/{series}/rendered"),
    ("GET", "/dicomweb/studies/{study}/thumbnail"),
    ("GET", "/dicomweb/studies/{study}/series/{series}/thumbnail"),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/thumbnail",
    ),
    (
        "GET",
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail",
    ),
];

const SERIES: &str = "/dicomweb/studies/{study}/series/{series}";
const INSTANCE: &str = "/dicomweb/studies/{study}/series/{series}/instances/{instance}";

/// The routes, to be mounted beside the interface for people.
pub fn routes() -> Router<ApiState> {
    let of_series = |rest: &str| format!("{SERIES}{rest}");
    let of_instance = |rest: &str| format!("{INSTANCE}{rest}");
    let quick = Router::new()
        .route("/dicomweb", get(capabilities::read))
        .route("/dicomweb/", get(capabilities::read))
        .route("/dicomweb/studies", get(qido::studies))
        .route("/dicomweb/series", get(qido::series))
        .route("/dicomweb/instances", get(qido::instances))
        .route("/dicomweb/studies/{study}/series", get(qido::series_of))
        .route(
            "/dicomweb/studies/{study}/instances",
            get(qido::instances_of),
        )
        .route(&of_series("/instances"), get(qido::instances_of))
        .route("/dicomweb/studies/{study}", get(wado::instances::read))
        .route(SERIES, get(wado::instances::read))
        .route(INSTANCE, get(wado::instances::read))
        .route(
            "/dicomweb/studies/{study}/metadata",
            get(wado::metadata::read),
        )
        .route(&of_series("/metadata"), get(wado::metadata::read))
        .route(&of_instance("/metadata"), get(wado::metadata::read))
        .route(&of_instance("/bulkdata/{*path}"), get(wado::bulk::read))
        .route(&of_instance("/frames/{frames}"), get(wado::frames::read))
        .route(
            "/dicomweb/studies/{study}/rendered",
            get(wado::rendered::rendered),
        )
        .route(&of_series("/rendered"), get(wado::rendered::rendered))
        .route(&of_instance("/rendered"), get(wado::rendered::rendered))
        .route(
            &of_instance("/frames/{frames}/rendered"),
            get(wado::rendered::rendered),
        )
        .route(
            "/dicomweb/studies/{study}/thumbnail",
            get(wado::rendered::thumbnail),
        )
        .route(&of_series("/thumbnail"), get(wado::rendered::thumbnail))
        .route(&of_instance("/thumbnail"), get(wado::rendered::thumbnail))
        .route(
            &of_instance("/frames/{frames}/thumbnail"),
            get(wado::rendered::thumbnail),
        )
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_TIME,
        ));
    let slow = Router::new()
        .route("/dicomweb/studies", post(stow::store))
        .route("/dicomweb/studies/{study}", post(stow::store))
        .layer(RequestBodyTimeoutLayer::new(SILENCE))
        // Bounded part by part while it streams to disk, by the setting.
        .layer(DefaultBodyLimit::disable());
    quick
        .merge(slow)
        .layer(middleware::from_fn(fault::challenge))
}
