//! What can be wrong with a picture, said so that a person knows what to do about it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Why bytes could not be taken as a picture, or a picture not be made of them.
///
/// [`Self::code`] is stable and meant for machines, `Display` names the fault and the remedy for a
/// person. Neither ever holds a value of the patient's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImagingError {
    /// The file is larger than allowed.
    #[error(
        "the file has {bytes} bytes, more than the {maximum} allowed: send it in parts, or raise the limit"
    )]
    TooLarge {
        /// Bytes of the file.
        bytes: u64,
        /// Bytes allowed.
        maximum: u64,
    },
    /// The picture, all frames together, is larger than allowed.
    #[error(
        "the image has {width} x {height} pixels in {frames} frame(s), more than the {maximum} pixels allowed: \
         send fewer frames a file, or raise the limit"
    )]
    TooManyPixels {
        /// Columns.
        width: u64,
        /// Rows.
        height: u64,
        /// Frames.
        frames: u64,
        /// Pixels allowed, all frames together.
        maximum: u64,
    },
    /// The bytes are no picture at all.
    #[error("not an image: {what}. Send a DICOM image, a PNG or a JPEG")]
    NotAnImage {
        /// What it is instead.
        what: String,
    },
    /// A DICOM object that should have pixels has none.
    #[error("the DICOM object ({what}) holds no pixel data: send the instance with its image")]
    NoPixelData {
        /// The kind of object.
        what: String,
    },
    /// The file ends too early.
    #[error(
        "{what} is cut off: {needed} bytes are needed and {found} are there. Send the file again"
    )]
    Truncated {
        /// The part that is cut off.
        what: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes found.
        found: u64,
    },
    /// An attribute without which the pixels mean nothing.
    #[error("the DICOM attribute {name} is missing or unusable: have the sending device repaired")]
    MissingAttribute {
        /// Name and tag.
        name: Cow<'static, str>,
    },
    /// A compression this build cannot decode.
    #[error(
        "the transfer syntax {uid} ({name}) cannot be decoded here: send the image uncompressed, \
         or as JPEG lossless, JPEG-LS, JPEG 2000 or RLE"
    )]
    UnsupportedTransferSyntax {
        /// The unique identifier.
        uid: String,
        /// Its name in the standard.
        name: String,
    },
    /// A kind of pixel this build cannot show.
    #[error("the pixels cannot be shown: {what}. Send the image as 8 to 16-bit grey or as RGB")]
    UnsupportedPixels {
        /// What is special about them.
        what: String,
    },
    /// The contents contradict themselves.
    #[error("the file is damaged: {what}. Export it again at its source")]
    Corrupt {
        /// What is wrong.
        what: String,
    },
    /// A decoder gave up.
    #[error(
        "the {decoder} decoder failed: {reason}. Export the image again, or send it uncompressed"
    )]
    DecoderFailed {
        /// Which decoder.
        decoder: Cow<'static, str>,
        /// What it said.
        reason: String,
    },
    /// A frame that is not there.
    #[error("frame {frame} was asked for, and the image has {frames} (counted from 0)")]
    FrameOutOfRange {
        /// The frame asked for, from 0.
        frame: u32,
        /// Frames there are.
        frames: u32,
    },
    /// It took too long.
    #[error(
        "decoding took longer than {milliseconds} ms and was given up: send the image uncompressed"
    )]
    TimedOut {
        /// The limit.
        milliseconds: u64,
    },
    /// Too many decoders are running or lost.
    #[error("{running} decoders are busy: try again shortly")]
    Busy {
        /// Decoders that run now.
        running: usize,
    },
    /// A picture could not be written.
    #[error("the picture could not be written as {format}: {reason}")]
    EncodeFailed {
        /// The format.
        format: Cow<'static, str>,
        /// What went wrong.
        reason: String,
    },
}

impl ImagingError {
    /// The stable word for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::NotAnImage { .. } => "not_an_image",
            Self::NoPixelData { .. } => "no_pixel_data",
            Self::Truncated { .. } => "truncated",
            Self::MissingAttribute { .. } => "missing_attribute",
            Self::UnsupportedTransferSyntax { .. } => "unsupported_transfer_syntax",
            Self::UnsupportedPixels { .. } => "unsupported_pixels",
            Self::Corrupt { .. } => "corrupt",
            Self::DecoderFailed { .. } => "decoder_failed",
            Self::FrameOutOfRange { .. } => "frame_out_of_range",
            Self::TimedOut { .. } => "timed_out",
            Self::Busy { .. } => "busy",
            Self::EncodeFailed { .. } => "encode_failed",
        }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::UnsupportedPixels { what: what.into() }
    }

    pub(crate) fn decoder(decoder: &'static str, reason: impl Into<String>) -> Self {
        Self::DecoderFailed {
            decoder: decoder.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn truncated(what: impl Into<String>, needed: usize, found: usize) -> Self {
        Self::Truncated {
            what: what.into(),
            needed: needed as u64,
            found: found as u64,
        }
    }
}
