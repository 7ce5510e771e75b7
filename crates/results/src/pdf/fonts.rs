//! The fonts of written reports: Roboto, and behind it Droid Sans Fallback for Chinese, Japanese and Korean. A sign that
//! neither has is written as its Unicode number, so that it is there to be seen.

use ab_glyph::{Font as _, FontRef, GlyphId};

use crate::ResultError;

const REGULAR: &[u8] = include_bytes!("../../fonts/Roboto-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/Roboto-Bold.ttf");
const FALLBACK: &[u8] = include_bytes!("../../fonts/DroidSansFallback.ttf");

/// A font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Regular,
    Bold,
    Fallback,
}

/// The fonts, read.
pub(crate) struct Fonts([FontRef<'static>; 3]);

impl Fonts {
    pub(crate) fn read() -> Result<Self, ResultError> {
        let read = |bytes: &'static [u8]| {
            FontRef::try_from_slice(bytes)
                .map_err(|error| ResultError::Unwritable(format!("a font is damaged: {error}")))
        };
        Ok(Self([read(REGULAR)?, read(BOLD)?, read(FALLBACK)?]))
    }

    /// The file of a font.
    pub(super) const fn bytes(face: Face) -> &'static [u8] {
        match face {
            Face::Regular => REGULAR,
            Face::Bold => BOLD,
            Face::Fallback => FALLBACK,
        }
    }

    pub(crate) const fn of(&self, face: Face) -> &FontRef<'static> {
        &self.0[face as usize]
    }

    /// The font that has a sign: the wanted one before the other.
    pub(crate) fn face_of(&self, sign: char, wanted: Face) -> Option<Face> {
        let has = |face: &Face| self.of(*face).glyph_id(sign) != GlyphId(0);
        let is_private = matches!(sign, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
        // A mark of order, or none at all.
        let is_none = sign.is_control() || matches!(sign, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
        if is_private || is_none {
            return None;
        }
        [wanted, Face::Fallback].into_iter().find(has)
    }

    /// How wide a sign is, in shares of the font's size.
    pub(crate) fn width(&self, sign: char, face: Face) -> f32 {
        let font = self.of(face);
        let units = font.units_per_em().unwrap_or(1_000.0);
        font.h_advance_unscaled(font.glyph_id(sign)) / units
    }

    /// A text with what no font has written as its number; and whether there was any.
    pub(crate) fn writable(&self, text: &str) -> (String, bool) {
        let mut out = String::with_capacity(text.len());
        let mut is_complete = true;
        for sign in text.chars() {
            match sign {
                '\t' => out.push_str("    "),
                sign if self.face_of(sign, Face::Regular).is_some() => out.push(sign),
                sign => {
                    is_complete = false;
                    out.push_str(&format!("[U+{:04X}]", sign as u32));
                }
            }
        }
        (out, is_complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_font_has_is_written_as_its_number() {
        let fonts = Fonts::read().unwrap();
        let plain = "Müller, Ωμέγα, Жук, 肺炎, 한국어, ひらがな – “€”";
        assert_eq!(fonts.writable(plain), (plain.to_owned(), true));
        let (shown, is_complete) = fonts.writable("ש\u{1}\u{e000}\t.");
        assert_eq!(shown, "[U+05E9][U+0001][U+E000]    .");
        assert!(!is_complete);
        assert_eq!(fonts.face_of('肺', Face::Bold), Some(Face::Fallback));
        assert!(fonts.width('W', Face::Regular) > fonts.width('i', Face::Regular));
    }
}
