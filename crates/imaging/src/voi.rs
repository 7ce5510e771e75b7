//! From stored values to grey: windows and lookup tables (PS3.3 C.11.1 and C.11.2).

use serde::{Deserialize, Serialize};

/// The shape of a window (PS3.3 C.11.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowFunction {
    /// `LINEAR`, the default: C.11.2.1.2.1.
    #[default]
    Linear,
    /// `LINEAR_EXACT`: C.11.2.1.3.2.
    LinearExact,
    /// `SIGMOID`: C.11.2.1.3.1.
    Sigmoid,
}

/// A window on values that have passed the modality transformation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// The value that becomes middle grey.
    pub center: f64,
    /// The span of values from black to white; at least 1 for `Linear`, above 0 otherwise.
    pub width: f64,
    /// The curve in between.
    #[serde(default)]
    pub function: WindowFunction,
}

impl Window {
    /// A linear window.
    #[must_use]
    pub const fn linear(center: f64, width: f64) -> Self {
        Self {
            center,
            width,
            function: WindowFunction::Linear,
        }
    }

    /// The exact linear window from the lowest to the highest value.
    #[must_use]
    pub fn spanning(lowest: f64, highest: f64) -> Self {
        Self {
            center: f64::midpoint(lowest, highest),
            width: (highest - lowest).max(f64::MIN_POSITIVE),
            function: WindowFunction::LinearExact,
        }
    }

    /// Whether the standard allows these numbers.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let least = match self.function {
            WindowFunction::Linear => self.width >= 1.0,
            WindowFunction::LinearExact | WindowFunction::Sigmoid => self.width > 0.0,
        };
        least && self.center.is_finite() && self.width.is_finite()
    }

    /// The grey of a value, 0.0 to 1.0, never falling as the value rises.
    #[must_use]
    pub fn apply(&self, value: f64) -> f64 {
        let Self { center, width, .. } = *self;
        match self.function {
            WindowFunction::Linear => {
                let (center, width) = (center - 0.5, width - 1.0);
                if value <= center - width / 2.0 {
                    0.0
                } else if value > center + width / 2.0 {
                    1.0
                } else {
                    ((value - center) / width + 0.5).clamp(0.0, 1.0)
                }
            }
            WindowFunction::LinearExact => ((value - center) / width + 0.5).clamp(0.0, 1.0),
            WindowFunction::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - center) / width).exp()),
        }
    }
}

/// A lookup table (PS3.3 C.11.1.1, C.11.2.1.1): values below `first` take the first entry, values
/// beyond the end the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupTable {
    /// The stored value of the first entry.
    pub first: i64,
    /// Significant bits of an entry, 1 to 16.
    pub bits: u8,
    /// The entries, at least one.
    pub entries: Vec<u16>,
}

impl LookupTable {
    /// `None` when there is no entry. Entries that need more bits than declared raise the bits.
    #[must_use]
    pub fn new(first: i64, bits: u8, entries: Vec<u16>) -> Option<Self> {
        let highest = entries.iter().max()?;
        let needed = (u16::BITS - highest.leading_zeros()) as u8;
        Some(Self {
            first,
            bits: bits.clamp(1, 16).max(needed),
            entries,
        })
    }

    /// The entry for a value.
    #[must_use]
    pub fn apply(&self, value: i64) -> u16 {
        let index = value
            .saturating_sub(self.first)
            .clamp(0, self.entries.len() as i64 - 1);
        self.entries[index as usize]
    }

    /// The entry for a value, as a share of the largest possible one.
    #[must_use]
    pub fn grey(&self, value: f64) -> f64 {
        let highest = f64::from((1_u32 << self.bits) - 1);
        f64::from(self.apply(value.round() as i64)) / highest
    }
}

/// From stored values to the values of the modality, such as Hounsfield units (PS3.3 C.11.1).
#[derive(Debug, Clone, PartialEq)]
pub enum Modality {
    /// `output = slope * stored + intercept`.
    Rescale {
        /// Rescale Slope (0028,1053), never 0.
        slope: f64,
        /// Rescale Intercept (0028,1052).
        intercept: f64,
    },
    /// Modality LUT Sequence (0028,3000).
    Table(LookupTable),
}

impl Modality {
    /// Stored values as they are.
    pub const IDENTITY: Self = Self::Rescale {
        slope: 1.0,
        intercept: 0.0,
    };

    /// The modality's value of a stored one.
    #[must_use]
    pub fn apply(&self, stored: i64) -> f64 {
        match self {
            Self::Rescale { slope, intercept } => stored as f64 * slope + intercept,
            Self::Table(table) => f64::from(table.apply(stored)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn function() -> impl Strategy<Value = WindowFunction> {
        prop_oneof![
            Just(WindowFunction::Linear),
            Just(WindowFunction::LinearExact),
            Just(WindowFunction::Sigmoid)
        ]
    }

    proptest! {
        #[test]
        fn grey_is_bounded_and_never_falls(
            center in -70_000.0..70_000.0, width in 1.0..70_000.0, function in function(),
            a in -80_000.0..80_000.0, b in -80_000.0..80_000.0,
        ) {
            let window = Window { center, width, function };
            let (low, high) = if a <= b { (a, b) } else { (b, a) };
            let (dark, bright) = (window.apply(low), window.apply(high));
            prop_assert!((0.0..=1.0).contains(&dark) && (0.0..=1.0).contains(&bright));
            prop_assert!(dark <= bright);
        }

        #[test]
        fn a_table_answers_for_every_value(first in -40_000_i64..40_000, entries in prop::collection::vec(any::<u16>(), 1..50), value in any::<i64>()) {
            let table = LookupTable::new(first, 8, entries.clone()).unwrap();
            prop_assert!(entries.contains(&table.apply(value)));
            prop_assert!((0.0..=1.0).contains(&table.grey(value as f64)));
        }
    }

    /// The note in C.11.2.1.2.1: for c=2048, w=4096 the ends map to the ends.
    #[test]
    fn linear_as_in_the_standard() {
        let window = Window::linear(2048.0, 4096.0);
        assert_eq!((window.apply(0.0), window.apply(4095.0)), (0.0, 1.0));
        let narrow = Window::linear(2048.0, 1.0);
        assert_eq!((narrow.apply(2047.0), narrow.apply(2048.0)), (0.0, 1.0));
        let hounsfield = Window::linear(0.0, 100.0);
        assert_eq!(
            (hounsfield.apply(-50.0), hounsfield.apply(49.0)),
            (0.0, 1.0)
        );
        let exact = Window {
            function: WindowFunction::LinearExact,
            ..hounsfield
        };
        assert_eq!(
            (exact.apply(-50.0), exact.apply(0.0), exact.apply(50.0)),
            (0.0, 0.5, 1.0)
        );
        let sigmoid = Window {
            function: WindowFunction::Sigmoid,
            ..hounsfield
        };
        assert!((sigmoid.apply(0.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn unusable_windows() {
        assert!(!Window::linear(0.0, 0.5).is_usable());
        assert!(!Window::linear(f64::NAN, 10.0).is_usable());
        assert!(
            Window {
                center: 0.0,
                width: 0.5,
                function: WindowFunction::Sigmoid
            }
            .is_usable()
        );
    }
}
