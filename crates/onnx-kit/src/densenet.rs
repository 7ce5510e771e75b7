//! DenseNet-121 (Huang et al., CVPR 2017, arXiv:1608.06993, table 1) with random weights, laid out
//! as PyTorch exports it: batch normalisation before each convolution stays a node of its own.
//!
//! The networks of torchxrayvision and those trained on CheXpert or ChestX-ray14 have this shape;
//! only input range, number of channels and outputs differ.

use rand::{SeedableRng, rngs::ChaCha8Rng};
use rand_distr::{Distribution, Normal};

use crate::{FREE, GraphWriter, Value};

/// Channels that each layer adds.
const GROWTH: usize = 32;
/// Layers of the four dense blocks.
const BLOCKS: [usize; 4] = [6, 12, 24, 16];
/// Channels after the first convolution.
const STEM: usize = 64;

/// What may differ between two networks of this shape.
#[derive(Debug, Clone)]
pub struct DenseNet {
    /// Side of the square picture.
    pub size: usize,
    /// Channels of the picture.
    pub channels: usize,
    /// Columns of the output `scores`.
    pub outputs: usize,
    /// Spread of the input's values, which the first normalisation divides by.
    pub input_deviation: f32,
    /// Whether `scores` has gone through a sigmoid.
    pub probabilities: bool,
    /// Whether there is an output `cam`, one class-activation map a column.
    pub maps: bool,
    /// The same seed gives the same weights.
    pub seed: u64,
}

impl Default for DenseNet {
    /// As torchxrayvision's: 1 × 224 × 224 from -1024 to 1024, 18 columns of probabilities, no map.
    fn default() -> Self {
        Self {
            size: 224,
            channels: 1,
            outputs: 18,
            input_deviation: 600.0,
            probabilities: true,
            maps: false,
            seed: 121,
        }
    }
}

impl DenseNet {
    /// The bytes of the model file: about 28 MB.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Layers {
            graph: GraphWriter::new(),
            random: ChaCha8Rng::seed_from_u64(self.seed),
        }
        .network(self)
    }
}

struct Layers {
    graph: GraphWriter,
    random: ChaCha8Rng,
}

impl Layers {
    fn network(mut self, shape: &DenseNet) -> Vec<u8> {
        let side = shape.size as i64;
        let image = self
            .graph
            .input("image", &[FREE, shape.channels as i64, side, side]);
        let mut at = self.convolution(&image, shape.channels, STEM, 7, 2);
        at = self.normal(&at, STEM, shape.input_deviation);
        at = self.graph.node(
            "MaxPool",
            &[&at],
            &[
                ("kernel_shape", Value::Ints(vec![3, 3])),
                ("strides", Value::Ints(vec![2, 2])),
                ("pads", Value::Ints(vec![1; 4])),
            ],
        );
        let mut channels = STEM;
        for (index, layers) in BLOCKS.into_iter().enumerate() {
            for _ in 0..layers {
                at = self.layer(&at, channels);
                channels += GROWTH;
            }
            if index + 1 < BLOCKS.len() {
                at = self.transition(&at, channels);
                channels /= 2;
            }
        }
        let features = self.normal(&at, channels, 1.0);
        self.head(&features, channels, shape);
        self.graph.to_bytes()
    }

    /// A bottleneck layer; its output is laid beside its input.
    fn layer(&mut self, input: &str, channels: usize) -> String {
        let mut at = self.normal(input, channels, 1.0);
        at = self.convolution(&at, channels, 4 * GROWTH, 1, 1);
        at = self.normal(&at, 4 * GROWTH, 1.0);
        at = self.convolution(&at, 4 * GROWTH, GROWTH, 3, 1);
        self.graph
            .node("Concat", &[input, &at], &[("axis", Value::Int(1))])
    }

