//! Where files of strangers are opened: in processes of their own, which may crash, hang or ask for
//! any amount of memory without costing more than the one file.
//!
//! [`Decoders`] is what the other rooms hold. A portal uses [`Decoders::in_children`]: long-lived
//! children of this program, each bounded in memory, processor time, files and privileges, one file
//! at a time; a child that crashes is replaced, one that takes too long is killed. Tools that look
//! at one's own files use [`Decoders::in_threads`].

pub mod child;
mod pool;
mod protocol;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use imaging::{
    DicomHeader, FrameDescription, ImagingError, Inspection, Limits, Picture, Viewport, Window,
    deidentify::{Deidentified, DeidentifyError, Profile, Pseudonyms},
    write::Identity,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use pool::Pool;
pub use pool::Program;
use protocol::{Answer, Operation};

/// How long one file may take. The largest films here take two seconds in a debug build.
pub const DECODE_TIME: Duration = Duration::from_secs(20);

/// What the way in needs to know of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspected {
    /// What its header says.
    pub inspection: Inspection,
    /// The DICOM JSON model of the header without bulk data; `None` for PNG and JPEG.
    pub metadata: Option<Value>,
}

/// A picture that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PictureRequest {
    /// The frame, from 0.
    pub frame: u32,
    /// The window; the film's own when `None`.
    pub window: Option<Window>,
    /// The longer edge in pixels; full size when `None`.
    pub size: Option<u32>,
    /// Where it is to be shown; whole and in its own size when `None`.
    pub viewport: Option<Viewport>,
    /// How it is written.
    pub encoding: Encoding,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// PNG.
    Png,
    /// JPEG of a quality from 1 to 100.
    Jpeg(u8),
}

/// A film's copy without the patient that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeidentifyRequest {
    /// Who the patient is to the pseudonyms; `None` takes what the film says.
    pub subject: Option<String>,
    /// What is kept and covered.
    pub profile: Profile,
    /// The project's pseudonyms.
    pub pseudonyms: Pseudonyms,
}

/// Who waits for an answer. Each has children of its own, so that hostile uploads cannot keep a
/// doctor from opening a film, nor a screen the analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Files on their way in.
    Intake,
    /// A person in front of a screen.
    Screen,
    /// Models and exports.
    Analysis,
}

/// A frame as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Compressed as the file's transfer syntax says; else samples in little endian.
    pub encapsulated: bool,
    /// Its bytes: a part of the file's where it lies there as it is.
    pub bytes: Bytes,
}

/// Opens files. A handle; copies share the processes.
#[derive(Clone)]
pub struct Decoders(Arc<Way>);

enum Way {
    Threads,
    Children(Box<[Pool; 3]>),
}

impl fmt::Debug for Decoders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Way::Threads => "Decoders(threads)",
            Way::Children(_) => "Decoders(children)",
        })
    }
}

impl Decoders {
    /// On threads of this process: a panic and a hang cost one file, a crash costs the process.
    #[must_use]
    pub fn in_threads() -> Self {
        Self(Arc::new(Way::Threads))
    }

    /// In children that `program` starts, at most `each` at a time for every [`Lane`]. They are
    /// started when first needed.
    #[must_use]
    pub fn in_children(program: Program, each: usize) -> Self {
        let program = Arc::new(program);
        let pool = || Pool::new(Arc::clone(&program), each.max(1), DECODE_TIME);
        Self(Arc::new(Way::Children(Box::new([pool(), pool(), pool()]))))
    }

