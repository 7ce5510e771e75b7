//! Writing a graph node by node.

use prost::Message;

use crate::proto;

/// The opset that the graphs are written for, the newest that both engines take.
const OPSET: i64 = 17;
/// A size that is not fixed, such as the batch.
pub const FREE: i64 = -1;

/// An attribute's value.
#[derive(Debug, Clone)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// A number.
    Float(f32),
    /// A text.
    Text(&'static str),
    /// A graph inside the node, as control flow has.
    Graph(GraphWriter),
}

/// A graph being written.
#[derive(Debug, Clone, Default)]
pub struct GraphWriter {
    graph: proto::Graph,
    made: usize,
}

impl GraphWriter {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a float32 input; sizes may be [`FREE`].
    pub fn input(&mut self, name: &str, shape: &[i64]) -> String {
        self.graph.inputs.push(port(name, shape));
        name.to_owned()
    }

    /// Names a value as a float32 output; sizes may be [`FREE`].
    pub fn output(&mut self, name: &str, shape: &[i64]) {
        self.graph.outputs.push(port(name, shape));
    }

    /// Adds float32 weights.
    pub fn floats(&mut self, shape: &[i64], values: &[f32]) -> String {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.weight(shape, proto::FLOAT, bytes)
    }

    /// Adds a row of int64 numbers, as sizes and axes are given.
    pub fn ints(&mut self, values: &[i64]) -> String {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.weight(&[values.len() as i64], proto::INT64, bytes)
    }

    fn weight(&mut self, shape: &[i64], element: i32, bytes: Vec<u8>) -> String {
        let name = self.fresh("weight");
        self.graph.weights.push(proto::Tensor {
            shape: shape.to_vec(),
            element,
            name: name.clone(),
            bytes,
        });
        name
    }

    /// Adds a node of one output and gives the output's name. An input named `""` is left out.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Value)],
    ) -> String {
        let output = self.fresh(&operator.to_lowercase());
        self.node_as(&output, operator, inputs, attributes)
    }

    /// Adds a node whose output has this name.
    pub fn node_as(
        &mut self,
        output: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Value)],
    ) -> String {
        self.graph.nodes.push(proto::Node {
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            outputs: vec![output.to_owned()],
            name: format!("make {output}"),
            operator: operator.to_owned(),
            attributes: attributes
                .iter()
                .map(|(name, value)| attribute(name, value))
                .collect(),
        });
        output.to_owned()
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.made += 1;
        format!("{stem}_{}", self.made)
    }

    /// The graph as the bytes of a model file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        proto::Model {
            ir_version: 8,
            producer_name: "onnx-kit".to_owned(),
            graph: Some(proto::Graph {
                name: "films".to_owned(),
                ..self.graph.clone()
            }),
            operator_sets: vec![proto::OperatorSet {
                domain: String::new(),
                version: OPSET,
            }],
        }
        .encode_to_vec()
    }
}

fn port(name: &str, shape: &[i64]) -> proto::ValueInfo {
    let axes = shape
        .iter()
        .map(|&size| proto::Axis {
            size: (size != FREE).then_some(size),
            name: (size == FREE).then(|| "batch".to_owned()),
        })
        .collect();
    proto::ValueInfo {
        name: name.to_owned(),
        kind: Some(proto::ValueKind {
            tensor: Some(proto::TensorKind {
                element: proto::FLOAT,
                shape: Some(proto::Shape { axes }),
            }),
        }),
    }
}

fn attribute(name: &str, value: &Value) -> proto::Attribute {
    let empty = proto::Attribute {
        name: name.to_owned(),
        ..proto::Attribute::default()
    };
    match value {
        Value::Int(int) => proto::Attribute {
            int: Some(*int),
            kind: proto::KIND_INT,
            ..empty
        },
        Value::Ints(ints) => proto::Attribute {
            ints: ints.clone(),
            kind: proto::KIND_INTS,
            ..empty
        },
        Value::Float(float) => proto::Attribute {
            float: Some(*float),
            kind: proto::KIND_FLOAT,
            ..empty
        },
        Value::Text(text) => proto::Attribute {
            string: Some(text.as_bytes().to_vec()),
            kind: proto::KIND_STRING,
            ..empty
        },
        Value::Graph(graph) => proto::Attribute {
            graph: Some(graph.graph.clone()),
            kind: proto::KIND_GRAPH,
            ..empty
        },
    }
}
