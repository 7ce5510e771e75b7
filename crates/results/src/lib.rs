//! A signed result as documents that other systems keep beside the films: a DICOM Structured Report
//! ([`structured_report`]), the film with the heatmap over it ([`secondary_capture`]), and a report to read, as PDF
//! ([`report_pdf`]) and as a DICOM object ([`encapsulated_pdf`]).
//! What goes into each is in [`SignedResult`], loaded once; the documents are made of that alone, without clock or chance,
//! so that one signed state always gives the same bytes.
//!
//! Start reading at [`SignedResult::load`].

mod capture;
mod encapsulated;
mod head;
mod pdf;
mod result;
mod sr;
mod text;
mod uids;

pub use capture::{Mapped, secondary_capture};
pub use encapsulated::encapsulated_pdf;
pub use pdf::report_pdf;
pub use result::{SignedResult, State};
pub use sr::{OWN_CODES, structured_report};

use chrono::{DateTime, FixedOffset, Local, Offset as _, TimeZone as _, Utc};

/// What this program calls itself in documents.
const PRODUCT: &str = "Medical Portal";
/// Beside everything that comes from the AI.
pub const DISCLAIMER: &str =
    "Decision support by a program, not a diagnosis. What counts is what the doctor has signed.";

/// A document, ready to be stored or sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// SOP Instance UID: made of the review's identifier and of everything that the document says.
    pub sop_instance_uid: String,
    /// The Part 10 file, explicit VR little endian.
    pub bytes: Vec<u8>,
}

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultError {
    /// A text is longer than DICOM lets it be.
    #[error(
        "{what} is longer than the {most} characters that DICOM has for it: shorten it in the record or the order"
    )]
    TooLong {
        /// Which text.
        what: &'static str,
        /// How long it may be.
        most: usize,
    },
    /// The object could not be written.
    #[error("the document could not be written: {0}")]
    Unwritable(String),
}

/// The offset of the clock that days and times are on at a moment, where the films do not say it.
pub type Zone = fn(DateTime<Utc>) -> FixedOffset;

/// The clock of this machine, which is the site's.
#[must_use]
pub fn site_zone(at: DateTime<Utc>) -> FixedOffset {
    Local.offset_from_utc_datetime(&at.naive_utc()).fix()
}
