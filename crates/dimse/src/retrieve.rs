//! What C-GET and C-MOVE have in common (PS3.4 section C.4.2 and C.4.3): which films are asked for, their data sets, and what is
//! told of how they went.

use std::collections::BTreeSet;

use blobs::{BlobStore, Digest};
use bytes::Bytes;
use db::{
    audit::Act,
    dicom::{
        self, Names, StoredInstance,
        values::{is_uid, list},
    },
};
use dicom_core::{
    DataElementHeader, Length, VR,
    dictionary::{DataDictionary as _, DataDictionaryEntry as _, VirtualVr},
};
use dicom_dictionary_std::{StandardDataDictionary, tags, uids};
use dicom_encoding::encode::EncodeTo as _;
use dicom_parser::dataset::{
    DataSetReader, DataToken,
    read::{DataSetReaderOptions, ValueReadStrategy},
};
use dicom_transfer_syntax_registry::entries;
use domain::audit::{AuditAction, EntityType};
use imaging::{DicomFile, Limits};
use serde_json::json;

use crate::{
    association::{Broken, Session},
    command::{Command, Counts},
    data::{Making, Received},
    find::{CANCELLED, NO_MATCH_WITH_CLASS, Of, PENDING, Refusal, UNABLE},
    negotiate::{Context, Model},
};

/// Most films of one retrieval.
const MOST: usize = 20_000;
/// Refused: out of resources, the number of matches cannot be told.
const TOO_MANY: u16 = 0xA701;
/// Refused: none of the sub-operations could be done.
const NONE_DONE: u16 = 0xA702;
/// Done, with failures or warnings.
const PARTLY_DONE: u16 = 0xB000;

/// A film that goes out.
#[derive(Debug, Clone)]
pub(crate) struct Film {
    pub(crate) class: String,
    pub(crate) instance: String,
    /// As it is stored.
    pub(crate) syntax: String,
    digest: Digest,
}

impl Film {
    /// A stored instance; none where it has no class, or its address is none.
    pub(crate) fn of(stored: &StoredInstance) -> Option<Self> {
        let implicit = uids::IMPLICIT_VR_LITTLE_ENDIAN.to_owned();
        Some(Self {
            class: stored.sop_class_uid.clone()?,
            instance: stored.sop_instance_uid.clone(),
            syntax: stored.transfer_syntax_uid.clone().unwrap_or(implicit),
            digest: stored.sha256.parse().ok()?,
        })
    }

    /// The transfer syntax to send it in: its own, or else one that differs only in how values are introduced.
    pub(crate) fn syntax_among<'a>(
        &self,
        mut agreed: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<&'a str> {
        let is_native = |syntax: &str| crate::calling::NATIVE.contains(&syntax);
        agreed
            .clone()
            .find(|syntax| *syntax == self.syntax)
            .or_else(|| agreed.find(|syntax| is_native(syntax) && is_native(&self.syntax)))
    }

    /// Its data set in a transfer syntax that [`Self::syntax_among`] gave; the file is verified while it is read.
    pub(crate) async fn data_set(
        &self,
        blobs: &BlobStore,
        syntax: &str,
    ) -> Result<Bytes, Unsendable> {
        let (blobs, digest, own) = (blobs.clone(), self.digest, self.syntax.clone());
        let wanted = syntax.to_owned();
        // What a reader panics over is lost with its thread.
        let read = tokio::task::spawn_blocking(move || {
            let file = blobs.read(digest).map_err(|error| error.to_string())?;
            data_set_of(&file, &own, &wanted)
        });
        let read: Result<Bytes, String> =
            read.await.map_err(|error| Unsendable(error.to_string()))?;
        read.map_err(Unsendable)
    }
}

/// The data set of a file in a transfer syntax that differs from its own at most in how values are introduced.
pub(crate) fn data_set_of(file: &Bytes, own: &str, wanted: &str) -> Result<Bytes, String> {
    let limits = Limits {
        maximum_bytes: u64::MAX,
        maximum_elements: usize::MAX,
        ..Limits::default()
    };
    let at = DicomFile::open(file, &limits)
        .map_err(|error| error.to_string())?
        .data_set_at();
    let data = file.slice(at..);
    if wanted == own {
        return Ok(data);
    }
    rewritten(&data, own).map(Bytes::from)
}

/// Why a film cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("a stored film cannot be sent: {0}")]
pub(crate) struct Unsendable(String);

