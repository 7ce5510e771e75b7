//! Deciding whether a package may come in.
//!
//! [`check_for_import`] names everything that is wrong at once. It loads and runs a file that a
//! stranger wrote, so the portal calls it in a child process: the child calls [`child`] with its
//! memory limited, the parent [`check_in_child`] with a deadline. A graph that takes all memory or
//! crashes an engine then takes the child with it and nothing else.

mod child;
mod engines;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use child::{CHILD_MEMORY, TRIAL, check_in_child, child};
use engines::check_engines;

use crate::{
    Golden, GoldenError, GoldenReport, Manifest, Package,
    graph::{self, GraphFault, Port},
    manifest::ManifestError,
    model::wanted_outputs,
    package::{read_model, read_text},
};

/// Shortest model card, in characters, that can say what a card has to.
const SHORTEST_CARD: usize = 200;
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
        let reason = reason.to_string();
        // Errors that name their file need not do so twice.
        let reason = reason.strip_prefix(part).map_or(reason.as_str(), |rest| {
            rest.trim_start_matches([',', ':', ' '])
        });
        self.0.push(Refusal {
            part: part.to_owned(),
            reason: reason.to_owned(),
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
        if package.manifest.heatmap.is_none() {
            notes.push(
                "the manifest names no [heatmap] output: results of this model have no heatmap and name no place"
                    .to_owned(),
            );
        }
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

/// Faults of a graph as refusals, for callers that only inspect.
impl From<GraphFault> for Refusal {
    fn from(fault: GraphFault) -> Self {
        Self {
            part: "model.onnx".to_owned(),
            reason: fault.to_string(),
        }
    }
}
