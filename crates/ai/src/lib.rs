//! The room where a film meets a model: model packages and their checks, preprocessing exactly as
//! trained, two inference engines, the gate that decides whether a model may speak at all,
//! calibration, heatmaps and the figures by which a model is judged.
//!
//! Everything is synchronous and without clock, database or network. The way of one film is
//! [`Model::analyze`]; its rule is that anything outside the model's intended use, and any
//! failure, is [`Assessment::NotAssessed`] with a reason. It is never "low".

mod assessment;
mod context;
pub mod engine;
pub mod evaluate;
mod gate;
mod golden;
pub mod graph;
mod head;
mod heatmap;
pub mod manifest;
pub mod manifest_import;
mod model;
mod package;
mod picture;
pub mod preprocess;
mod quality;
mod region;
mod resize;
mod scope;
mod words;

pub use assessment::{Assessment, Finding, NotAssessed, NotAssessedCode, Run, Scored};
pub use context::CaseContext;
pub use engine::{EngineKind, EngineOptions, EnginePreference};
pub use golden::{
    Expected, Formula, Golden, GoldenCase, GoldenDifference, GoldenError, GoldenReport,
};
pub use heatmap::{Heatmap, HeatmapError, heatmap_png};
pub use manifest::Manifest;
pub use model::{Looked, Model, ModelError};
pub use package::{LARGEST_MODEL, Package, PackageError};
pub use picture::{GreyPicture, PictureError};
pub use quality::Quality;
pub use region::{BoundingBox, Region, Side, Zone};
pub use resize::resize_triangle;