/// A data set with explicit VRs as one with implicit ones, or the other way round. Every value keeps its bytes; lengths of
/// groups, which would be wrong then, are left out.
fn rewritten(data: &[u8], from: &str) -> Result<Vec<u8>, String> {
    let explicit = entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
    let implicit = entries::IMPLICIT_VR_LITTLE_ENDIAN.erased();
    let (from, to) = if from == uids::IMPLICIT_VR_LITTLE_ENDIAN {
        (implicit, explicit)
    } else {
        (explicit, implicit)
    };
    let fault = |error: &dyn std::fmt::Display| error.to_string();
    let options = DataSetReaderOptions::default().value_read(ValueReadStrategy::Raw);
    let reader =
        DataSetReader::new_with_ts_options(data, &from, options).map_err(|error| fault(&error))?;
    let encoder = to
        .encoder_for::<Vec<u8>>()
        .ok_or("nothing is written in this transfer syntax")?;
    let mut out = Vec::with_capacity(data.len() + 4096);
    let mut of_value = None;
    let mut is_signed = false;
    for token in reader {
        let written = match token.map_err(|error| fault(&error))? {
            DataToken::ElementHeader(header) => {
                of_value = Some(header);
                continue;
            }
            DataToken::PrimitiveValue(value) => {
                let header: DataElementHeader =
                    of_value.take().ok_or("a value belongs to no element")?;
                let bytes = value.to_bytes();
                if header.tag == tags::PIXEL_REPRESENTATION {
                    is_signed = bytes.first() == Some(&1);
                }
                if header.tag.element() == 0 {
                    continue;
                }
                let vr = vr_of(&header, is_signed);
                let length = u32::try_from(bytes.len()).map_err(|error| fault(&error))?;
                let header = DataElementHeader::new(header.tag, vr, Length(length));
                encoder
                    .encode_element_header(&mut out, header)
                    .map_err(|error| fault(&error))?;
                out.extend_from_slice(&bytes);
                continue;
            }
            DataToken::SequenceStart { tag, .. } => {
                let header = DataElementHeader::new(tag, VR::SQ, Length::UNDEFINED);
                encoder.encode_element_header(&mut out, header).map(drop)
            }
            DataToken::SequenceEnd => encoder.encode_sequence_delimiter(&mut out),
            DataToken::ItemStart { .. } => encoder.encode_item_header(&mut out, u32::MAX),
            DataToken::ItemEnd => encoder.encode_item_delimiter(&mut out),
            DataToken::PixelSequenceStart | DataToken::ItemValue(_) | DataToken::OffsetTable(_) => {
                return Err("compressed pixels in a native transfer syntax".to_owned());
            }
        };
        written.map_err(|error| fault(&error))?;
    }
    Ok(out)
}

/// The VR of an element. Where the dictionary leaves it to the pixels whether there is a sign, a reader of implicit VRs takes
/// them for unsigned.
fn vr_of(header: &DataElementHeader, is_signed: bool) -> VR {
    let known = StandardDataDictionary.by_tag(header.tag);
    let depends = known.is_some_and(|entry| entry.vr() == VirtualVr::Xs);
    if depends && is_signed && header.vr == VR::US {
        VR::SS
    } else {
        header.vr
    }
}

/// The films that are asked for, as far as whoever asks sees them. That they are fetched is noted, and that they are there
/// and not for this device to see as well.
pub(crate) async fn wanted(
    session: &Session<'_>,
    context: &Context,
    bytes: &[u8],
    model: Model,
    form: &str,
) -> Result<Vec<StoredInstance>, Refusal> {
    let received = Received::read(bytes, &context.transfer_syntax)
        .map_err(|error| Refusal::new(UNABLE, error.to_string()))?;
    let names = names(&received, model)?;
    let limit = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
    let mut tx = session.service.database.begin(&session.peer.actor).await?;
    let found = dicom::named(&mut tx, &names, limit).await?;
    if found.len() > MOST {
        let comment = format!("more than {MOST} films are asked for at once");
        return Err(Refusal::new(TOO_MANY, comment));
    }
    if found.is_empty() {
        let request = json!({ "method": form, "path": "dimse" });
        for study in names.studies.iter().flatten() {
            dicom::note_refused(&mut tx, study, &request).await?;
        }
    }
    let reports: BTreeSet<_> = found.iter().map(|instance| instance.report_id).collect();
    for report_id in reports {
        let images = found.iter().filter(|one| one.report_id == report_id);
        let act = Act::new(AuditAction::ReadImage, EntityType::Report)
            .on(report_id)
            .new_values(json!({ "images": images.count(), "form": form }));
        tx.audit(act).await?;
    }
    tx.commit().await?;
    Ok(found)
}

