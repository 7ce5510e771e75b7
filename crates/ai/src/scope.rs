//! The model's own gate: its scope output, and the nearest reason when it refuses.

use crate::{
    Model, NotAssessed, NotAssessedCode,
    engine::Outputs,
    manifest::Gate,
    model::{Looked, failed, member},
    preprocess::to_tensor,
};

/// How sure the gate must be that the negative or a turned picture is a film, to say so.
const SURE: f64 = 0.9;

impl Model {
    /// The model's own gate. Below its minimum the picture is refused, with the nearest reason.
    pub(crate) fn scope(
        &self,
        outputs: &Outputs,
        looked: &Looked,
    ) -> Result<Option<f64>, NotAssessed> {
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
