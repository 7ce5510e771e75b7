//! Golden cases: inputs by formula, so that no patient is in a package, and the outputs that every
//! engine must give for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    engine::{Batch, Engine, EngineError, EngineKind, Outputs},
    manifest::Input,
    preprocess::golden_tensor,
};

/// The largest tolerance a package may ask for.
pub(crate) const LARGEST_TOLERANCE: f64 = 1e-3;

/// The golden cases of a package (`golden.json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// Greatest allowed difference, absolute below 1 and relative above.
    pub tolerance: f64,
    /// Side of the square pictures; the manifest's input size when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// The cases.
    pub cases: Vec<GoldenCase>,
}

/// One golden case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenCase {
    /// Its name.
    pub name: String,
    /// The formula of its picture.
    pub input: Formula,
    /// SHA-256 of the picture's size × size bytes, hexadecimal.
    pub input_sha256: String,
    /// The outputs: `NAME` for an output of one value or a list of them, `NAME_sum` and
    /// `NAME_max` for the sum and the greatest of an output's values.
    pub expected: BTreeMap<String, Expected>,
}

/// One expected value or all values of an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    /// A single value.
    One(f64),
    /// All values, in row order.
    All(Vec<f64>),
}

/// A picture by formula. Pixel (x, y), x to the right and y down from 0, in integer arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Formula {
    /// `(x*a + y*b + (x*y)/c) mod 256`, the division rounded down.
    Linear {
        /// Step to the right.
        a: i32,
        /// Step down.
        b: i32,
        /// Divisor of the product, above 0.
        c: std::num::NonZeroU32,
    },
    /// `inside` where `(x-cx)² + (y-cy)² < r²`, else `outside`.
    Disc {
        /// Centre, to the right.
        cx: i32,
        /// Centre, down.
        cy: i32,
        /// Radius.
        r: i32,
        /// Grey level within.
        inside: u8,
        /// Grey level without.
        outside: u8,
    },
    /// `value` everywhere.
    Constant {
        /// The grey level.
        value: u8,
    },
}

impl Formula {
    /// The picture, row by row.
    #[must_use]
    pub fn picture(&self, width: usize, height: usize) -> Vec<u8> {
        let rows = 0..height as i64;
        rows.flat_map(|y| (0..width as i64).map(move |x| self.pixel(x, y)))
            .collect()
    }

    fn pixel(&self, x: i64, y: i64) -> u8 {
        match *self {
            Self::Linear { a, b, c } => {
                let value = x * i64::from(a) + y * i64::from(b) + (x * y) / i64::from(c.get());
                value.rem_euclid(256) as u8
            }
            Self::Disc {
                cx,
                cy,
                r,
                inside,
                outside,
            } => {
                let (x, y, r) = (x - i64::from(cx), y - i64::from(cy), i64::from(r));
                if x * x + y * y < r * r {
                    inside
                } else {
                    outside
                }
            }
            Self::Constant { value } => value,
        }
    }
}

/// A golden file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GoldenError {
    /// Not the expected JSON.
    #[error("golden.json, `{key}`: {message}")]
    Format {
        /// Where in the file.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// No cases.
    #[error("golden.json has no cases; a package needs at least one")]
    NoCases,
    /// The tolerance is too wide.
    #[error(
        "golden.json asks for a tolerance of {tolerance}; it must lie above 0 and not above 0.001"
    )]
    Tolerance {
        /// As written.
        tolerance: String,
    },
    /// The picture size differs from the manifest's.
    #[error("golden.json has pictures of size {found}, but the model takes {wanted}")]
    Size {
        /// As written.
        found: usize,
        /// The manifest's.
        wanted: usize,
    },
    /// A case whose digest does not belong to its formula.
    #[error("golden case `{case}`: the picture's digest is {found}, not {stated}")]
    Digest {
        /// The case.
        case: String,
        /// Digest of the picture.
        found: String,
        /// Digest in the file.
        stated: String,
    },
    /// The engine failed on a case.
    #[error("golden case `{case}`: {error}")]
    Engine {
        /// The case.
        case: String,
        /// What happened.
        error: EngineError,
    },
    /// Outputs differ.
    #[error("{} of the golden outputs differ, first {}", .differences.len(), first(.differences))]
    Different {
        /// All that differ.
        differences: Vec<GoldenDifference>,
    },
}

fn first(differences: &[GoldenDifference]) -> String {
    differences
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// One output value that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldenDifference {
    /// The case.
    pub case: String,
    /// The expected value's name, such as `cam_sum`.
    pub value: String,
    /// Expected and found, in words.
    pub message: String,
}

