//! Deciding whether a package may come in.
//!
//! [`check_for_import`] names everything that is wrong at once. It loads and runs a file that a
//! stranger wrote, so the portal calls it in a child process: the child calls [`child`] with its
//! memory limited, the parent [`check_in_child`] with a deadline. A graph that takes all memory or
//! crashes an engine then takes the child with it and nothing else.

use std::{
    io::Read,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    EngineKind, EngineOptions, EnginePreference, Golden, GoldenError, GoldenReport, Manifest,
    Model, ModelError, Package, PackageError,
    engine::{Batch, EngineError, Outputs},
    graph::{self, GraphFault, Port},
    manifest::ManifestError,
    model::wanted_outputs,
    package::{read_model, read_text},
};

/// Shortest model card, in characters, that can say what a card has to.
const SHORTEST_CARD: usize = 200;
/// Memory a child may take, in bytes: several times the largest model.
pub const CHILD_MEMORY: u64 = 4_000_000_000;
/// What a child writes before its answer.
const MARK: &str = "medical-portal-model-check ";

/// One reason to refuse a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which part, such as `model.toml` or `model.onnx`.
    pub part: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.part, self.reason)
    }
}

/// Why a package does not come in: everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("the model package is refused: {}", join(.refusals))]
pub struct ImportRefused {
    /// All reasons, at least one.
    pub refusals: Vec<Refusal>,
}

fn join(refusals: &[Refusal]) -> String {
    let words: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    words.join("; ")
}

/// A package that may come in.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The package.
    pub package: Package,
    /// The golden comparison of each engine that was asked.
    pub golden: Vec<GoldenReport>,
    /// Things to know that refuse nothing, such as an engine that is not installed.
    pub notes: Vec<String>,
}

#[derive(Default)]
struct Refusals(Vec<Refusal>);

impl Refusals {
    fn add(&mut self, part: &str, reason: impl std::fmt::Display) {
        self.0.push(Refusal {
            part: part.to_owned(),
            reason: reason.to_string(),
        });
    }
}

/// Checks a package for import: its manifest, card and golden cases, its graph, and its answers in
/// every engine that is here.
///
/// # Errors
/// [`ImportRefused`] with everything that is wrong.
pub fn check_for_import(directory: &Path) -> Result<Admitted, ImportRefused> {
    let mut refusals = Refusals::default();
    let manifest = check_manifest(directory, &mut refusals);
    let golden = check_golden(directory, manifest.as_ref(), &mut refusals);
    check_card(directory, &mut refusals);
    check_graph(directory, manifest.as_ref(), &mut refusals);
    if refusals.0.is_empty()
        && let Ok(package) = Package::open(directory)
        && golden.is_some()
    {
        let mut notes = Vec::new();
        let golden = check_engines(&package, &mut refusals, &mut notes);
        if refusals.0.is_empty() {
            return Ok(Admitted {
                package,
                golden,
                notes,
            });
        }
    }
    if refusals.0.is_empty() {
        refusals.add(
            "package",
            "the package changed while it was checked; try again",
        );
    }
    Err(ImportRefused {
        refusals: refusals.0,
    })
}

fn check_manifest(directory: &Path, refusals: &mut Refusals) -> Option<Manifest> {
    let text = read_text(&directory.join("model.toml"))
        .map_err(|error| refusals.add("model.toml", error))
        .ok()?;
    match Manifest::parse(&text) {
        Ok(manifest) => Some(manifest),
        Err(ManifestError::Rules { problems }) => {
            for problem in problems {
                refusals.add("model.toml", problem);
            }
            None
        }
        Err(error) => {
            refusals.add("model.toml", error);
            None
        }
    }
}

fn check_golden(
    directory: &Path,
    manifest: Option<&Manifest>,
    refusals: &mut Refusals,
) -> Option<Golden> {
    let text = read_text(&directory.join("golden.json"))
        .map_err(|error| refusals.add("golden.json", error))
        .ok()?;
    let mut fault = |error: GoldenError| refusals.add("golden.json", error);
    let golden = Golden::read(&text).map_err(&mut fault).ok()?;
    let manifest = manifest?;
    golden
        .check_pictures(manifest.input.size)
        .map_err(&mut fault)
        .ok()?;
    let main = manifest.head.output();
    let covers = golden
        .cases
        .iter()
        .any(|case| case.expected.keys().any(|key| key == main));
    if !covers {
        refusals.add(
            "golden.json",
            format!("no case states the model's main output `{main}`"),
        );
    }
    Some(golden)
}

