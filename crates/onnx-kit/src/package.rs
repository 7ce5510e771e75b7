//! Whole packages around a model.

use std::{fs, path::Path};

use ai::{Manifest, engine};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The tables of a manifest that an example leaves to its user: training and test, made up.
pub const MADE_UP_FIGURES: &str = "
[training]
dataset_version = \"none\"
images = 0
patients = 0

[evaluation]
dataset = \"made up for a test\"
images = 1
auroc = 0.5
sensitivity = 0.5
specificity = 0.5
accuracy = 0.5
precision = 0.5
f1_score = 0.5
expected_calibration_error = 0.5
brier = 0.25
";

/// A package to be written into a folder: a model and its manifest, with golden cases as the
/// built-in engine answers them and a card that says what it is.
#[derive(Debug, Clone)]
pub struct PackageWriter {
    /// The bytes of `model.onnx`.
    pub model: Vec<u8>,
    /// The text of `model.toml`.
    pub manifest: String,
}

/// Long enough for a card, and true.
const CARD: &str = "# A model for tests\n\nRandom or hand-written weights. It was trained on nothing, was tested on nothing, and says \
nothing about anybody: the figures in its manifest are made up so that the importer has some to read. Never use it on a \
patient. It is written anew by each test that needs it and lies in a temporary folder only.\n";

impl PackageWriter {
    /// Writes the package; the manifest must be right and the built-in engine must take the model.
    ///
    /// # Errors
    /// In words, when it is not so or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let words = |error: &dyn std::error::Error| error.to_string();
        let manifest = Manifest::parse(&self.manifest).map_err(|error| words(&error))?;
        let golden = self.golden(&manifest)?;
        self.write_with(folder, &golden)
    }

    /// Writes the package with this `golden.json`, whatever the model is.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_with(&self, folder: &Path, golden: &str) -> Result<(), String> {
        for (name, bytes) in [
            ("model.onnx", self.model.as_slice()),
            ("model.toml", self.manifest.as_bytes()),
            ("golden.json", golden.as_bytes()),
            ("MODEL_CARD.md", CARD.as_bytes()),
        ] {
            fs::write(folder.join(name), bytes).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(())
    }

    /// The golden cases of the manifest's main output, as the built-in engine answers them.
    ///
    /// # Errors
    /// In words, when the engine does not take the model.
    pub fn golden(&self, manifest: &Manifest) -> Result<String, String> {
        let options = engine_options();
        let engine = engine::load(&self.model, &manifest.input.name, &options)
            .map_err(|error| error.to_string())?;
        let size = manifest.input.size;
        let cases = pictures(size)
            .map(|(name, input)| {
                let formula: ai::Formula =
                    serde_json::from_value(input.clone()).map_err(|error| error.to_string())?;
                let picture = formula.picture(size, size);
                let outputs = engine
                    .run(&engine::Batch {
                        shape: [1, manifest.input.channels, size, size],
                        values: &ai::preprocess::golden_tensor(&picture, &manifest.input),
                    })
                    .map_err(|error| error.to_string())?;
                let main = manifest.head.output();
                let values = &outputs
                    .get(main)
                    .ok_or("the main output is missing")?
                    .values;
                Ok(json!({
                    "name": name,
                    "input": input,
                    "input_sha256": hex::encode(Sha256::digest(&picture)),
                    "expected": { main: values },
                }))
            })
            .collect::<Result<Vec<_>, String>>()?;
        Ok(json!({ "tolerance": 0.001, "size": size, "cases": cases }).to_string())
    }
}

fn engine_options() -> engine::EngineOptions {
    ai::EnginePreference::BuiltIn.into()
}

/// Pictures by formula for a square of this side.
fn pictures(size: usize) -> impl Iterator<Item = (&'static str, serde_json::Value)> {
    let half = size / 2;
    [
        ("ramp", json!({ "kind": "linear", "a": 1, "b": 1, "c": 1_000_000 })),
        ("waves", json!({ "kind": "linear", "a": 5, "b": 3, "c": 7 })),
        (
            "disc",
            json!({ "kind": "disc", "cx": half, "cy": half, "r": half / 2, "inside": 200, "outside": 30 }),
        ),
        ("grey", json!({ "kind": "constant", "value": 128 })),
    ]
    .into_iter()
}
