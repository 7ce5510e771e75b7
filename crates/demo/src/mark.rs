//! The mark on the picture that says what it is.

use font8x8::legacy::BASIC_LEGACY;

use crate::film::{Film, HIGHEST};

/// What is written on every film.
pub const MARK: &str = "SYNTHETIC";
/// Pixels a side of a dot of the font.
const DOT: usize = 2;
/// Pixels from the corner.
const MARGIN: usize = 14;

/// Writes [`MARK`] in the top left corner, bright with a dark rim, so that it is read on any ground.
/// It is 16 pixels high: too small to change what a model sees.
pub(crate) fn stamp(film: &mut Film) {
    let width = film.width as usize;
    let bright = HIGHEST - HIGHEST / 16;
    for (value, rim) in [(0, 1isize), (bright, 0)] {
        for (x, y) in dots() {
            for dy in -rim..=rim {
                for dx in -rim..=rim {
                    let at = |dot: usize, step: isize| {
                        (MARGIN + dot * DOT).saturating_add_signed(step * DOT as isize)
                    };
                    for row in 0..DOT {
                        let start = (at(y, dy) + row) * width + at(x, dx);
                        film.samples[start..start + DOT].fill(value);
                    }
                }
            }
        }
    }
}

/// The set dots of the text, x to the right and y down, in dots.
fn dots() -> impl Iterator<Item = (usize, usize)> {
    MARK.bytes().enumerate().flat_map(|(place, letter)| {
        let glyph = BASIC_LEGACY[usize::from(letter) % BASIC_LEGACY.len()];
        glyph.into_iter().enumerate().flat_map(move |(y, row)| {
            (0..8)
                .filter(move |x| row >> x & 1 == 1)
                .map(move |x| (place * 8 + x, y))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_can_be_read() {
        let rows = 8;
        let mut lines = vec![vec![b' '; MARK.len() * 8]; rows];
        for (x, y) in dots() {
            lines[y][x] = b'#';
        }
        let text: Vec<String> = lines
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap().trim_end().to_owned())
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
