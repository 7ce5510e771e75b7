//! What a portal and its children say to one another: a line of JSON with its length before it, and
//! bytes with theirs. The file that is asked about lies in memory that both have.

use std::{
    io::{self, Read, Write},
    ops::Range,
};

use imaging::{
    DicomFile, DicomHeader, FrameDescription, ImagingError, Limits,
    deidentify::{Deidentified, DeidentifyError, deidentify},
    write::{Identity, dicom_from_photo},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{DeidentifyRequest, Encoding, Inspected, PictureRequest};

/// The longest JSON that is taken, in bytes: the metadata of a film with a great header.
const LONGEST_HEAD: u64 = 64 << 20;

/// What a child is asked to do with the bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Inspect,
    /// The same of a DICOM file of so many bytes, of which only the first are there.
    InspectStart {
        whole: u64,
    },
    Show {
        frame: u32,
    },
    Encode(PictureRequest),
    Samples {
        frame: u32,
    },
    /// The header of any DICOM object, also of one that is no image.
    Header,
    /// The whole header in the DICOM JSON model.
    Metadata,
    /// The same of a file of so many bytes, of which only the first are there.
    MetadataOfStart {
        whole: u64,
    },
    /// A value by itself.
    Bulk {
        path: String,
    },
    /// A frame as it is stored, or as plain samples.
    Frame {
        frame: u32,
        plain: bool,
    },
    Deidentify(Box<DeidentifyRequest>),
    /// A plain picture as a DICOM object.
    Wrap(Box<Identity>),
}

/// A request; the file lies in the shared memory.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    /// Of the file, in bytes.
    pub(crate) length: u64,
    pub(crate) limits: Limits,
}

/// The head of an answer; pixels, samples or a file follow.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Inspected(Box<Inspected>),
    /// None where more of the file is needed.
    InspectedStart(Option<Box<Inspected>>),
    Shown {
        width: u32,
        height: u32,
        channels: u8,
    },
    Encoded,
    Samples(Box<FrameDescription>),
    Deidentified(Box<Result<Deidentified, DeidentifyError>>),
    Wrapped,
    Header(Box<DicomHeader>),
    Metadata(Value),
    /// None where more of the file is needed.
    MetadataOfStart(Option<Value>),
    Bulk {
        found: bool,
    },
    /// Where in the file it lies, if it does as it is; else its bytes follow.
    Frame {
        encapsulated: bool,
        at: Option<Range<usize>>,
    },
}

/// What a child that does not keep to the protocol is reported as.
pub(crate) fn confused() -> ImagingError {
    failed("the process that opened it answered something else".to_owned())
}

pub(crate) fn failed(reason: String) -> ImagingError {
    ImagingError::DecoderFailed {
        decoder: "image".into(),
        reason,
    }
}