    /// Half the channels, half the side.
    fn transition(&mut self, input: &str, channels: usize) -> String {
        let mut at = self.normal(input, channels, 1.0);
        at = self.convolution(&at, channels, channels / 2, 1, 1);
        let two = || Value::Ints(vec![2, 2]);
        self.graph.node(
            "AveragePool",
            &[&at],
            &[("kernel_shape", two()), ("strides", two())],
        )
    }

    fn head(&mut self, features: &str, channels: usize, shape: &DenseNet) {
        let (columns, wide) = (shape.outputs as i64, channels as i64);
        let spread = (1.0 / channels as f32).sqrt() * 4.0;
        let weights = self.draw(shape.outputs * channels, spread);
        let pooled = self.graph.node("GlobalAveragePool", &[features], &[]);
        let flat = self
            .graph
            .node("Flatten", &[&pooled], &[("axis", Value::Int(1))]);
        let matrix = self.graph.floats(&[columns, wide], &weights);
        let bias = self.draw(shape.outputs, 0.5);
        let bias = self.graph.floats(&[columns], &bias);
        let last = if shape.probabilities {
            "logits"
        } else {
            "scores"
        };
        self.graph.node_as(
            last,
            "Gemm",
            &[&flat, &matrix, &bias],
            &[("transB", Value::Int(1))],
        );
        if shape.probabilities {
            self.graph.node_as("scores", "Sigmoid", &["logits"], &[]);
        }
        self.graph.output("scores", &[FREE, columns]);
        if shape.maps {
            let kernel = self.graph.floats(&[columns, wide, 1, 1], &weights);
            self.graph.node_as(
                "cam",
                "Conv",
                &[features, &kernel],
                &[
                    ("strides", Value::Ints(vec![1, 1])),
                    ("dilations", Value::Ints(vec![1, 1])),
                    ("pads", Value::Ints(vec![0; 4])),
                ],
            );
            let cells = shape.size as i64 / 32;
            self.graph.output("cam", &[FREE, columns, cells, cells]);
        }
    }

    /// Batch normalisation with statistics near (0, deviation²), then ReLU.
    fn normal(&mut self, input: &str, channels: usize, deviation: f32) -> String {
        let length = [channels as i64];
        let near = |values: Vec<f32>, by: f32| -> Vec<f32> {
            values.into_iter().map(|value| by + value).collect()
        };
        let scale = near(self.draw(channels, 0.05), 1.0);
        let shift = self.draw(channels, 0.1);
        let mean = self.draw(channels, 0.1 * deviation);
        let variance = vec![deviation * deviation; channels];
        let rows: Vec<String> = [scale, shift, mean, variance]
            .iter()
            .map(|values| self.graph.floats(&length, values))
            .collect();
        let normal = self.graph.node(
            "BatchNormalization",
            &[input, &rows[0], &rows[1], &rows[2], &rows[3]],
            &[("epsilon", Value::Float(1e-5))],
        );
        self.graph.node("Relu", &[&normal], &[])
    }

    /// A convolution without bias whose output is about as spread as its input.
    fn convolution(
        &mut self,
        input: &str,
        from: usize,
        to: usize,
        side: usize,
        stride: i64,
    ) -> String {
        let fan_in = from * side * side;
        // He et al. 2015 (arXiv:1502.01852) for inputs that went through a ReLU.
        let weights = self.draw(to * fan_in, (2.0 / fan_in as f32).sqrt());
        let kernel = [to, from, side, side].map(|size| size as i64);
        let weights = self.graph.floats(&kernel, &weights);
        self.graph.node(
            "Conv",
            &[input, &weights],
            &[
                ("kernel_shape", Value::Ints(vec![side as i64; 2])),
                ("strides", Value::Ints(vec![stride; 2])),
                ("pads", Value::Ints(vec![side as i64 / 2; 4])),
            ],
        )
    }

    fn draw(&mut self, count: usize, deviation: f32) -> Vec<f32> {
        let normal = Normal::new(0.0, deviation).expect("a positive deviation");
        (0..count)
            .map(|_| normal.sample(&mut self.random))
            .collect()
    }
}
