//! A loaded model, and the way of one film through it.

use std::time::Instant;

use domain::RiskCategory;

use crate::{
    Assessment, CaseContext, EngineKind, EngineOptions, Finding, GoldenError, GoldenReport,
    GreyPicture, Heatmap, Manifest, NotAssessed, NotAssessedCode, Package, PackageError, Quality,
    Region, Run, Scored,
    engine::{self, Batch, Engine, EngineError, Outputs},
    gate, graph, head, heatmap,
    preprocess::{Frame, Prepared, prepare},
    quality, region,
};

/// Name of the optional output with the model's feature vector.
pub(crate) const FEATURES: &str = "features";

/// A model ready to assess films. It may be shared between threads.
pub struct Model {
    pub(crate) manifest: Manifest,
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
        match self.look(picture, case) {
            Ok(looked) => self.assess(&looked),
            Err(refusal) => Assessment::NotAssessed(refusal),
        }
    }

    /// The first half of [`Self::analyze`], before the model runs: the gate's first two parts and the
    /// preprocessing. What comes out is small, so that many films may wait for the model.
    ///
    /// # Errors
    /// When the film is outside the intended use or nothing can be read from it.
    pub fn look(
        &self,
        picture: &GreyPicture<'_>,
        case: &CaseContext,
    ) -> Result<Looked, NotAssessed> {
        let started = Instant::now();
        gate::context(case, &self.manifest.intended_use)?;
        gate::shape(picture)?;
        let histogram = picture.histogram();
        gate::greys(&histogram)?;
        let prepared = prepare(picture, &self.manifest.input);
        let quality = quality::quality(&histogram, &prepared.plane, self.manifest.input.size);
        Ok(Looked {
            prepared,
            quality,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// The second half of [`Self::analyze`]: the model and what its answer means. Called by several
    /// threads at once, films are run together where that is faster.
    #[must_use]
    pub fn assess(&self, looked: &Looked) -> Assessment {
        match self.score(looked) {
            Ok(scored) => Assessment::Scored(Box::new(scored)),
            Err(refusal) => {
                if refusal.code == NotAssessedCode::ModelFailed {
                    tracing::error!(model = %self.manifest.name, reason = %refusal.reason, "a model failed");
                }
                Assessment::NotAssessed(NotAssessed {
                    quality: Some(looked.quality),
                    run: Some(Box::new(Run {
                        model_sha256: self.model_sha256.clone(),
                        input_sha256: looked.prepared.sha256(),
                        engine: self.engine.kind(),
                    })),
                    ..refusal
                })
            }
        }
    }

    fn score(&self, looked: &Looked) -> Result<Scored, NotAssessed> {
        let started = Instant::now();
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
        let (map, regions) = self
            .places(&outputs, &reading, looked.prepared.frame)
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
            findings: findings(&reading, &regions),
            quality: looked.quality,
            heatmap: map,
            preprocessing_steps: looked.prepared.steps.clone(),
            scope,
            features,
            model_sha256: self.model_sha256.clone(),
            input_sha256: looked.prepared.sha256(),
            engine: self.engine.kind(),
            milliseconds: (looked.seconds + started.elapsed().as_secs_f64()) * 1000.0,
            model_name: self.manifest.name.clone(),
            model_version: self.manifest.version.clone(),
        })
    }

    pub(crate) fn run_planes(&self, values: &[f32], batch: usize) -> Result<Outputs, String> {
        let input = &self.manifest.input;
        let shape = [batch, input.channels, input.size, input.size];
        self.engine
            .run(&Batch { shape, values })
            .map_err(|error| error.to_string())
    }

    /// The map of the finding that decides, and for each finding the place where its own map peaks.
    fn places(
        &self,
        outputs: &Outputs,
        reading: &head::Reading,
        frame: Frame,
    ) -> Result<(Option<Heatmap>, Vec<Option<Region>>), String> {
        let mut regions = vec![None; reading.findings.len()];
        let Some(wanted) = &self.manifest.heatmap else {
            return Ok((None, regions));
        };
        let tensor = outputs
            .get(&wanted.output)
            .ok_or_else(|| format!("the run gave no output `{}`", wanted.output))?;
        let read = |column, probability| heatmap::read(tensor, column, frame, probability);
        let deciding = reading.deciding.map(|index| &reading.findings[index]);
        let map = read(deciding.map_or(0, |one| one.column), reading.probability)?;
        for (index, finding) in reading.findings.iter().enumerate() {
            if finding.severity == RiskCategory::Low {
                continue;
            }
            regions[index] = if Some(index) == reading.deciding {
                map.as_ref().and_then(region::region)
            } else if heatmap::channels(tensor) > 1 {
                read(finding.column, finding.probability)?
                    .as_ref()
                    .and_then(region::region)
            } else {
                None
            };
        }
        Ok((map, regions))
    }
}

/// A film that passed the gate's first two parts, ready for the model.
#[derive(Debug, Clone)]
pub struct Looked {
    pub(crate) prepared: Prepared,
    quality: Quality,
    /// How long it took so far.
    seconds: f64,
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

pub(crate) fn failed(message: impl std::fmt::Display) -> NotAssessed {
    NotAssessed::new(
        NotAssessedCode::ModelFailed,
        format!("The model could not assess the film: {message}."),
    )
}

pub(crate) fn member<'a>(outputs: &'a Outputs, name: &str) -> Result<&'a [f32], String> {
    outputs
        .get(name)
        .and_then(|tensor| tensor.member(0))
        .ok_or_else(|| format!("the run gave no output `{name}`"))
}

/// Most probable first; places only where there is something to show.
fn findings(reading: &head::Reading, regions: &[Option<Region>]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = reading
        .findings
        .iter()
        .zip(regions)
        .map(|(finding, region)| Finding {
            name: finding.name.clone(),
            probability: finding.probability,
            severity: finding.severity,
            region: *region,
            confidence: head::share(finding.probabilities, finding.severity),
        })
        .collect();
    findings.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    findings
}