fn check_card(directory: &Path, refusals: &mut Refusals) {
    match read_text(&directory.join("MODEL_CARD.md")) {
        Ok(card) if card.trim().chars().count() >= SHORTEST_CARD => {}
        Ok(_) => refusals.add(
            "MODEL_CARD.md",
            format!("a card of fewer than {SHORTEST_CARD} characters cannot state data, figures and limits"),
        ),
        Err(error) => refusals.add("MODEL_CARD.md", error),
    }
}

fn check_graph(directory: &Path, manifest: Option<&Manifest>, refusals: &mut Refusals) {
    const PART: &str = "model.onnx";
    let summary = match read_model(directory) {
        Ok(bytes) => graph::inspect(&bytes),
        Err(error) => return refusals.add(PART, error),
    };
    let (summary, manifest) = match (summary, manifest) {
        (Ok(summary), Some(manifest)) => (summary, manifest),
        (Ok(_), None) => return,
        (Err(faults), _) => {
            for fault in faults {
                refusals.add(PART, fault);
            }
            return;
        }
    };
    let input = &manifest.input;
    let (channels, size) = (input.channels as i64, input.size as i64);
    match summary.inputs.as_slice() {
        [only] if only.name == input.name => {
            if !only.is_float || !fits(&only.axes, &[None, Some(channels), Some(size), Some(size)])
            {
                refusals.add(
                    PART,
                    format!(
                        "input `{}` must be float32 [batch, {channels}, {size}, {size}] with a free batch, as the manifest says; it is {}",
                        only.name,
                        describe(only)
                    ),
                );
            }
            if matches!(only.axes.first(), Some(Some(_))) {
                refusals.add(
                    PART,
                    format!("input `{}` has a fixed batch size", only.name),
                );
            }
        }
        others => refusals.add(
            PART,
            format!(
                "it must have the one input `{}`, not {}",
                input.name,
                names(others)
            ),
        ),
    }
    for wanted in wanted_outputs(manifest) {
        match summary.outputs.iter().find(|port| port.name == wanted) {
            None => refusals.add(
                PART,
                format!(
                    "the manifest names output `{wanted}`; the graph has {}",
                    names(&summary.outputs)
                ),
            ),
            Some(port) if !port.is_float => {
                refusals.add(PART, format!("output `{wanted}` must be float32"));
            }
            Some(_) => {}
        }
    }
}

/// Does a stated shape fit the wanted one? A free axis fits any; an unstated shape fits.
fn fits(stated: &[Option<i64>], wanted: &[Option<i64>]) -> bool {
    stated.is_empty()
        || (stated.len() == wanted.len()
            && stated.iter().zip(wanted).all(|pair| match pair {
                (Some(stated), Some(wanted)) => stated == wanted,
                _ => true,
            }))
}

fn describe(port: &Port) -> String {
    let axes: Vec<String> = port
        .axes
        .iter()
        .map(|axis| axis.map_or("free".to_owned(), |size| size.to_string()))
        .collect();
    let kind = if port.is_float {
        "float32"
    } else {
        "not float32"
    };
    format!("{kind} [{}]", axes.join(", "))
}

