//! ONNX models that tests write themselves, so that no large or hostile file is in the project:
//! graphs node by node ([`GraphWriter`]), a DenseNet-121 with random weights ([`DenseNet`]), and
//! whole packages of them ([`PackageWriter`]).
//!
//! Nothing here was trained, and nothing says anything about a patient.

mod bright;
mod densenet;
mod graph;
mod package;
mod proto;
mod small;

pub use bright::bright_places;
pub use densenet::DenseNet;
pub use graph::{FREE, GraphWriter, Value};
pub use package::{MADE_UP_FIGURES, PackageWriter};
pub use small::{manifest, mean_grey};
