//! rten: pure Rust, always there, float32 only.

use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::{AsView, Layout, NdTensorView};

use super::{Batch, Engine, EngineError, EngineKind, Outputs, Tensor, guarded};

/// A model loaded into rten.
pub(super) struct BuiltIn {
    model: Model,
    input: NodeId,
    outputs: Vec<(String, NodeId)>,
    threads: Arc<ThreadPool>,
}

impl BuiltIn {
    pub(super) fn load(
        bytes: &[u8],
        input: &str,
        threads: usize,
    ) -> Result<Box<dyn Engine>, EngineError> {
        let model = guarded(|| {
            ModelOptions::with_all_ops()
                .prepack_weights(true)
                .load(bytes.to_vec())
                .map_err(|error| error.to_string())
        })
        .map_err(|message| EngineError::Load {
            engine: EngineKind::BuiltIn,
            message,
        })?;
        let name_of = |id: &NodeId| {
            model
                .node_info(*id)
                .and_then(|node| node.name().map(str::to_owned))
                .unwrap_or_default()
        };
        let inputs: Vec<(String, NodeId)> = model
            .input_ids()
            .iter()
            .map(|id| (name_of(id), *id))
            .collect();
        let outputs = model
            .output_ids()
            .iter()
            .map(|id| (name_of(id), *id))
            .collect();
        let Some((_, input)) = inputs.iter().find(|(name, _)| name == input) else {
            let names: Vec<&str> = inputs.iter().map(|(name, _)| name.as_str()).collect();
            return Err(EngineError::NoInput {
                wanted: input.to_owned(),
                found: names.join(", "),
            });
        };
        Ok(Box::new(Self {
            input: *input,
            outputs,
            threads: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
            model,
        }))
    }

    fn try_run(&self, batch: &Batch<'_>) -> Result<Outputs, String> {
        let view = NdTensorView::try_from_data(batch.shape, batch.values)
            .map_err(|error| error.to_string())?;
        let ids: Vec<NodeId> = self.outputs.iter().map(|(_, id)| *id).collect();
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.threads));
        let values = self
            .model
            .run(
                vec![(self.input, ValueOrView::from(view.as_dyn()))],
                &ids,
                Some(options),
            )
            .map_err(|error| error.to_string())?;
        let named = self.outputs.iter().zip(values);
        Ok(named
            .filter_map(|((name, _), value)| match value {
                Value::FloatTensor(tensor) => Some((
                    name.clone(),
                    Tensor {
                        shape: tensor.shape().to_vec(),
                        values: tensor.to_vec(),
                    },
                )),
                _ => None,
            })
            .collect())
    }
}

impl Engine for BuiltIn {
    fn kind(&self) -> EngineKind {
        EngineKind::BuiltIn
    }

    fn output_names(&self) -> Vec<String> {
        self.outputs.iter().map(|(name, _)| name.clone()).collect()
    }

    fn run(&self, input: &Batch<'_>) -> Result<Outputs, EngineError> {
        guarded(|| self.try_run(input)).map_err(|message| EngineError::Run {
            engine: EngineKind::BuiltIn,
            message,
        })
    }
}