/// The unique keys of the level that is asked for, and those above it that are said.
fn names(received: &Received, model: Model) -> Result<Names, Refusal> {
    let of = Of::read(&received.text(tags::QUERY_RETRIEVE_LEVEL), model)?;
    let uids = |tag| {
        let text = received.text(tag);
        let uids: Vec<String> = list(&text).map(str::to_owned).collect();
        if uids.iter().all(|uid| is_uid(uid)) {
            return Ok((!uids.is_empty()).then_some(uids));
        }
        Err(Refusal::new(
            NO_MATCH_WITH_CLASS,
            "UIDs are digits and dots",
        ))
    };
    let patient_number = Some(received.text(tags::PATIENT_ID))
        .filter(|number| !number.is_empty() && model == Model::Patient);
    let mut names = Names {
        patient_number,
        studies: uids(tags::STUDY_INSTANCE_UID)?,
        series: uids(tags::SERIES_INSTANCE_UID)?,
        instances: uids(tags::SOP_INSTANCE_UID)?,
    };
    let is_said = match of {
        Of::Patients => {
            names = Names {
                patient_number: names.patient_number,
                ..Names::default()
            };
            names.patient_number.is_some()
        }
        Of::Studies => {
            (names.series, names.instances) = (None, None);
            names.studies.is_some()
        }
        // A series is looked for within its study.
        Of::Series => {
            names.instances = None;
            names.studies.is_some() && names.series.is_some()
        }
        Of::Images => names.instances.is_some(),
    };
    if !is_said {
        let comment = "the unique key of the level, or the study of a series, is missing";
        return Err(Refusal::new(NO_MATCH_WITH_CLASS, comment));
    }
    Ok(names)
}

/// How the sub-operations of a retrieval go.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    all: usize,
    completed: usize,
    warning: usize,
    /// The instances that failed.
    failed: Vec<String>,
}

impl Progress {
    pub(crate) fn of(all: usize) -> Self {
        Self {
            all,
            ..Self::default()
        }
    }

    /// Notes the status of a C-STORE.
    pub(crate) fn note(&mut self, instance: &str, status: u16) {
        match status {
            0 => self.completed += 1,
            0xB000..=0xBFFF => self.warning += 1,
            _ => self.failed(instance),
        }
    }

    pub(crate) fn failed(&mut self, instance: &str) {
        self.failed.push(instance.to_owned());
    }

    fn counts(&self, with_remaining: bool) -> Counts {
        let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let done = self.completed + self.warning + self.failed.len();
        Counts {
            remaining: with_remaining.then(|| number(self.all.saturating_sub(done))),
            completed: number(self.completed),
            failed: number(self.failed.len()),
            warning: number(self.warning),
        }
    }

    /// Tells how it goes.
    pub(crate) async fn tell(
        &self,
        session: &mut Session<'_>,
        context: &Context,
        asked: &Command,
    ) -> Result<(), Broken> {
        let answer = asked.answer(PENDING, None).counting(self.counts(true));
        Ok(session.line.say(context.id, &answer, None).await?)
    }

