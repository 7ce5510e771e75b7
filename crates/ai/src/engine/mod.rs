//! The two engines that run a model: ONNX Runtime, loaded when its library is there, and the
//! built-in rten. Both take the same file and give the same numbers to within 1e-3.

mod batching;
mod built_in;
mod library;
mod onnx_runtime;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use crate::words::words;

pub use library::{candidates as library_candidates, load as load_library};

/// One output: its shape and its values in row order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Sizes of the axes, batch first.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Vec<f32>,
}

impl Tensor {
    /// The values of one member of the batch; none when there is no such member.
    #[must_use]
    pub fn member(&self, index: usize) -> Option<&[f32]> {
        let batch = *self.shape.first()?;
        let each = self.values.len().checked_div(batch)?;
        self.values.get(index * each..(index + 1) * each)
    }
}

/// The outputs of a run, by name.
pub type Outputs = BTreeMap<String, Tensor>;

/// The input of a run.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// `[batch, channels, height, width]`.
    pub shape: [usize; 4],
    /// The values, as many as the shape's product.
    pub values: &'a [f32],
}

words! {
    /// Which engine runs a model.
    EngineKind {
        /// ONNX Runtime, a shared library loaded at run time.
        OnnxRuntime = "onnx_runtime",
        /// rten, compiled in.
        BuiltIn = "built_in",
    }
}

/// A wish for an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnginePreference {
    /// ONNX Runtime when its library is there and takes the model, else the built-in engine.
    #[default]
    Fastest,
    /// ONNX Runtime or an error.
    OnnxRuntime,
    /// The built-in engine.
    BuiltIn,
}

/// How a model is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineOptions {
    /// Which engine.
    pub preference: EnginePreference,
    /// Threads within one run, at least 1.
    pub threads: usize,
    /// The ONNX Runtime library; without it, the usual places are searched.
    pub library: Option<PathBuf>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            preference: EnginePreference::Fastest,
            threads: 1,
            library: None,
        }
    }
}

impl From<EnginePreference> for EngineOptions {
    fn from(preference: EnginePreference) -> Self {
        Self {
            preference,
            ..Self::default()
        }
    }
}

/// What went wrong in an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No usable ONNX Runtime library.
    #[error(
        "no usable ONNX Runtime library ({tried}); run scripts/install-onnxruntime or set ORT_DYLIB_PATH"
    )]
    NoLibrary {
        /// Where it was looked for, and what was wrong there.
        tried: String,
    },
    /// The engine does not take the model.
    #[error("{engine} cannot load the model: {message}")]
    Load {
        /// Which engine.
        engine: EngineKind,
        /// Its own words.
        message: String,
    },
    /// The model has no such input.
    #[error("the model has no input `{wanted}`; it has {found}")]
    NoInput {
        /// The manifest's name.
        wanted: String,
        /// The graph's names.
        found: String,
    },
    /// A run failed.
    #[error("{engine} failed: {message}")]
    Run {
        /// Which engine.
        engine: EngineKind,
        /// Its own words.
        message: String,
    },
}

/// A loaded model that can be run. Implementations may be shared between threads.
pub trait Engine: Send + Sync {
    /// Which engine this is.
    fn kind(&self) -> EngineKind;

    /// Names of the graph's outputs.
    fn output_names(&self) -> Vec<String>;

    /// Runs the model and gives every float output by name.
    ///
    /// # Errors
    /// [`EngineError::Run`].
    fn run(&self, input: &Batch<'_>) -> Result<Outputs, EngineError>;
}

/// Loads a model file's bytes into the wanted engine and says in the log which one and why. Films
/// that several threads hand in one by one are run together where that is faster.
///
/// # Errors
/// [`EngineError`] when no allowed engine takes the model.
pub fn load(
    model: &[u8],
    input: &str,
    options: &EngineOptions,
) -> Result<Box<dyn Engine>, EngineError> {
    load_plain(model, input, options).map(batching::Batching::around)
}

fn load_plain(
    model: &[u8],
    input: &str,
    options: &EngineOptions,
) -> Result<Box<dyn Engine>, EngineError> {
    let fast = match options.preference {
        EnginePreference::BuiltIn => {
            tracing::info!(engine = %EngineKind::BuiltIn, "inference engine chosen as asked");
            return built_in::BuiltIn::load(model, input, options.threads);
        }
        EnginePreference::OnnxRuntime | EnginePreference::Fastest => {
            library::load(options.library.as_deref()).and_then(|library| {
                onnx_runtime::OnnxRuntime::load(model, input, options.threads)
                    .map(|engine| (library, engine))
            })
        }
    };
    match fast {
        Ok((library, engine)) => {
            tracing::info!(engine = %EngineKind::OnnxRuntime, library = %library.display(), "inference engine loaded");
            Ok(engine)
        }
        Err(error) if options.preference == EnginePreference::Fastest => {
            tracing::warn!(engine = %EngineKind::BuiltIn, %error, "ONNX Runtime is not usable; the built-in engine takes its place");
            built_in::BuiltIn::load(model, input, options.threads)
        }
        Err(error) => Err(error),
    }
}

/// Runs foreign code that may panic on odd models, and turns a panic into words.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let words = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(format!("it panicked: {words}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_a_batch_is_its_slice() {
        let tensor = Tensor {
            shape: vec![2, 3],
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        };
        assert_eq!(tensor.member(1), Some(&[4.0, 5.0, 6.0][..]));
        assert_eq!(tensor.member(2), None);
        let empty = Tensor {
            shape: vec![0, 3],
            values: vec![],
        };
        assert_eq!(empty.member(0), None);
    }

    #[test]
    fn a_panic_becomes_words() {
        let error = guarded::<()>(|| panic!("odd {}", 1)).unwrap_err();
        assert_eq!(error, "it panicked: odd 1");
    }
}
