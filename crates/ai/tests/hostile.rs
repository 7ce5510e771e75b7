//! Model files that are made to hurt: each is refused in the child process, with the reason, in less
//! than two minutes, and this process does not notice.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::{
    process::Command,
    time::{Duration, Instant},
};

use ai::manifest_import::{TRIAL, check_in_child, child};
use onnx_kit::{FREE, GraphWriter, PackageWriter, Value, manifest};

const FOLDER: &str = "AI_TEST_HOSTILE";
const SIDE: i64 = 32;

/// Not a test of its own: the child that the tests below start.
#[test]
#[ignore = "started by the other tests in a process of its own"]
fn as_child() {
    child(
        std::env::var_os(FOLDER)
            .expect("started by another test")
            .as_ref(),
    )
    .unwrap();
}

/// The golden answer of a package whose model nobody has run: any number will do, because the model
/// does not get that far.
fn golden() -> String {
    let picture = ai::Formula::Constant { value: 128 }.picture(SIDE as usize, SIDE as usize);
    let digest = sha2_hex(&picture);
    serde_json::json!({ "tolerance": 0.001, "cases": [{ "name": "grey", "input": { "kind": "constant", "value": 128 },
        "input_sha256": digest, "expected": { "logit": [0.0] } }] })
    .to_string()
}

fn sha2_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}

/// The reasons why a model does not come in, as the parent hears them.
fn refused(model: Vec<u8>) -> String {
    refused_within(model, TRIAL)
}

fn refused_within(model: Vec<u8>, deadline: Duration) -> String {
    let folder = tempfile::tempdir().unwrap();
    let package = PackageWriter {
        model,
        manifest: manifest("hostile", SIDE as usize),
    };
    package.write_with(folder.path(), &golden()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "as_child", "--nocapture"])
        .env(FOLDER, folder.path());
    let (before, started) = (resident(), Instant::now());
    let refused = check_in_child(command, folder.path(), deadline)
        .map(|(package, _)| package.manifest.name)
        .unwrap_err()
        .to_string();
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{seconds:.1} s: {refused}");
    assert!(seconds < 120.0, "{seconds} s");
    let grown = resident().saturating_sub(before);
    assert!(grown < 200 << 20, "this process grew by {grown} bytes");
    refused
}

/// Bytes of memory that this process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}

/// A graph with the usual input, whose end is made from the mean of what `middle` makes.
fn graph(middle: impl FnOnce(&mut GraphWriter, &str) -> String) -> Vec<u8> {
    let mut graph = GraphWriter::new();
    let image = graph.input("image", &[FREE, 1, SIDE, SIDE]);
    let large = middle(&mut graph, &image);
    let mean = graph.node(
        "ReduceMean",
        &[&large],
        &[
            ("axes", Value::Ints(vec![1, 2, 3])),
            ("keepdims", Value::Int(0)),
        ],
    );
    let axis = graph.ints(&[1]);
    graph.node_as("logit", "Unsqueeze", &[&mean, &axis], &[]);
    graph.output("logit", &[FREE, 1]);
    graph.to_bytes()
}

/// One output channel for each input channel, `side` × `side`, moved by `stride`.
fn upwards(graph: &mut GraphWriter, input: &str, stride: i64) -> String {
    let weights = graph.floats(&[1, 1, 2, 2], &[0.25; 4]);
    graph.node(
        "ConvTranspose",
        &[input, &weights],
        &[
            ("strides", Value::Ints(vec![stride, stride])),
            ("dilations", Value::Ints(vec![1, 1])),
            ("pads", Value::Ints(vec![0; 4])),
            ("group", Value::Int(1)),
            ("kernel_shape", Value::Ints(vec![2, 2])),
        ],
    )
}

#[test]
fn control_flow_is_refused_by_name() {
    for operator in ["Loop", "Scan", "If"] {
        let model = graph(|graph, image| {
            let mut body = GraphWriter::new();
            body.node_as("same", "Identity", &["image"], &[]);
            body.output("same", &[FREE, 1, SIDE, SIDE]);
            graph.node(operator, &[image], &[("body", Value::Graph(body))])
        });
        let reason = refused(model);
        assert!(
            reason.contains(&format!("operator {operator} is not allowed")),
            "{reason}"
        );
    }
}

#[test]
fn cut_files_and_noise_are_refused_as_unreadable() {
    let whole = graph(|_, image| image.to_owned());
    for model in [
        whole[..whole.len() / 2].to_vec(),
        Vec::new(),
        (0..5000u32)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect(),
    ] {
        let reason = refused(model);
        assert!(reason.contains("cannot be read as ONNX"), "{reason}");
    }
}