    /// Tells how it went, and which instances failed.
    pub(crate) async fn end(
        &self,
        session: &mut Session<'_>,
        context: &Context,
        asked: &Command,
        is_cancelled: bool,
    ) -> Result<(), Broken> {
        let status = if is_cancelled {
            CANCELLED
        } else if self.failed.is_empty() && self.warning == 0 {
            0
        } else if self.completed + self.warning == 0 {
            NONE_DONE
        } else {
            PARTLY_DONE
        };
        let answer = asked
            .answer(status, None)
            .counting(self.counts(is_cancelled));
        if self.failed.is_empty() {
            return Ok(session.line.say(context.id, &answer, None).await?);
        }
        let mut identifier = Making::default();
        identifier.values(
            tags::FAILED_SOP_INSTANCE_UID_LIST,
            VR::UI,
            &self.failed.join("\\"),
        );
        let bytes = identifier
            .written(&context.transfer_syntax)
            .map_err(|error| Broken::Protocol(error.to_string()))?;
        let answer = answer.with_data_set();
        Ok(session.line.say(context.id, &answer, Some(&bytes)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data set's header and its pixels.
    fn read(data: &[u8], syntax: &str) -> (serde_json::Value, Vec<u8>) {
        let mut file = imaging::write::file_head("1.2", "1.2.3", syntax).unwrap();
        file.extend_from_slice(data);
        let file = DicomFile::open(&file, &Limits::default()).unwrap();
        assert_eq!(file.transfer_syntax_uid(), syntax);
        let pixels = file.bulk("7FE00010").unwrap();
        (file.full_json(), pixels)
    }

    #[test]
    fn a_data_set_rewritten_is_what_it_was() {
        let file = testkit::dicom_film(1, "MRN-1");
        let at = DicomFile::open(&file, &Limits::default())
            .unwrap()
            .data_set_at();
        let [explicit, implicit] = crate::calling::NATIVE;
        let original = read(&file[at..], explicit);
        let other = rewritten(&file[at..], explicit).unwrap();
        assert_ne!(other, &file[at..]);
        assert_eq!(read(&other, implicit), original);
        let again = rewritten(&other, implicit).unwrap();
        assert_eq!(read(&again, explicit), original);
    }

    /// Every native film of the collection: texts in all character sets, signs, sequences, private elements.
    #[test]
    fn films_of_others_rewritten_are_what_they_were() {
        let Some(folder) = testkit::shared_folder("dicom") else {
            return;
        };
        let (mut tried, mut faults) = (0, Vec::new());
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            let Ok(file) = DicomFile::open(&bytes, &Limits::default()) else {
                continue;
            };
            let syntax = file.transfer_syntax_uid();
            let [explicit, implicit] = crate::calling::NATIVE;
            let other = match syntax {
                syntax if syntax == explicit => implicit,
                syntax if syntax == implicit => explicit,
                _ => continue,
            };
            // What is broken is not sent in another syntax, or as it is: never altered.
            let Ok(written) = rewritten(&bytes[file.data_set_at()..], syntax) else {
                continue;
            };
            tried += 1;
            // Implicit VRs do not say whether there is a sign, so such a film is looked at when it is explicit again.
            let (other, written) = if other == implicit {
                (explicit, rewritten(&written, implicit).unwrap())
            } else {
                (other, written)
            };
            let mut head = imaging::write::file_head("1.2", "1.2.3", other).unwrap();
            head.extend_from_slice(&written);
            let reread = DicomFile::open(&head, &Limits::default()).unwrap();
            if values(&file) != values(&reread) {
                faults.push(path);
            }
        }
        assert!(tried > 30, "{tried} films");
        assert!(faults.is_empty(), "of {tried}: {faults:?}");
    }

    /// The values of a header, without VRs, which implicit ones do not say.
    fn values(file: &DicomFile<'_>) -> serde_json::Value {
        fn plain(value: &serde_json::Value) -> serde_json::Value {
            let Some(elements) = value.as_object() else {
                return value.clone();
            };
            let elements = elements.iter().filter_map(|(tag, element)| {
                let vr = element["vr"].as_str()?;
                let values = element["Value"].as_array()?;
                let is_known = !tag.ends_with("0000") && vr != "UN";
                let values = values.iter().map(plain).collect();
                is_known.then(|| (tag.clone(), serde_json::Value::Array(values)))
            });
            // Names are objects as well, of other things than elements.
            let elements: serde_json::Map<_, _> = elements.collect();
            if elements.is_empty() {
                return value.clone();
            }
            serde_json::Value::Object(elements)
        }
        // Private elements are UN where nobody says what they are.
        let mut all = file.metadata_json();
        if let Some(all) = all.as_object_mut() {
            all.retain(|tag, _| {
                u8::from_str_radix(&tag[3..4], 16).is_ok_and(|digit| digit % 2 == 0)
            });
        }
        plain(&all)
    }

    #[test]
    fn a_film_goes_in_its_own_syntax_or_in_the_other_native_one() {
        let film = |syntax: &str| Film {
            class: String::new(),
            instance: String::new(),
            syntax: syntax.to_owned(),
            digest: "00".repeat(32).parse().unwrap(),
        };
        let [explicit, implicit] = crate::calling::NATIVE;
        let both = [implicit, explicit];
        assert_eq!(
            film(explicit).syntax_among(both.into_iter()),
            Some(explicit)
        );
        assert_eq!(
            film(explicit).syntax_among([implicit].into_iter()),
            Some(implicit)
        );
        let compressed = uids::JPEG_LOSSLESS_SV1;
        assert_eq!(film(compressed).syntax_among(both.into_iter()), None);
        assert_eq!(film(explicit).syntax_among([compressed].into_iter()), None);
    }
}
