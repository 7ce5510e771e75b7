//! A small network whose answers can be worked out by hand.

use crate::{FREE, GraphWriter, PackageWriter, Value};

/// Side of the small network's picture.
const SIDE: i64 = 32;

/// A package of a network that looks at nothing but the mean grey of the film: its logit is
/// `ln((mean - darkest) / 40)`. A film darker than `darkest` makes it a number that is none, which no
/// check on other films foretells.
#[must_use]
pub fn mean_grey(darkest: f32) -> PackageWriter {
    let mut graph = GraphWriter::new();
    let image = graph.input("image", &[FREE, 1, SIDE, SIDE]);
    let mean = graph.node(
        "ReduceMean",
        &[&image],
        &[
            ("axes", Value::Ints(vec![1, 2, 3])),
            ("keepdims", Value::Int(0)),
        ],
    );
    let axis = graph.ints(&[1]);
    let column = graph.node("Unsqueeze", &[&mean, &axis], &[]);
    let (least, scale) = (graph.floats(&[1], &[darkest]), graph.floats(&[1], &[40.0]));
    let above = graph.node("Sub", &[&column, &least], &[]);
    let scaled = graph.node("Div", &[&above, &scale], &[]);
    graph.node_as("logit", "Log", &[&scaled], &[]);
    graph.output("logit", &[FREE, 1]);
    PackageWriter {
        model: graph.to_bytes(),
        manifest: manifest("mean-grey", SIDE as usize),
    }
}

/// The manifest of a network with one input `image` and one output `logit`, for tests.
#[must_use]
pub fn manifest(name: &str, size: usize) -> String {
    format!(
        r#"name = "{name}"
version = "0.1.0"
architecture = "written by hand"
framework = "onnx-kit"
description = "For tests; says nothing about a patient."
licence = "AGPL-3.0-or-later"
trained_date = "2025-01-31"

[training]
dataset_version = "none"
images = 0
patients = 0

[input]
name = "image"
size = {size}
channels = 1
resize = "squash-triangle"
range = [0.0, 255.0]

[head]
kind = "binary"
output = "logit"
activation = "sigmoid"
finding = "Brightness"

[calibration]
method = "none"

[thresholds]
medium = 0.3
high = 0.8

[intended_use]
modality = ["CR", "DX"]
body_part = ["CHEST"]
view = ["AP", "PA"]
minimum_age_years = 0
maximum_age_years = 120
statement = "Tests only."

[evaluation]
dataset = "made up for a test"
images = 1
auroc = 0.5
sensitivity = 0.5
specificity = 0.5
accuracy = 0.5
precision = 0.5
f1_score = 0.5
expected_calibration_error = 0.5
brier = 0.25
"#
    )
}