/// Each tensor in the file is small; what is computed from them would take gigabytes.
#[test]
fn what_grows_while_it_runs_is_stopped_with_the_reason() {
    let tiles = graph(|graph, image| {
        let mut at = image.to_owned();
        for _ in 0..4 {
            let times = graph.ints(&[1, 1, 8, 8]);
            at = graph.node("Tile", &[&at, &times], &[]);
        }
        at
    });
    let resizes = graph(|graph, image| {
        let mut at = image.to_owned();
        for _ in 0..4 {
            let scales = graph.floats(&[4], &[1.0, 1.0, 8.0, 8.0]);
            at = graph.node(
                "Resize",
                &[&at, "", &scales],
                &[
                    ("mode", Value::Text("nearest")),
                    ("coordinate_transformation_mode", Value::Text("asymmetric")),
                    ("nearest_mode", Value::Text("floor")),
                ],
            );
        }
        at
    });
    let transposed =
        graph(|graph, image| (0..4).fold(image.to_owned(), |at, _| upwards(graph, &at, 9)));
    // Column times row: 32,768 × 32,768 from two tensors of 32,768.
    let outer = graph(|graph, image| {
        let times = graph.ints(&[1, 1, 32, 1]);
        let long = graph.node("Tile", &[image, &times], &[]);
        let (column, row) = (graph.ints(&[0, 1, 32768, 1]), graph.ints(&[0, 1, 1, 32768]));
        let column = graph.node("Reshape", &[&long, &column], &[]);
        let row = graph.node("Reshape", &[&long, &row], &[]);
        graph.node("MatMul", &[&column, &row], &[])
    });
    // The size is in the picture's own values.
    let dynamic = graph(|graph, image| {
        let shape = graph.node("Shape", &[image], &[]);
        let more = graph.ints(&[0, 0, 2000, 2000]);
        let times = graph.node("Add", &[&shape, &more], &[]);
        graph.node("Tile", &[image, &times], &[])
    });
    for (name, model) in [
        ("tiles", tiles),
        ("resizes", resizes),
        ("transposed", transposed),
        ("outer", outer),
        ("dynamic", dynamic),
    ] {
        let reason = refused(model);
        eprintln!("{name}");
        let told = [
            "memory",
            "too much",
            "elements",
            "cannot be broadcast",
            "failed",
        ];
        assert!(reason.contains("model.onnx"), "{name}: {reason}");
        assert!(
            told.iter().any(|word| reason.contains(word)),
            "{name}: {reason}"
        );
    }
}

/// Little memory, but work for hours.
#[test]
fn what_never_ends_is_stopped_with_the_reason() {
    let endless = graph(|graph, image| {
        let larger = graph.ints(&[1, 16, 16, 16]);
        let mut at = graph.node("Tile", &[image, &larger], &[]);
        let values: Vec<f32> = (0..16 * 16 * 9)
            .map(|at| (at % 17) as f32 / 1000.0)
            .collect();
        let weights = graph.floats(&[16, 16, 3, 3], &values);
        for _ in 0..2000 {
            at = graph.node(
                "Conv",
                &[&at, &weights],
                &[
                    ("strides", Value::Ints(vec![1, 1])),
                    ("dilations", Value::Ints(vec![1, 1])),
                    ("pads", Value::Ints(vec![1; 4])),
                    ("kernel_shape", Value::Ints(vec![3, 3])),
                ],
            );
        }
        at
    });
    let reason = refused_within(endless, Duration::from_secs(5));
    assert!(reason.contains("took longer than"), "{reason}");
    assert!(TRIAL <= Duration::from_secs(110));
}

#[test]
fn shapes_that_are_not_the_manifests_are_refused() {
    let mut other = GraphWriter::new();
    let image = other.input("image", &[FREE, 3, SIDE, SIDE]);
    other.node_as("logit", "Flatten", &[&image], &[("axis", Value::Int(1))]);
    other.output("logit", &[FREE, 3 * SIDE * SIDE]);
    let reason = refused(other.to_bytes());
    assert!(
        reason.contains("must be float32 [batch, 1, 32, 32]")
            && reason.contains("[free, 3, 32, 32]"),
        "{reason}"
    );
    let mut wide = GraphWriter::new();
    let image = wide.input("image", &[FREE, 1, SIDE, SIDE]);
    wide.node_as("logit", "Flatten", &[&image], &[("axis", Value::Int(1))]);
    wide.output("logit", &[FREE, 1]);
    let reason = refused(wide.to_bytes());
    assert!(reason.contains("must have shape [batch, 1]"), "{reason}");
}

#[test]
fn numbers_that_are_none_and_wrong_answers_are_refused() {
    let not_a_number = graph(|graph, image| graph.node("Sub", &[image, image], &[]));
    // 0, as the golden answer says; its logarithm is not.
    let reason = refused({
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
        let none = graph.node("Sub", &[&mean, &mean], &[]);
        let log = graph.node("Log", &[&none], &[]);
        let axis = graph.ints(&[1]);
        graph.node_as("logit", "Unsqueeze", &[&log, &axis], &[]);
        graph.output("logit", &[FREE, 1]);
        graph.to_bytes()
    });
    assert!(reason.contains("no finite numbers"), "{reason}");
    let wrong = graph(|_, image| image.to_owned());
    let reason = refused(wrong);
    assert!(reason.contains("expected 0, found 128"), "{reason}");
    // And the one that is right comes in.
    let folder = tempfile::tempdir().unwrap();
    let package = PackageWriter {
        model: not_a_number,
        manifest: manifest("right", SIDE as usize),
    };
    package.write_with(folder.path(), &golden()).unwrap();
    ai::manifest_import::check_for_import(folder.path()).unwrap();
}
