//! A loaded model, and the way of one film through it.

use std::time::Instant;

use crate::{
    Assessment, CaseContext, EngineKind, EngineOptions, Finding, GoldenError, GoldenReport,
    GreyPicture, Heatmap, Manifest, NotAssessed, NotAssessedCode, Package, PackageError, Quality,
    Scored,
    engine::{self, Batch, Engine, EngineError, Outputs},
    gate, graph, head, heatmap,
    manifest::Gate,
    preprocess::{Prepared, prepare, to_tensor},
    quality, region,
};

/// Name of the optional output with the model's feature vector.
pub(crate) const FEATURES: &str = "features";
/// How sure the gate must be that the negative or a turned picture is a film, to say so.
const SURE: f64 = 0.9;

/// A model ready to assess films. It may be shared between threads.
pub struct Model {
    manifest: Manifest,
    model_sha256: String,
    golden: crate::Golden,
    engine: Box<dyn Engine>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.manifest.name)
            .field("version", &self.manifest.version)
            .field("engine", &self.engine.kind())
            .finish_non_exhaustive()
    }
}

/// A model that could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file of the package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The graph holds what no model of films needs, or cannot be read.
    #[error("the model's graph is refused: {}", join(.0))]
    Graph(Vec<graph::GraphFault>),
    /// No engine takes it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The graph lacks an output that the manifest names.
    #[error("the model has no output `{wanted}`; it has {found}")]
    NoOutput {
        /// The manifest's name.
        wanted: String,
        /// The graph's names.
        found: String,
    },
}

fn join(faults: &[graph::GraphFault]) -> String {
    let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    words.join("; ")
}

