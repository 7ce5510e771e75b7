//! A network that sees bright places.

use crate::{FREE, GraphWriter, PackageWriter, Value, manifest};

/// Side of the picture, and of one cell of the map.
const SIDE: i64 = 128;
const CELL: i64 = 16;

/// A package of a network whose map, 8 × 8, is how far a cell's mean grey lies above `floor`, and whose
/// logit is that of the brightest cell: it flags a film with a place brighter than that, and its map
/// peaks there. `resize` is the manifest's word.
#[must_use]
pub fn bright_places(floor: f32, resize: &str) -> PackageWriter {
    let mut graph = GraphWriter::new();
    let image = graph.input("image", &[FREE, 1, SIDE, SIDE]);
    let cell = || Value::Ints(vec![CELL, CELL]);
    let mean = graph.node(
        "AveragePool",
        &[&image],
        &[("kernel_shape", cell()), ("strides", cell())],
    );
    let (least, scale) = (graph.floats(&[1], &[floor]), graph.floats(&[1], &[10.0]));
    let above = graph.node("Sub", &[&mean, &least], &[]);
    graph.node_as("cam", "Div", &[&above, &scale], &[]);
    let most = graph.node(
        "ReduceMax",
        &["cam"],
        &[
            ("axes", Value::Ints(vec![1, 2, 3])),
            ("keepdims", Value::Int(0)),
        ],
    );
    let axis = graph.ints(&[1]);
    graph.node_as("logit", "Unsqueeze", &[&most, &axis], &[]);
    graph.output("logit", &[FREE, 1]);
    graph.output("cam", &[FREE, 1, SIDE / CELL, SIDE / CELL]);
    PackageWriter {
        model: graph.to_bytes(),
        manifest: manifest("bright-places", SIDE as usize)
            .replace("squash-triangle", resize)
            .replace(
                "[intended_use]",
                "[heatmap]\noutput = \"cam\"\n\n[intended_use]",
            ),
    }
}
