//! Naming the place of a finding.

use serde::Serialize;

use crate::{Heatmap, words::words};

words! {
    /// Side of the patient, on a frontal film that is shown as usual: the patient's right is on the
    /// viewer's left. On a mirrored film it is wrong, as every reading of it would be.
    Side {
        /// The patient's right.
        Right = "right",
        /// Across or close to the midline.
        Central = "central",
        /// The patient's left.
        Left = "left",
    }
}

words! {
    /// Third of the picture's height.
    Zone {
        /// The upper third.
        Upper = "upper",
        /// The middle third.
        Middle = "middle",
        /// The lower third.
        Lower = "lower",
    }
}

/// A rectangle on the picture; all numbers are shares of its width or height, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BoundingBox {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Where a finding is, as far as the heatmap tells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Region {
    /// Side of the patient, by the centre of gravity.
    pub side: Side,
    /// Third of the height, by the centre of gravity.
    pub zone: Zone,
    /// The box around it.
    pub bounding_box: BoundingBox,
}

/// The connected patch around the heatmap's peak where it reaches at least half the peak.
pub(crate) fn region(heatmap: &Heatmap) -> Option<Region> {
    let (width, height) = (heatmap.width, heatmap.height);
    let peak = (0..heatmap.values.len()).max_by_key(|&at| (heatmap.values[at], usize::MAX - at))?;
    let half = heatmap.values[peak].div_ceil(2).max(1);
    let patch = patch(heatmap, peak, half);
    let (mut weight, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    let (mut left, mut right, mut top, mut bottom) = (width, 0, height, 0);
    for at in patch {
        let (x, y, value) = (at % width, at / width, f64::from(heatmap.values[at]));
        weight += value;
        sum_x += value * (x as f64 + 0.5);
        sum_y += value * (y as f64 + 0.5);
        (left, right) = (left.min(x), right.max(x));
        (top, bottom) = (top.min(y), bottom.max(y));
    }
    if weight == 0.0 {
        return None;
    }
    let (across, down) = (width as f64, height as f64);
    Some(Region {
        side: match sum_x / weight / across {
            x if x < 0.45 => Side::Right,
            x if x > 0.55 => Side::Left,
            _ => Side::Central,
        },
        zone: match sum_y / weight / down {
            y if y < 1.0 / 3.0 => Zone::Upper,
            y if y > 2.0 / 3.0 => Zone::Lower,
            _ => Zone::Middle,
        },
        bounding_box: BoundingBox {
            x: left as f64 / across,
            y: top as f64 / down,
            width: (right + 1 - left) as f64 / across,
            height: (bottom + 1 - top) as f64 / down,
        },
    })
}

/// Cells of at least `least` that hang together with `from` over their edges; nothing when
/// `from` itself is below.
fn patch(heatmap: &Heatmap, from: usize, least: u8) -> Vec<usize> {
    let (width, height) = (heatmap.width, heatmap.height);
    let mut seen = vec![false; heatmap.values.len()];
    let mut open = vec![from];
    let mut patch = Vec::new();
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at], true) || heatmap.values[at] < least {
            continue;
        }
        patch.push(at);
        let (x, y) = (at % width, at / width);
        open.extend((x > 0).then(|| at - 1));
        open.extend((x + 1 < width).then(|| at + 1));
        open.extend((y > 0).then(|| at - width));
        open.extend((y + 1 < height).then(|| at + width));
    }
    patch
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(cells: &[(usize, usize, u8)]) -> Heatmap {
        let mut values = vec![0; 8 * 6];
        for &(x, y, value) in cells {
            values[y * 8 + x] = value;
        }
        Heatmap {
            width: 8,
            height: 6,
            values,
            peak: 3.0,
            strength: 1.0,
        }
    }

    #[test]
    fn a_planted_patch_is_found_and_named() {
        // Viewer's left, low: the patient's right lower zone. A second patch elsewhere is weaker.
        let map = planted(&[
            (1, 4, 255),
            (2, 4, 200),
            (1, 5, 128),
            (6, 0, 180),
            (3, 4, 90),
        ]);
        let region = region(&map).unwrap();
        assert_eq!((region.side, region.zone), (Side::Right, Zone::Lower));
        assert_eq!(
            region.bounding_box,
            BoundingBox {
                x: 1.0 / 8.0,
                y: 4.0 / 6.0,
                width: 2.0 / 8.0,
                height: 2.0 / 6.0,
            }
        );
    }

    #[test]
    fn sides_and_zones_follow_the_place() {
        let at = |x, y| {
            let region = region(&planted(&[(x, y, 255)])).unwrap();
            (region.side, region.zone)
        };
        assert_eq!(at(7, 0), (Side::Left, Zone::Upper));
        assert_eq!(at(0, 2), (Side::Right, Zone::Middle));
        let across = planted(&[(3, 3, 255), (4, 3, 255)]);
        assert_eq!(region(&across).unwrap().side, Side::Central);
    }

    #[test]
    fn an_empty_map_has_no_region() {
        assert_eq!(region(&planted(&[])), None);
    }
}