impl Model {
    /// Loads a package's model into an engine. The log says which one, and why.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn load(package: &Package, options: impl Into<EngineOptions>) -> Result<Self, ModelError> {
        let bytes = package.model_bytes()?;
        graph::inspect(&bytes).map_err(ModelError::Graph)?;
        let manifest = &package.manifest;
        let engine = engine::load(&bytes, &manifest.input.name, &options.into())?;
        let names = engine.output_names();
        for wanted in wanted_outputs(manifest) {
            if !names.iter().any(|name| name == wanted) {
                return Err(ModelError::NoOutput {
                    wanted: wanted.to_owned(),
                    found: names.join(", "),
                });
            }
        }
        tracing::info!(
            model = %manifest.name, version = %manifest.version, engine = %engine.kind(),
            sha256 = %package.model_sha256, "model loaded"
        );
        Ok(Self {
            manifest: manifest.clone(),
            model_sha256: package.model_sha256.clone(),
            golden: package.golden.clone(),
            engine,
        })
    }

    /// What the model says about itself.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The engine it runs in.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.engine.kind()
    }

    /// Runs the package's golden cases in this engine.
    ///
    /// # Errors
    /// [`GoldenError`] when an output is not as the package says.
    pub fn verify_golden(&self) -> Result<GoldenReport, GoldenError> {
        self.golden
            .verify(self.engine.as_ref(), &self.manifest.input)
    }

    /// Runs raw input tensors, for evaluation in batches and for checks.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn run(&self, input: &Batch<'_>) -> Result<Outputs, EngineError> {
        self.engine.run(input)
    }

    /// Assesses one film. It never fails: what cannot be assessed says why.
    #[must_use]
    pub fn analyze(&self, picture: &GreyPicture<'_>, case: &CaseContext) -> Assessment {
        match self.try_analyze(picture, case) {
            Ok(scored) => Assessment::Scored(Box::new(scored)),
            Err(refusal) => {
                if refusal.code == NotAssessedCode::ModelFailed {
                    tracing::error!(model = %self.manifest.name, reason = %refusal.reason, "a model failed");
                }
                Assessment::NotAssessed(refusal)
            }
        }
    }

    fn try_analyze(
        &self,
        picture: &GreyPicture<'_>,
        case: &CaseContext,
    ) -> Result<Scored, NotAssessed> {
        let started = Instant::now();
        gate::context(case, &self.manifest.intended_use)?;
        gate::shape(picture)?;
        let histogram = picture.histogram();
        gate::greys(&histogram)?;
        let prepared = prepare(picture, &self.manifest.input);
        let quality = quality::quality(&histogram, &prepared.plane, self.manifest.input.size);
        let after = Looked { prepared, quality };
        self.score(&after, started).map_err(|refusal| NotAssessed {
            quality: Some(quality),
            ..refusal
        })
    }

    fn score(&self, looked: &Looked, started: Instant) -> Result<Scored, NotAssessed> {
        let outputs = self
            .run_planes(&looked.prepared.tensor, 1)
            .map_err(failed)?;
        let scope = self.scope(&outputs, looked)?;
        let with_scope = |refusal: NotAssessed| NotAssessed { scope, ..refusal };
        let main = member(&outputs, self.manifest.head.output())
            .map_err(failed)
            .map_err(with_scope)?;
        let reading = head::read(main, &self.manifest)
            .map_err(failed)
            .map_err(with_scope)?;
        let map = self
            .heatmap(&outputs, &reading)
            .map_err(failed)
            .map_err(with_scope)?;
        let features = member(&outputs, FEATURES)
            .ok()
            .filter(|features| features.iter().all(|value| value.is_finite()))
            .map(<[f32]>::to_vec);
        Ok(Scored {
            risk: reading.risk,
            probability: reading.probability,
            probabilities: reading.probabilities,
            confidence: head::share(reading.probabilities, reading.risk),
            threshold: reading.threshold,
            findings: findings(&reading, map.as_ref()),
            quality: looked.quality,
            heatmap: map,
            preprocessing_steps: looked.prepared.steps.clone(),
            scope,
            features,
            model_sha256: self.model_sha256.clone(),
            input_sha256: looked.prepared.sha256(),
            engine: self.engine.kind(),
            milliseconds: started.elapsed().as_secs_f64() * 1000.0,
            model_name: self.manifest.name.clone(),
            model_version: self.manifest.version.clone(),
        })
    }

    fn run_planes(&self, values: &[f32], batch: usize) -> Result<Outputs, String> {
        let input = &self.manifest.input;
        let shape = [batch, input.channels, input.size, input.size];
        self.engine
            .run(&Batch { shape, values })
            .map_err(|error| error.to_string())
    }

    /// The model's own gate. Below its minimum the picture is refused, with the nearest reason.
    fn scope(&self, outputs: &Outputs, looked: &Looked) -> Result<Option<f64>, NotAssessed> {
        let Some(gate) = &self.manifest.gate else {
            return Ok(None);
        };
        let value = member(outputs, &gate.output)
            .and_then(|values| scope_value(values, gate))
            .map_err(failed)?;
        if value >= gate.minimum {
            return Ok(Some(value));
        }
        let (code, what) = self.nearest(gate, &looked.prepared.plane);
        Err(NotAssessed {
            scope: Some(value),
            ..NotAssessed::new(code, what)
        })
    }

    /// Would the gate take the negative, or the picture turned? Then that is the reason.
    fn nearest(&self, gate: &Gate, plane: &[f32]) -> (NotAssessedCode, String) {
        let variants = [
            (NotAssessedCode::Inverted, negative(plane)),
            (
                NotAssessedCode::Rotated,
                turned(plane, self.manifest.input.size),
            ),
            (
                NotAssessedCode::Rotated,
                plane.iter().rev().copied().collect(),
            ),
            (NotAssessedCode::Rotated, {
                let mut quarter = turned(plane, self.manifest.input.size);
                quarter.reverse();
                quarter
            }),
        ];
        let mut best = (gate.minimum.max(SURE), NotAssessedCode::OutsideIntendedUse);
        for (code, variant) in variants {
            let value = self
                .run_planes(&to_tensor(&variant, &self.manifest.input), 1)
                .and_then(|outputs| scope_value(member(&outputs, &gate.output)?, gate));
            if let Ok(value) = value
                && value > best.0
            {
                best = (value, code);
            }
        }
        let reason = match best.1 {
            NotAssessedCode::Inverted => {
                "Black and white seem to be swapped; the negative looks like a film of the intended kind."
            }
            NotAssessedCode::Rotated => {
                "The film seems to be turned; turned back it looks like a film of the intended kind."
            }
            _ => "The picture does not look like the films that the model is meant for.",
        };
        (best.1, reason.to_owned())
    }

    fn heatmap(
        &self,
        outputs: &Outputs,
        reading: &head::Reading,
    ) -> Result<Option<Heatmap>, String> {
        let Some(wanted) = &self.manifest.heatmap else {
            return Ok(None);
        };
        let tensor = outputs
            .get(&wanted.output)
            .ok_or_else(|| format!("the run gave no output `{}`", wanted.output))?;
        heatmap::read(tensor, reading.deciding.unwrap_or(0), reading.probability)
    }
}

