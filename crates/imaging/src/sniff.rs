//! What a file is, from its first bytes. Names and media types given by a sender are not believed.

use domain::ImageFormat;

use crate::dicom::part10;

/// The bytes that are enough for [`sniff`].
pub const SNIFF_BYTES: usize = 512;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

/// The format, or `None` for everything that is not taken (SVG, HTML, ZIP, PDF, GIF, TIFF, …).
///
/// A DICOM file is known by `DICM` behind its preamble; one without preamble or without the whole
/// file head by its first elements, which have to be ones that begin a data set.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<ImageFormat> {
    if head.starts_with(PNG) {
        return Some(ImageFormat::Png);
    }
    if head.starts_with(JPEG) {
        return Some(ImageFormat::Jpeg);
    }
    part10::looks_like_dicom(head).then_some(ImageFormat::Dicom)
}

/// A name for what else it may be, for the refusal.
pub(crate) fn name_of_stranger(head: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"%PDF", "it is a PDF document"),
        (b"PK\x03\x04", "it is a ZIP archive"),
        (b"GIF8", "it is a GIF picture"),
        (b"BM", "it is a BMP picture"),
        (b"II*\0", "it is a TIFF picture"),
        (b"MM\0*", "it is a TIFF picture"),
        (b"RIFF", "it is a RIFF file, such as WebP"),
        (b"\x1f\x8b", "it is a gzip archive"),
        (b"\x7fELF", "it is a program"),
        (b"MZ", "it is a program"),
        (b"\0\0\0\x0cjP  ", "it is a bare JPEG 2000 picture"),
        (b"\xff\x4f\xff\x51", "it is a bare JPEG 2000 picture"),
        (b"\x5c\x01\x00\x00", "it is a NIfTI volume"),
    ];
    if head.is_empty() {
        return "it is empty";
    }
    if let Some((_, name)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return name;
    }
    let text = head.trim_ascii_start();
    let begins =
        |word: &[u8]| text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word);
    if begins(b"<svg") || begins(b"<?xml") {
        "it is an XML or SVG document"
    } else if begins(b"<!doctype") || begins(b"<html") {
        "it is an HTML page"
    } else {
        "it is neither DICOM nor PNG nor JPEG"
    }
}