fn names(ports: &[Port]) -> String {
    let names: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Runs the package in both engines and compares with the golden outputs.
fn check_engines(
    package: &Package,
    refusals: &mut Refusals,
    notes: &mut Vec<String>,
) -> Vec<GoldenReport> {
    let mut reports = Vec::new();
    for preference in [EnginePreference::BuiltIn, EnginePreference::OnnxRuntime] {
        let model = match Model::load(package, EngineOptions::from(preference)) {
            Ok(model) => model,
            Err(ModelError::Engine(error @ EngineError::NoLibrary { .. })) => {
                notes.push(format!("only the built-in engine was checked: {error}"));
                continue;
            }
            Err(error) => {
                refusals.add("model.onnx", error);
                continue;
            }
        };
        check_outputs(&model, package, refusals);
        match model.verify_golden() {
            Ok(report) => reports.push(report),
            Err(GoldenError::Different { differences }) => {
                for difference in differences {
                    refusals.add("golden.json", format!("{difference} ({})", model.engine()));
                }
            }
            Err(error) => refusals.add("golden.json", format!("{error} ({})", model.engine())),
        }
    }
    reports
}

/// Runs a batch of two different pictures: the shapes must follow the batch and the manifest, all
/// numbers must be finite, and a picture's answer must not depend on its neighbour.
fn check_outputs(model: &Model, package: &Package, refusals: &mut Refusals) {
    let engine = model.engine();
    let mut fault = |reason: String| refusals.add("model.onnx", format!("{reason} ({engine})"));
    let manifest = model.manifest();
    let input = &manifest.input;
    let pictures: Vec<Vec<f32>> = test_pictures(package);
    let run = |values: &[f32], batch: usize| {
        model.run(&Batch {
            shape: [batch, input.channels, input.size, input.size],
            values,
        })
    };
    let (both, alone) = match (
        run(&pictures.concat(), pictures.len()),
        run(&pictures[1], 1),
    ) {
        (Ok(both), Ok(alone)) => (both, alone),
        (Err(error), _) | (_, Err(error)) => return fault(error.to_string()),
    };
    for (wanted, columns) in expected_columns(manifest) {
        if let Err(reason) = check_output(wanted, columns, &both, &alone, pictures.len()) {
            fault(reason);
        }
    }
}

fn check_output(
    name: &str,
    columns: Option<usize>,
    both: &Outputs,
    alone: &Outputs,
    batch: usize,
) -> Result<(), String> {
    let (both, alone) = both
        .get(name)
        .zip(alone.get(name))
        .ok_or_else(|| format!("output `{name}` is not a float tensor"))?;
    let fits = both.shape.first() == Some(&batch)
        && match columns {
            Some(columns) => both.member(0).map(<[f32]>::len) == Some(columns),
            None => both.shape.len() == 4,
        };
    if !fits {
        let wanted = columns.map_or("[batch, 1, h, w]".to_owned(), |n| format!("[batch, {n}]"));
        return Err(format!(
            "output `{name}` must have shape {wanted}; for a batch of {batch} it has {:?}",
            both.shape
        ));
    }
    if both.values.iter().any(|value| !value.is_finite()) {
        return Err(format!(
            "output `{name}` holds values that are no finite numbers"
        ));
    }
    let (in_batch, alone) = (both.member(1).unwrap_or_default(), &alone.values);
    let differs = in_batch.len() != alone.len()
        || in_batch
            .iter()
            .zip(alone)
            .any(|(a, b)| (a - b).abs() > 1e-3 * b.abs().max(1.0));
    if differs {
        return Err(format!(
            "output `{name}` of a picture changes with its neighbour in the batch"
        ));
    }
    Ok(())
}

/// The manifest's outputs and how many values each has for one picture; None for a map.
fn expected_columns(manifest: &Manifest) -> Vec<(&str, Option<usize>)> {
    let mut expected = vec![(manifest.head.output(), Some(manifest.head.columns()))];
    expected.extend(
        manifest
            .gate
            .iter()
            .map(|gate| (gate.output.as_str(), Some(1))),
    );
    expected.extend(
        manifest
            .heatmap
            .iter()
            .map(|map| (map.output.as_str(), None)),
    );
    expected
}

fn test_pictures(package: &Package) -> Vec<Vec<f32>> {
    use crate::golden::Formula;
    let size = package.manifest.input.size;
    let half = size as i32 / 2;
    [
        Formula::Constant { value: 128 },
        Formula::Disc {
            cx: half,
            cy: half,
            r: half / 2,
            inside: 210,
            outside: 40,
        },
    ]
    .iter()
    .map(|formula| {
        let plane: Vec<f32> = formula
            .picture(size, size)
            .into_iter()
            .map(f32::from)
            .collect();
        crate::preprocess::to_tensor(&plane, &package.manifest.input)
    })
    .collect()
}

/// What a child found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
enum Answer {
    Admitted {
        engines: Vec<EngineKind>,
        notes: Vec<String>,
    },
    Refused {
        refusals: Vec<Refusal>,
    },
}

/// The child's side: limits this process's memory, checks the package and writes the answer to
/// standard output. The caller then ends the process.
///
/// # Errors
/// When the limit cannot be set or the answer cannot be written.
pub fn child(directory: &Path) -> std::io::Result<()> {
    use std::io::Write;
    limit_memory(CHILD_MEMORY)?;
    let answer = match check_for_import(directory) {
        Ok(admitted) => Answer::Admitted {
            engines: admitted.golden.iter().map(|report| report.engine).collect(),
            notes: admitted.notes,
        },
        Err(refused) => Answer::Refused {
            refusals: refused.refusals,
        },
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{MARK}{}", serde_json::to_string(&answer)?)?;
    out.flush()
}

#[cfg(unix)]
fn limit_memory(bytes: u64) -> std::io::Result<()> {
    let (_, hard) = rlimit::Resource::AS.get()?;
    let limit = bytes.min(hard);
    rlimit::Resource::AS.set(limit, limit)
}

#[cfg(not(unix))]
fn limit_memory(_bytes: u64) -> std::io::Result<()> {
    Ok(())
}

/// The parent's side: starts `command` (this program, told to call [`child`]), waits at most
/// `deadline` and opens the package when the child admitted it. Gives the package and the notes.
///
/// # Errors
/// [`ImportRefused`]: the child's reasons, or that it crashed or took too long.
pub fn check_in_child(
    command: Command,
    directory: &Path,
    deadline: Duration,
) -> Result<(Package, Vec<String>), ImportRefused> {
    let refuse = |part: &str, reason: String| ImportRefused {
        refusals: vec![Refusal {
            part: part.to_owned(),
            reason,
        }],
    };
    // Opened first: a model swapped during the check no longer has this digest.
    let opened = Package::open(directory);
    let (status, output) =
        run_child(command, deadline).map_err(|reason| refuse("model.onnx", reason))?;
    let answer = output
        .lines()
        .filter_map(|line| line.split_once(MARK))
        .find_map(|(_, answer)| serde_json::from_str(answer).ok());
    match (answer, opened) {
        (Some(Answer::Refused { refusals }), _) => Err(ImportRefused { refusals }),
        (Some(Answer::Admitted { notes, .. }), Ok(package)) => {
            let changed = |error: PackageError| refuse("package", error.to_string());
            package.model_bytes().map_err(changed)?;
            Ok((package, notes))
        }
        (Some(Answer::Admitted { .. }), Err(error)) => Err(refuse("package", error.to_string())),
        (None, _) => Err(refuse(
            "model.onnx",
            format!(
                "the process that tried the model ended without an answer ({status}); the model may need too much memory or crash its engine"
            ),
        )),
    }
}

fn run_child(mut command: Command, deadline: Duration) -> Result<(ExitStatus, String), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("the process that tries the model could not start: {error}"))?;
    let reader = child.stdout.take().map(|mut stdout| {
        thread::spawn(move || {
            let mut text = String::new();
            // A broken pipe leaves what was read; the answer's absence then speaks for itself.
            let _ = stdout.by_ref().take(1 << 20).read_to_string(&mut text);
            text
        })
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < deadline => thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "trying the model took longer than {} s and was stopped",
                    deadline.as_secs()
                ));
            }
            Err(error) => {
                return Err(format!(
                    "the process that tries the model was lost: {error}"
                ));
            }
        }
    };
    let text = reader
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default();
    Ok((status, text))
}

/// Faults of a graph as refusals, for callers that only inspect.
impl From<GraphFault> for Refusal {
    fn from(fault: GraphFault) -> Self {
        Self {
            part: "model.onnx".to_owned(),
            reason: fault.to_string(),
        }
    }
}