/// A film that passed the gate's first two parts.
struct Looked {
    prepared: Prepared,
    quality: Quality,
}

/// The outputs that the manifest names.
pub(crate) fn wanted_outputs(manifest: &Manifest) -> Vec<&str> {
    let gate = manifest.gate.as_ref().map(|gate| gate.output.as_str());
    let map = manifest.heatmap.as_ref().map(|map| map.output.as_str());
    [Some(manifest.head.output()), gate, map]
        .into_iter()
        .flatten()
        .collect()
}

fn failed(message: impl std::fmt::Display) -> NotAssessed {
    NotAssessed::new(
        NotAssessedCode::ModelFailed,
        format!("The model could not assess the film: {message}."),
    )
}

fn member<'a>(outputs: &'a Outputs, name: &str) -> Result<&'a [f32], String> {
    outputs
        .get(name)
        .and_then(|tensor| tensor.member(0))
        .ok_or_else(|| format!("the run gave no output `{name}`"))
}

/// The gate's value, which must be one number from 0 to 1.
fn scope_value(values: &[f32], gate: &Gate) -> Result<f64, String> {
    match values {
        &[value] if (-1e-6..=1.0 + 1e-6).contains(&value) => Ok(f64::from(value).clamp(0.0, 1.0)),
        _ => Err(format!(
            "output `{}` must be one number from 0 to 1, not {:?}",
            gate.output,
            values.get(..values.len().min(4)).unwrap_or_default()
        )),
    }
}

/// Most probable first; places only where there is something to show.
fn findings(reading: &head::Reading, map: Option<&Heatmap>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = reading
        .findings
        .iter()
        .enumerate()
        .map(|(index, finding)| Finding {
            name: finding.name.clone(),
            probability: finding.probability,
            severity: finding.severity,
            region: map
                .filter(|_| Some(index) == reading.deciding)
                .filter(|_| finding.severity > domain::RiskCategory::Low)
                .and_then(region::region),
            confidence: head::share(finding.probabilities, finding.severity),
        })
        .collect();
    findings.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    findings
}

fn negative(plane: &[f32]) -> Vec<f32> {
    plane.iter().map(|grey| 255.0 - grey).collect()
}

/// A quarter turn (clockwise) of a square plane.
fn turned(plane: &[f32], size: usize) -> Vec<f32> {
    (0..size)
        .flat_map(|y| (0..size).map(move |x| plane[(size - 1 - x) * size + y]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_quarter_turns_are_none() {
        let plane: Vec<f32> = (0..9u8).map(f32::from).collect();
        assert_eq!(
            turned(&plane, 3),
            [6.0, 3.0, 0.0, 7.0, 4.0, 1.0, 8.0, 5.0, 2.0]
        );
        let mut again = plane.clone();
        for _ in 0..4 {
            again = turned(&again, 3);
        }
        assert_eq!(again, plane);
    }
}
