//! Reading a model file without running it: what goes in and out, and what has no place in a
//! model of films. It runs before any engine sees the file, so a hostile file is met first by a
//! small parser.

use std::collections::{BTreeMap, BTreeSet};

use rten_onnx::onnx::{
    DataLocation, DataType, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto,
};
use serde::{Deserialize, Serialize};

/// Most elements a single tensor may have (256 MB of float32).
const LARGEST_TENSOR: u64 = 1 << 26;
/// Most nodes a graph may have.
const LARGEST_GRAPH: usize = 100_000;

/// What a model file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphSummary {
    /// Inputs that are not weights.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
    /// Number of weights.
    pub parameters: u64,
    /// The operators used.
    pub operators: BTreeSet<String>,
}

/// An input or output of a graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Whether it is float32.
    pub is_float: bool,
    /// Its axes; None when the size is not fixed. Empty when the file does not say.
    pub axes: Vec<Option<i64>>,
}

/// Something in a model file that is refused.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error, Serialize, Deserialize,
)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum GraphFault {
    /// Not an ONNX file, or cut short.
    #[error("it cannot be read as ONNX: {message}")]
    Unreadable {
        /// The parser's words.
        message: String,
    },
    /// Weights in another file.
    #[error("tensor `{tensor}` is in another file; save the model with all weights inside")]
    ExternalData {
        /// Which tensor.
        tensor: String,
    },
    /// An operator that models of films do not need and that makes cost or answer unpredictable.
    #[error(
        "operator {operator} is not allowed; control flow, randomness, sequences and vendor operators are refused"
    )]
    Operator {
        /// Its name, with its domain when it has one.
        operator: String,
    },
    /// A tensor too large.
    #[error("{what} would have {elements} elements; at most {LARGEST_TENSOR} are allowed")]
    TooLarge {
        /// The tensor or node.
        what: String,
        /// Its size.
        elements: u64,
    },
    /// Too many nodes.
    #[error("it has {nodes} nodes; at most {LARGEST_GRAPH} are allowed")]
    TooManyNodes {
        /// How many.
        nodes: usize,
    },
}

/// Reads a model file and names everything in it that is refused.
///
/// # Errors
/// All faults found.
pub fn inspect(bytes: &[u8]) -> Result<GraphSummary, Vec<GraphFault>> {
    let unreadable = |message: String| vec![GraphFault::Unreadable { message }];
    let model = ModelProto::parse_buf(bytes).map_err(|error| unreadable(error.to_string()))?;
    let graph = model
        .graph
        .ok_or_else(|| unreadable("there is no graph in it".into()))?;
    if graph.output.is_empty() {
        return Err(unreadable("the graph has no outputs".into()));
    }
    if graph.node.len() > LARGEST_GRAPH {
        return Err(vec![GraphFault::TooManyNodes {
            nodes: graph.node.len(),
        }]);
    }
    let mut faults = BTreeSet::new();
    let mut parameters = 0;
    for tensor in &graph.initializer {
        check_tensor(tensor, &mut faults);
        parameters += elements(&tensor.dims);
    }
    let constants = constants(&graph);
    let mut operators = BTreeSet::new();
    for node in &graph.node {
        operators.insert(check_node(node, &constants, &mut faults));
    }
    if !faults.is_empty() {
        return Err(faults.into_iter().collect());
    }
    let weights: BTreeSet<&str> = graph
        .initializer
        .iter()
        .filter_map(|tensor| tensor.name.as_deref())
        .collect();
    let inputs = graph.input.iter().map(port);
    Ok(GraphSummary {
        inputs: inputs
            .filter(|port| !weights.contains(port.name.as_str()))
            .collect(),
        outputs: graph.output.iter().map(port).collect(),
        parameters,
        operators,
    })
}

fn port(info: &ValueInfoProto) -> Port {
    let tensor = info
        .r#type
        .as_ref()
        .and_then(|kind| kind.tensor_type.as_ref());
    let shape = tensor.and_then(|tensor| tensor.shape.as_ref());
    Port {
        name: info.name.clone().unwrap_or_default(),
        is_float: tensor.is_some_and(|tensor| tensor.elem_type == Some(DataType::FLOAT)),
        axes: shape
            .map(|shape| shape.dim.iter().map(|axis| axis.dim_value).collect())
            .unwrap_or_default(),
    }
}

