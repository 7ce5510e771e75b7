//! ONNX Runtime through `ort`, with its library loaded at run time.

use std::sync::{Mutex, PoisonError};

use ort::{
    session::{Session, builder::GraphOptimizationLevel},
    value::TensorRef,
};

use super::{Batch, Engine, EngineError, EngineKind, Outputs, Tensor, guarded};

/// A model loaded into ONNX Runtime. Runs take turns: a worker that wants several at once loads
/// the model several times.
pub(super) struct OnnxRuntime {
    session: Mutex<Session>,
    input: String,
    outputs: Vec<String>,
}

impl OnnxRuntime {
    /// Loads a model; the library must have been loaded before.
    pub(super) fn load(
        bytes: &[u8],
        input: &str,
        threads: usize,
    ) -> Result<Box<dyn Engine>, EngineError> {
        let session = guarded(|| session(bytes, threads)).map_err(|message| EngineError::Load {
            engine: EngineKind::OnnxRuntime,
            message,
        })?;
        let names = |outlets: &[ort::value::Outlet]| -> Vec<String> {
            outlets
                .iter()
                .map(|outlet| outlet.name().to_owned())
                .collect()
        };
        let inputs = names(session.inputs());
        if !inputs.iter().any(|name| name == input) {
            return Err(EngineError::NoInput {
                wanted: input.to_owned(),
                found: inputs.join(", "),
            });
        }
        Ok(Box::new(Self {
            outputs: names(session.outputs()),
            session: Mutex::new(session),
            input: input.to_owned(),
        }))
    }

    fn try_run(&self, batch: &Batch<'_>) -> Result<Outputs, String> {
        let words = |error: ort::Error| error.to_string();
        let tensor = TensorRef::from_array_view((batch.shape, batch.values)).map_err(words)?;
        // A panic in an earlier run left no half-made state on our side.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session
            .run(ort::inputs![self.input.as_str() => tensor])
            .map_err(words)?;
        let mut out = Outputs::new();
        for (name, value) in &outputs {
            if let Ok((shape, values)) = value.try_extract_tensor::<f32>() {
                let shape = shape.iter().map(|&side| side.max(0) as usize).collect();
                out.insert(
                    name.to_owned(),
                    Tensor {
                        shape,
                        values: values.to_vec(),
                    },
                );
            }
        }
        Ok(out)
    }
}

fn session(bytes: &[u8], threads: usize) -> Result<Session, String> {
    let words = |error: ort::Error<ort::session::builder::SessionBuilder>| error.to_string();
    Session::builder()
        .map_err(|error| error.to_string())?
        .with_intra_threads(threads.max(1))
        .map_err(words)?
        .with_inter_threads(1)
        .map_err(words)?
        .with_intra_op_spinning(false)
        .map_err(words)?
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(words)?
        .commit_from_memory(bytes)
        .map_err(|error| error.to_string())
}

impl Engine for OnnxRuntime {
    fn kind(&self) -> EngineKind {
        EngineKind::OnnxRuntime
    }

    fn output_names(&self) -> Vec<String> {
        self.outputs.clone()
    }

    fn run(&self, input: &Batch<'_>) -> Result<Outputs, EngineError> {
        guarded(|| self.try_run(input)).map_err(|message| EngineError::Run {
            engine: EngineKind::OnnxRuntime,
            message,
        })
    }
}
