//! Confidence intervals of shares.

use serde::{Deserialize, Serialize};

/// An interval of values, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The 97.5th percentile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson score interval of a share (Wilson 1927). None without any cases.
#[must_use]
pub fn wilson(count: u64, of: u64) -> Option<Interval> {
    if of == 0 || count > of {
        return None;
    }
    let n = of as f64;
    let share = count as f64 / n;
    let middle = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some(Interval {
        low: if count == 0 {
            0.0
        } else {
            (middle - reach) / scale
        },
        high: if count == of {
            1.0
        } else {
            (middle + reach) / scale
        },
    })
}