/// Product of the sizes; negative sizes count as none, an overflow as the greatest number.
fn elements(sizes: &[i64]) -> u64 {
    sizes
        .iter()
        .map(|&size| u64::try_from(size).unwrap_or(0))
        .fold(1, u64::saturating_mul)
}

fn check_tensor(tensor: &TensorProto, faults: &mut BTreeSet<GraphFault>) {
    let name = || tensor.name.clone().unwrap_or_default();
    if tensor.data_location == Some(DataLocation::EXTERNAL) || !tensor.external_data.is_empty() {
        faults.insert(GraphFault::ExternalData { tensor: name() });
    }
    check_size(
        || format!("tensor `{}`", name()),
        elements(&tensor.dims),
        faults,
    );
}

fn check_size(what: impl FnOnce() -> String, elements: u64, faults: &mut BTreeSet<GraphFault>) {
    if elements > LARGEST_TENSOR {
        faults.insert(GraphFault::TooLarge {
            what: what(),
            elements,
        });
    }
}

/// Whole numbers known without running the graph, by the name of their value.
fn constants(graph: &GraphProto) -> BTreeMap<&str, Vec<i64>> {
    let weights = graph
        .initializer
        .iter()
        .filter_map(|tensor| Some((tensor.name.as_deref()?, whole_numbers(tensor)?)));
    let nodes = graph.node.iter().filter_map(|node| {
        let is_constant = node.op_type.as_deref() == Some("Constant");
        let name = node.output.first().filter(|_| is_constant)?;
        let value = node.attribute.iter().find_map(|attribute| {
            let listed = (!attribute.ints.is_empty()).then(|| attribute.ints.clone());
            listed.or_else(|| whole_numbers(attribute.t.as_ref()?))
        })?;
        Some((name.as_str(), value))
    });
    weights.chain(nodes).collect()
}

fn whole_numbers(tensor: &TensorProto) -> Option<Vec<i64>> {
    if tensor.data_type != Some(DataType::INT64) {
        return None;
    }
    if !tensor.int64_data.is_empty() {
        return Some(tensor.int64_data.clone());
    }
    let raw = tensor.raw_data.as_ref()?.borrow();
    let (numbers, _) = raw.as_chunks::<8>();
    Some(
        numbers
            .iter()
            .map(|bytes| i64::from_le_bytes(*bytes))
            .collect(),
    )
}

/// Checks a node and gives its operator's name.
fn check_node(
    node: &NodeProto,
    constants: &BTreeMap<&str, Vec<i64>>,
    faults: &mut BTreeSet<GraphFault>,
) -> String {
    let operator = node.op_type.clone().unwrap_or_default();
    let domain = node.domain.as_deref().unwrap_or_default();
    let has_graph = node.attribute.iter().any(|attribute| attribute.g.is_some());
    if !matches!(domain, "" | "ai.onnx") {
        faults.insert(GraphFault::Operator {
            operator: format!("{domain}.{operator}"),
        });
    } else if has_graph || is_refused(&operator) {
        faults.insert(GraphFault::Operator {
            operator: operator.clone(),
        });
    }
    for tensor in node
        .attribute
        .iter()
        .filter_map(|attribute| attribute.t.as_ref())
    {
        check_tensor(tensor, faults);
    }
    // Operators whose size is in one of their inputs.
    let place = match operator.as_str() {
        "ConstantOfShape" => Some(0),
        "Expand" | "Reshape" | "Tile" => Some(1),
        "Resize" => Some(3),
        _ => None,
    };
    if let Some(sizes) = place
        .and_then(|place| node.input.get(place))
        .and_then(|name| constants.get(name.as_str()))
    {
        check_size(
            || format!("node `{}` ({operator})", node.name.as_deref().unwrap_or("")),
            elements(sizes),
            faults,
        );
    }
    operator
}

fn is_refused(operator: &str) -> bool {
    const REFUSED: [&str; 10] = [
        "Loop",
        "Scan",
        "If",
        "Multinomial",
        "Bernoulli",
        "ImageDecoder",
        "TfIdfVectorizer",
        "RegexFullMatch",
        "ReverseSequence",
        "NonZero",
    ];
    REFUSED.contains(&operator)
        || [
            "Random",
            "Sequence",
            "Optional",
            "String",
            "ConcatFromSequence",
            "SplitToSequence",
        ]
        .iter()
        .any(|start| operator.starts_with(start))
}
