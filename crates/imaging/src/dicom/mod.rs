//! A DICOM file as it lies in memory.
//!
//! An own reader, beside dicom-rs which writes our files, because intake has to look into files
//! that are slightly wrong: dicom-object 0.10.1 refuses file-meta elements longer than 16 bytes in
//! (0002,0013) and (0002,0016), a missing preamble, a missing transfer syntax, data sets without
//! any file head, and leaves ISO 2022 names as raw escapes. This one keeps positions in the bytes
//! that were given instead of copies, so a header costs microseconds whatever the film weighs.

pub(crate) mod bulk;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod part10;
pub(crate) mod pixels;
pub(crate) mod reader;
pub(crate) mod text;
pub(crate) mod values;