impl std::fmt::Display for GoldenDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}` of case `{}`: {}",
            self.value, self.case, self.message
        )
    }
}

/// A passed comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoldenReport {
    /// Which engine ran.
    pub engine: EngineKind,
    /// Number of cases.
    pub cases: usize,
    /// Number of values compared.
    pub values: usize,
    /// The greatest difference met, on the scale of the tolerance.
    pub greatest_difference: f64,
}

impl Golden {
    /// Reads and checks the text of a `golden.json` for a model of the given input size.
    ///
    /// # Errors
    /// [`GoldenError`].
    pub fn parse(text: &str, size: usize) -> Result<Self, GoldenError> {
        let golden = Self::read(text)?;
        golden.check_pictures(size)?;
        Ok(golden)
    }

    /// Reads the text and checks what can be checked without knowing the model's input size.
    pub(crate) fn read(text: &str) -> Result<Self, GoldenError> {
        let reader = &mut serde_json::Deserializer::from_str(text);
        let golden: Self =
            serde_path_to_error::deserialize(reader).map_err(|error| GoldenError::Format {
                key: error.path().to_string(),
                message: error.into_inner().to_string(),
            })?;
        if !(0.0 < golden.tolerance && golden.tolerance <= LARGEST_TOLERANCE) {
            return Err(GoldenError::Tolerance {
                tolerance: golden.tolerance.to_string(),
            });
        }
        if golden.cases.is_empty() {
            return Err(GoldenError::NoCases);
        }
        Ok(golden)
    }

    /// Checks the pictures' size and digests.
    pub(crate) fn check_pictures(&self, size: usize) -> Result<(), GoldenError> {
        if let Some(found) = self.size.filter(|&found| found != size) {
            return Err(GoldenError::Size {
                found,
                wanted: size,
            });
        }
        for case in &self.cases {
            let found = hex::encode(Sha256::digest(case.input.picture(size, size)));
            if found != case.input_sha256 {
                return Err(GoldenError::Digest {
                    case: case.name.clone(),
                    found,
                    stated: case.input_sha256.clone(),
                });
            }
        }
        Ok(())
    }

    /// Runs every case and compares.
    ///
    /// # Errors
    /// [`GoldenError::Engine`] and [`GoldenError::Different`].
    pub fn verify(&self, engine: &dyn Engine, input: &Input) -> Result<GoldenReport, GoldenError> {
        let mut comparison = Comparison {
            tolerance: self.tolerance,
            differences: Vec::new(),
            values: 0,
            greatest: 0.0,
        };
        for case in &self.cases {
            let outputs = run(case, engine, input).map_err(|error| GoldenError::Engine {
                case: case.name.clone(),
                error,
            })?;
            for (name, expected) in &case.expected {
                comparison.compare(&case.name, name, expected, &outputs);
            }
        }
        if comparison.differences.is_empty() {
            Ok(GoldenReport {
                engine: engine.kind(),
                cases: self.cases.len(),
                values: comparison.values,
                greatest_difference: comparison.greatest,
            })
        } else {
            Err(GoldenError::Different {
                differences: comparison.differences,
            })
        }
    }
}

fn run(case: &GoldenCase, engine: &dyn Engine, input: &Input) -> Result<Outputs, EngineError> {
    let size = input.size;
    engine.run(&Batch {
        shape: [1, input.channels, size, size],
        values: &golden_tensor(&case.input.picture(size, size), input),
    })
}

struct Comparison {
    tolerance: f64,
    differences: Vec<GoldenDifference>,
    values: usize,
    greatest: f64,
}

impl Comparison {
    fn compare(&mut self, case: &str, name: &str, expected: &Expected, outputs: &Outputs) {
        let expected = match expected {
            Expected::One(value) => vec![*value],
            Expected::All(values) => values.clone(),
        };
        let message = match found(name, outputs) {
            None => Some("the model has no such output".to_owned()),
            Some(values) if values.len() != expected.len() => Some(format!(
                "{} values expected, {} found",
                expected.len(),
                values.len()
            )),
            Some(values) => {
                let pairs = values.iter().zip(&expected);
                let mut worst = None;
                for (&found, &expected) in pairs {
                    let difference = (found - expected).abs() / expected.abs().max(1.0);
                    self.values += 1;
                    self.greatest = self.greatest.max(difference);
                    if difference.is_nan() || difference > self.tolerance {
                        worst.get_or_insert_with(|| format!("expected {expected}, found {found}"));
                    }
                }
                worst
            }
        };
        self.differences
            .extend(message.map(|message| GoldenDifference {
                case: case.to_owned(),
                value: name.to_owned(),
                message,
            }));
    }
}

/// The values an expected name stands for: an output, or its sum or greatest value.
fn found(name: &str, outputs: &Outputs) -> Option<Vec<f64>> {
    let values = |name: &str| -> Option<Vec<f64>> {
        let tensor = outputs.get(name)?;
        Some(
            tensor
                .values
                .iter()
                .map(|&value| f64::from(value))
                .collect(),
        )
    };
    if let Some(all) = values(name) {
        return Some(all);
    }
    if let Some(output) = name.strip_suffix("_sum") {
        return Some(vec![values(output)?.iter().sum()]);
    }
    let all = values(name.strip_suffix("_max")?)?;
    Some(vec![all.into_iter().fold(f64::NEG_INFINITY, f64::max)])
}