/// Does it, here and now.
pub(crate) fn carry_out(
    operation: &Operation,
    bytes: &[u8],
    limits: &Limits,
) -> Result<(Answer, Vec<u8>), ImagingError> {
    let show = |frame, window| {
        imaging::decode(bytes, frame, limits).map(|raster| imaging::render(&raster, window))
    };
    let open = || DicomFile::open(bytes, limits);
    Ok(match operation {
        Operation::Inspect => {
            let inspection = imaging::inspect(bytes, limits)?;
            let metadata = inspection
                .dicom
                .as_ref()
                .and_then(|_| imaging::dicom_metadata(bytes, limits).ok());
            let inspected = Inspected {
                inspection,
                metadata,
            };
            (Answer::Inspected(Box::new(inspected)), Vec::new())
        }
        &Operation::InspectStart { whole } => {
            let inspected =
                imaging::inspect_start(bytes, whole, limits)?.map(|(inspection, metadata)| {
                    Box::new(Inspected {
                        inspection,
                        metadata: Some(metadata),
                    })
                });
            (Answer::InspectedStart(inspected), Vec::new())
        }
        &Operation::Show { frame } => {
            let picture = show(frame, None)?;
            let shown = Answer::Shown {
                width: picture.width(),
                height: picture.height(),
                channels: picture.channels(),
            };
            (shown, picture.into_pixels())
        }
        &Operation::Encode(request) => {
            let mut picture = show(request.frame, request.window)?;
            if let Some(viewport) = request.viewport {
                picture = picture.in_viewport(&viewport);
            }
            if let Some(edge) = request.size {
                picture = imaging::thumbnail(&picture, edge);
            }
            let file = match request.encoding {
                Encoding::Png => picture.encode_png()?,
                Encoding::Jpeg(quality) => picture.encode_jpeg(quality)?,
            };
            (Answer::Encoded, file)
        }
        &Operation::Samples { frame } => {
            let raster = imaging::decode(bytes, frame, limits)?;
            let (samples, description) = imaging::frame_samples_le(&raster);
            (Answer::Samples(Box::new(description)), samples)
        }
        Operation::Deidentify(request) => {
            let subject = request.subject.as_deref();
            let mut copy = deidentify(
                bytes,
                subject,
                &request.profile,
                &request.pseudonyms,
                limits,
            );
            let file = match &mut copy {
                Ok(copy) => std::mem::take(&mut copy.bytes),
                Err(_) => Vec::new(),
            };
            (Answer::Deidentified(Box::new(copy)), file)
        }
        Operation::Wrap(identity) => {
            let file = dicom_from_photo(bytes, identity, limits)?;
            (Answer::Wrapped, file)
        }
        Operation::Header => (Answer::Header(Box::new(open()?.header())), Vec::new()),
        Operation::Metadata => (Answer::Metadata(open()?.full_json()), Vec::new()),
        Operation::MetadataOfStart { whole } => {
            let metadata = DicomFile::full_json_of_start(bytes, *whole, limits)?;
            (Answer::MetadataOfStart(metadata), Vec::new())
        }
        Operation::Bulk { path } => {
            let value = open()?.bulk(path);
            let found = value.is_some();
            (Answer::Bulk { found }, value.unwrap_or_default())
        }
        Operation::Frame { frame, plain } => {
            let file = open()?;
            let frame = if *plain {
                file.plain_frame(*frame, limits)?
            } else {
                file.stored_frame(*frame, limits)?
            };
            let encapsulated = frame.encapsulated;
            let at = place_in(bytes, &frame.bytes);
            let made = match at {
                Some(_) => Vec::new(),
                None => frame.bytes.into_owned(),
            };
            (Answer::Frame { encapsulated, at }, made)
        }
    })
}

/// Where a part lies in a file; none where it is no part of it, but was made of it.
fn place_in(file: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(file.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= file.len()).then_some(start..end)
}

/// The most bytes that an answer may carry: four for each pixel allowed, and a file's head.
pub(crate) const fn longest_answer(limits: &Limits) -> u64 {
    limits
        .maximum_pixels
        .saturating_mul(4)
        .saturating_add(1 << 20)
}

pub(crate) fn write(to: &mut impl Write, head: &impl Serialize, bytes: &[u8]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    to.write_all(&(head.len() as u64).to_le_bytes())?;
    to.write_all(&head)?;
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

/// Reads one message; `longest` says how many bytes may follow a head.
pub(crate) fn read<T: DeserializeOwned>(
    from: &mut impl Read,
    longest: impl FnOnce(&T) -> u64,
) -> io::Result<(T, Vec<u8>)> {
    let head = read_part(from, LONGEST_HEAD)?;
    let head = serde_json::from_slice(&head)?;
    let bytes = read_part(from, longest(&head))?;
    Ok((head, bytes))
}

fn read_part(from: &mut impl Read, longest: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > longest {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{length} bytes were announced and {longest} are allowed"),
        ));
    }
    // Grows as bytes come, so that a length alone reserves nothing.
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}