    /// With another time a file may take than [`DECODE_TIME`].
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        match &*self.0 {
            Way::Threads => self,
            Way::Children(pools) => Self(Arc::new(Way::Children(Box::new(
                pools
                    .each_ref()
                    .map(|pool| pool.with_time_limit(time_limit)),
            )))),
        }
    }

    /// What the header says. Blocks, as everything here does.
    ///
    /// # Errors
    /// As [`imaging::inspect`]; [`ImagingError::DecoderFailed`], [`ImagingError::TimedOut`] and
    /// [`ImagingError::Busy`].
    pub fn inspect(
        &self,
        lane: Lane,
        bytes: &Bytes,
        limits: &Limits,
    ) -> Result<Inspected, ImagingError> {
        match self.ask(lane, &Operation::Inspect, bytes, limits)?.0 {
            Answer::Inspected(inspected) => Ok(*inspected),
            _ => Err(protocol::confused()),
        }
    }

    /// The same of a DICOM file of `whole` bytes from its first ones; none where more of it is needed, see
    /// [`imaging::inspect_start`].
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn inspect_start(
        &self,
        lane: Lane,
        start: &Bytes,
        whole: u64,
        limits: &Limits,
    ) -> Result<Option<Inspected>, ImagingError> {
        let operation = Operation::InspectStart { whole };
        match self.ask(lane, &operation, start, limits)?.0 {
            Answer::InspectedStart(inspected) => Ok(inspected.map(|inspected| *inspected)),
            _ => Err(protocol::confused()),
        }
    }

    /// A frame as a person should see it, in the film's own window.
    ///
    /// # Errors
    /// As [`imaging::decode`], and as [`Self::inspect`].
    pub fn show(
        &self,
        lane: Lane,
        bytes: &Bytes,
        frame: u32,
        limits: &Limits,
    ) -> Result<Picture, ImagingError> {
        match self.ask(lane, &Operation::Show { frame }, bytes, limits)? {
            (
                Answer::Shown {
                    width,
                    height,
                    channels,
                },
                pixels,
            ) => {
                Picture::from_parts(width, height, channels, pixels).ok_or_else(protocol::confused)
            }
            _ => Err(protocol::confused()),
        }
    }

    /// A frame as a PNG or JPEG file.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub fn encode(
        &self,
        lane: Lane,
        bytes: &Bytes,
        request: PictureRequest,
        limits: &Limits,
    ) -> Result<Vec<u8>, ImagingError> {
        match self.ask(lane, &Operation::Encode(request), bytes, limits)? {
            (Answer::Encoded, file) => Ok(file),
            _ => Err(protocol::confused()),
        }
    }

    /// The samples of a frame, see [`imaging::frame_samples_le`].
    ///
    /// # Errors
    /// As [`Self::show`].
    pub fn samples(
        &self,
        lane: Lane,
        bytes: &Bytes,
        frame: u32,
        limits: &Limits,
    ) -> Result<(Vec<u8>, FrameDescription), ImagingError> {
        match self.ask(lane, &Operation::Samples { frame }, bytes, limits)? {
            (Answer::Samples(description), samples) => Ok((samples, *description)),
            _ => Err(protocol::confused()),
        }
    }

    /// The film's copy without the patient, see [`imaging::deidentify`].
    ///
    /// # Errors
    /// [`DeidentifyError`], and as [`Self::inspect`].
    pub fn deidentify(
        &self,
        lane: Lane,
        bytes: &Bytes,
        request: DeidentifyRequest,
        limits: &Limits,
    ) -> Result<Deidentified, DeidentifyError> {
        let operation = Operation::Deidentify(Box::new(request));
        match self.ask(lane, &operation, bytes, limits)? {
            (Answer::Deidentified(copy), bytes) => Ok(Deidentified { bytes, ..(*copy)? }),
            _ => Err(protocol::confused().into()),
        }
    }

    /// A plain picture (PNG, JPEG) as a DICOM object, see [`imaging::write::dicom_from_photo`].
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn wrap(
        &self,
        lane: Lane,
        bytes: &Bytes,
        identity: Identity,
        limits: &Limits,
    ) -> Result<Vec<u8>, ImagingError> {
        let operation = Operation::Wrap(Box::new(identity));
        match self.ask(lane, &operation, bytes, limits)? {
            (Answer::Wrapped, file) => Ok(file),
            _ => Err(protocol::confused()),
        }
    }

    /// The header of any DICOM object, also of one that is no image.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn header(
        &self,
        lane: Lane,
        bytes: &Bytes,
        limits: &Limits,
    ) -> Result<DicomHeader, ImagingError> {
        match self.ask(lane, &Operation::Header, bytes, limits)?.0 {
            Answer::Header(header) => Ok(*header),
            _ => Err(protocol::confused()),
        }
    }

    /// The whole header of a DICOM file, see [`imaging::DicomFile::full_json`].
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn metadata(
        &self,
        lane: Lane,
        bytes: &Bytes,
        limits: &Limits,
    ) -> Result<Value, ImagingError> {
        match self.ask(lane, &Operation::Metadata, bytes, limits)?.0 {
            Answer::Metadata(metadata) => Ok(metadata),
            _ => Err(protocol::confused()),
        }
    }

    /// The same from the first bytes of a file of `whole` bytes; none where more of it is needed, see
    /// [`imaging::DicomFile::full_json_of_start`].
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn metadata_of_start(
        &self,
        lane: Lane,
        start: &Bytes,
        whole: u64,
        limits: &Limits,
    ) -> Result<Option<Value>, ImagingError> {
        let operation = Operation::MetadataOfStart { whole };
        match self.ask(lane, &operation, start, limits)?.0 {
            Answer::MetadataOfStart(metadata) => Ok(metadata),
            _ => Err(protocol::confused()),
        }
    }

    /// A value of a DICOM file by itself, see [`imaging::DicomFile::bulk`].
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn bulk(
        &self,
        lane: Lane,
        bytes: &Bytes,
        path: &str,
        limits: &Limits,
    ) -> Result<Option<Vec<u8>>, ImagingError> {
        let path = path.to_owned();
        match self.ask(lane, &Operation::Bulk { path }, bytes, limits)? {
            (Answer::Bulk { found }, value) => Ok(found.then_some(value)),
            _ => Err(protocol::confused()),
        }
    }

    /// A frame of a DICOM file as it is stored, or as plain samples in little endian.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub fn frame(
        &self,
        lane: Lane,
        bytes: &Bytes,
        frame: u32,
        plain: bool,
        limits: &Limits,
    ) -> Result<Frame, ImagingError> {
        match self.ask(lane, &Operation::Frame { frame, plain }, bytes, limits)? {
            (Answer::Frame { encapsulated, at }, made) => {
                let bytes = match at {
                    None => made.into(),
                    Some(at) if at.start <= at.end && at.end <= bytes.len() => bytes.slice(at),
                    Some(_) => return Err(protocol::confused()),
                };
                Ok(Frame {
                    encapsulated,
                    bytes,
                })
            }
            _ => Err(protocol::confused()),
        }
    }

    fn ask(
        &self,
        lane: Lane,
        operation: &Operation,
        bytes: &Bytes,
        limits: &Limits,
    ) -> Result<(Answer, Vec<u8>), ImagingError> {
        limits.check_bytes(bytes.len())?;
        match &*self.0 {
            Way::Threads => {
                let (operation, bytes, limits) = (operation.clone(), bytes.clone(), *limits);
                imaging::guard::run_guarded(DECODE_TIME, move || {
                    protocol::carry_out(&operation, &bytes, &limits)
                })
            }
            Way::Children(pools) => pools[lane as usize].ask(operation, bytes, limits),
        }
    }
}
