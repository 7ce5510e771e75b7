//! A picture that is no chest film: a hand, of lines with round ends. The model's gate should refuse
//! it.

use imaging::{ImagingError, Picture};

/// A bone or a limb: from a point to a point, with a half width; in hundredths of a side.
struct Line {
    from: (f32, f32),
    to: (f32, f32),
    half_width: f32,
}

const fn line(from: (f32, f32), to: (f32, f32), half_width: f32) -> Line {
    Line {
        from,
        to,
        half_width,
    }
}

const FLESH: [Line; 7] = [
    line((50.0, 62.0), (50.0, 70.0), 17.0),
    line((50.0, 75.0), (50.0, 100.0), 11.0),
    line((38.0, 52.0), (30.0, 20.0), 5.0),
    line((46.0, 50.0), (44.0, 12.0), 5.2),
    line((54.0, 50.0), (57.0, 14.0), 5.2),
    line((62.0, 54.0), (70.0, 26.0), 4.6),
    line((38.0, 72.0), (16.0, 48.0), 5.6),
];

const BONES: [Line; 19] = [
    line((44.0, 84.0), (44.0, 100.0), 3.2),
    line((55.0, 84.0), (55.0, 100.0), 2.6),
    line((43.0, 72.0), (38.5, 54.0), 1.9),
    line((47.5, 71.0), (46.0, 52.0), 1.9),
    line((52.5, 71.0), (54.0, 52.0), 1.9),
    line((57.0, 72.0), (61.5, 56.0), 1.8),
    line((41.0, 74.0), (31.0, 64.0), 2.0),
    line((37.5, 50.5), (34.5, 39.0), 1.6),
    line((34.0, 37.0), (32.3, 29.0), 1.4),
    line((31.8, 27.0), (30.6, 22.0), 1.1),
    line((45.8, 48.5), (45.0, 35.0), 1.7),
    line((44.8, 33.0), (44.4, 23.0), 1.5),
    line((44.3, 21.0), (44.0, 14.5), 1.1),
    line((54.3, 48.5), (55.6, 36.0), 1.7),
    line((55.8, 34.0), (56.5, 24.0), 1.5),
    line((56.6, 22.0), (57.0, 16.5), 1.1),
    line((62.3, 52.5), (65.6, 42.0), 1.5),
    line((66.1, 40.0), (69.2, 28.5), 1.2),
    line((29.0, 62.0), (18.0, 50.0), 1.5),
];

/// The hand as a PNG of `edge` x `edge` pixels.
///
/// # Errors
/// When it cannot be encoded.
pub fn png(edge: u32) -> Result<Vec<u8>, ImagingError> {
    let scale = 100.0 / edge as f32;
    let mut pixels = Vec::with_capacity(edge as usize * edge as usize);
    for y in 0..edge {
        for x in 0..edge {
            let point = ((x as f32 + 0.5) * scale, (y as f32 + 0.5) * scale);
            let grey = 12.0 + 92.0 * density(&FLESH, point) + 118.0 * density(&BONES, point);
            pixels.push(grey.round() as u8);
        }
    }
    Picture::grey(edge, edge, pixels).encode_png()
}

/// 0 outside all lines to 1 in the middle of one, as through a round body.
fn density(lines: &[Line], (x, y): (f32, f32)) -> f32 {
    lines
        .iter()
        .map(|line| {
            let (dx, dy) = (line.to.0 - line.from.0, line.to.1 - line.from.1);
            let along = ((x - line.from.0) * dx + (y - line.from.1) * dy) / (dx * dx + dy * dy);
            let along = along.clamp(0.0, 1.0);
            let (ox, oy) = (x - line.from.0 - along * dx, y - line.from.1 - along * dy);
            let off = (ox * ox + oy * oy) / (line.half_width * line.half_width);
            (1.0 - off).max(0.0).sqrt()
        })
        .fold(0.0, f32::max)
}
