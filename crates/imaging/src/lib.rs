//! Everything between bytes and pixels: what a file is, what its header says, its samples, and
//! the picture made of them. No database, no network, no clock.
//!
//! The way of a film: [`sniff`] → [`inspect`] (header only) → [`decode`] (samples) → [`render`]
//! (8-bit picture in display orientation) → [`Picture::encode_png`], [`thumbnail`]. Files of
//! strangers are opened by the room `decoding`, in children. Nothing here ever changes the original bytes.
//!
//! A picture of one single value is never passed as fine: ask [`Picture::uniform`].

mod codec;
mod decode;
pub mod deidentify;
mod dicom;
mod error;
pub mod guard;
mod inspect;
mod jpeg_grey;
mod limits;
mod photo;
mod picture;
mod raster;
mod render;
mod sniff;
pub mod transfer_syntax;
mod voi;
pub mod write;

pub use decode::{decode, decode_dicom};
pub use dicom::bulk::StoredFrame;
pub use dicom::header::{DicomHeader, WindowPreset};
pub use dicom::part10::DicomFile;
pub use error::ImagingError;
pub use inspect::{Inspection, inspect, inspect_start};
pub use limits::Limits;
pub use picture::{Picture, Viewport, thumbnail};
pub use raster::{FrameDescription, GreyRaster, Raster, RgbRaster, Samples, frame_samples_le};
pub use render::{AppliedVoi, Rendered, render, render_with_report};
pub use sniff::{SNIFF_BYTES, sniff};
pub use voi::{LookupTable, Modality, Window, WindowFunction};

/// So many of a file's first bytes hold the whole header of most films.
pub const START_BYTES: usize = 1 << 16;

/// The DICOM JSON model (PS3.18 Annex F) of a file's header without bulk data, for
/// `report_images.dicom_metadata`; see [`DicomFile::metadata_json`].
///
/// # Errors
/// As [`DicomFile::open`].
pub fn dicom_metadata(bytes: &[u8], limits: &Limits) -> Result<serde_json::Value, ImagingError> {
    Ok(DicomFile::open(bytes, limits)?.metadata_json())
}
