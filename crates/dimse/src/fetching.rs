//! Fetching a study from an archive on the association that asks for it (C-GET as an SCU, PS3.4 section C.4.3): what is sent
//! lies in staging until whoever asked has looked at it.

use std::time::Duration;

use blobs::{BlobError, BlobStore, Staged};
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_ul::pdu::RequestorRoles;
use imaging::write::file_head;

use crate::{
    asking::{Archive, AskError, in_native, native, next_answer, small_data_set},
    calling::Call,
    command::{self, Command},
    data::Making,
    find::{CANCELLED, PENDING},
    line::Heard,
};

/// Most films of one study: a radiograph has a handful, and a series of slices is nothing to compare one with.
pub const MOST_FILMS: usize = 40;
/// So many more are refused after the archive was told to stop, since they may be under way; then it is left.
const MOST_AFTERWARDS: usize = 20;
/// Longest time for one study.
const LONGEST: Duration = Duration::from_secs(600);
/// Refused: none of the sub-operations could be done.
const NONE_DONE: u16 = 0xA702;
/// Refused: out of resources.
const NO_MORE: u16 = 0xA700;

/// What radiographs are stored as; each is proposed in each of [`SYNTAXES`].
const CLASSES: [&str; 5] = [
    uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::X_RAY_RADIOFLUOROSCOPIC_IMAGE_STORAGE,
    uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
];
/// Transfer syntaxes that archives keep radiographs in, so that films come as they lie there.
const SYNTAXES: [&str; 11] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
    uids::JPEG_LOSSLESS_SV1,
    uids::JPEG_LOSSLESS,
    uids::JPEG2000_LOSSLESS,
    uids::JPEG2000,
    uids::JPEGLS_LOSSLESS,
    uids::JPEGLS_NEAR_LOSSLESS,
    uids::JPEG_BASELINE8_BIT,
    uids::JPEG_EXTENDED12_BIT,
    uids::RLE_LOSSLESS,
];

/// A film that an archive sent.
#[derive(Debug)]
pub struct SentFilm {
    /// SOP Class UID, as the archive says it.
    pub sop_class_uid: String,
    /// SOP Instance UID, as the archive says it.
    pub sop_instance_uid: String,
    /// The file, not kept yet. That it is of the study that was asked for, its header has to say.
    pub file: Staged,
}

/// What came of a study.
#[derive(Debug, Default)]
pub struct Fetched {
    /// Its films.
    pub films: Vec<SentFilm>,
    /// How many films were not taken, or that the archive could not send.
    pub missing: usize,
    /// Whether there are more than are taken.
    pub is_cut: bool,
}

/// What an archive says that it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HadSent {
    /// Films that the portal took.
    pub sent: usize,
    /// Films that it did not take, or that the archive could not send.
    pub missing: usize,
}

/// The identifier of a retrieval.
fn one_study(study_uid: &str, syntax: &str) -> Result<Vec<u8>, AskError> {
    let mut wanted = Making::default();
    wanted
        .text(tags::QUERY_RETRIEVE_LEVEL, VR::CS, Some("STUDY"))
        .text(tags::STUDY_INSTANCE_UID, VR::UI, Some(study_uid));
    wanted
        .written(syntax)
        .map_err(|error| AskError::Unwritable(error.to_string()))
}

impl Archive {
    /// Fetches a study, each film of at most `longest` bytes; none where the archive does not send films on the association
    /// that asks for them.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn fetch(
        &self,
        study_uid: &str,
        blobs: &BlobStore,
        longest: u64,
    ) -> Result<Option<Fetched>, AskError> {
        tokio::time::timeout(LONGEST, self.get(study_uid, blobs, longest))
            .await
            .map_err(|_| self.too_slow(LONGEST))?
    }

    async fn get(
        &self,
        study_uid: &str,
        blobs: &BlobStore,
        longest: u64,
    ) -> Result<Option<Fetched>, AskError> {
        let class = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET;
        let mut proposals = native(class);
        for stored in CLASSES {
            let with = |syntax: &&str| (stored.to_owned(), (*syntax).to_owned());
            proposals.extend(SYNTAXES.iter().map(with));
        }
        let roles = CLASSES.map(|stored| {
            let scp_too = RequestorRoles {
                scu: false,
                scp: true,
            };
            (stored, scp_too)
        });
        let mut call = self.call(&proposals, &roles).await?;
        let agreed = in_native(&call, class).filter(|_| call.is_store());
        let Some((context, syntax)) = agreed else {
            call.end().await;
            return Ok(None);
        };
        let request = Command::inquiry(command::GET, call.message(), class);
        call.say(context, &request, Some(&one_study(study_uid, syntax)?))
            .await?;
        let mut fetched = Fetched::default();
        let mut refused = 0;
        loop {
            let Heard::Command {
                context: in_context,
                command: said,
            } = call.hear().await?
            else {
                return Err(call.broken(&"it sends data without a command").into());
            };
            if said.field() == Some(command::STORE) && said.has_data_set() {
                let has_room = fetched.films.len() < MOST_FILMS;
                let taken = take(&mut call, in_context, &said, blobs, longest, has_room).await?;
                match taken {
                    Some(film) => fetched.films.push(film),
                    None => fetched.missing += 1,
                }
                if !has_room {
                    if !fetched.is_cut {
                        let back = Command::cancel(request.message_id().unwrap_or_default());
                        call.say(context, &back, None).await?;
                    }
                    fetched.is_cut = true;
                    refused += 1;
                }
                if refused > MOST_AFTERWARDS {
                    call.abort().await;
                    return Ok(Some(fetched));
                }
                continue;
            }
            if in_context != context || !said.is_answer_to(&request) {
                return Err(call.broken(&"it answers something else").into());
            }
            if said.has_data_set() {
                small_data_set(&mut call, context).await?;
            }
            let status = said.status().unwrap_or_default();
            if status == PENDING {
                continue;
            }
            call.end().await;
            return self.ended(status, &said, fetched).map(Some);
        }
    }

    /// Has a study sent to the portal, on an association of the archive's own ([`crate::Dimse`] takes it), where it does not
    /// send films on the association that asks for them. The archive has to know where the portal listens.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn have_sent(&self, study_uid: &str) -> Result<HadSent, AskError> {
        tokio::time::timeout(LONGEST, self.have_moved(study_uid))
            .await
            .map_err(|_| self.too_slow(LONGEST))?
    }

    async fn have_moved(&self, study_uid: &str) -> Result<HadSent, AskError> {
        let class = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;
        let mut call = self.call(&native(class), &[]).await?;
        let Some((context, syntax)) = in_native(&call, class) else {
            call.end().await;
            return Err(self.not_spoken("retrieval (C-GET or C-MOVE, Study Root)"));
        };
        let request = Command::moving(call.message(), class, &self.own_title);
        call.say(context, &request, Some(&one_study(study_uid, syntax)?))
            .await?;
        loop {
            let said = next_answer(&mut call, context, &request).await?;
            if said.has_data_set() {
                small_data_set(&mut call, context).await?;
            }
            let status = said.status().unwrap_or_default();
            if status == PENDING {
                continue;
            }
            call.end().await;
            let [completed, failed, warning] = said.sub_operations().map(usize::from);
            let had_sent = HadSent {
                sent: completed + warning,
                missing: failed,
            };
            return match status {
                0 | 0xB000..=0xBFFF => Ok(had_sent),
                NONE_DONE if failed > 0 => Ok(had_sent),
                status => Err(self.refused(status)),
            };
        }
    }

    /// What a status that ends a retrieval makes of what has come.
    fn ended(&self, status: u16, said: &Command, fetched: Fetched) -> Result<Fetched, AskError> {
        let [_, failed, _] = said.sub_operations();
        let missing = fetched.missing.max(usize::from(failed));
        match status {
            0 | 0xB000..=0xBFFF => Ok(Fetched { missing, ..fetched }),
            // None came, and it says how many: what was wrong with each is known here.
            NONE_DONE if missing > 0 => Ok(Fetched { missing, ..fetched }),
            CANCELLED if fetched.is_cut => Ok(fetched),
            status => Err(self.refused(status)),
        }
    }
}

/// Takes a film into staging and answers; none where it is refused.
async fn take(
    call: &mut Call,
    context: u8,
    asked: &Command,
    blobs: &BlobStore,
    longest: u64,
    has_room: bool,
) -> Result<Option<SentFilm>, AskError> {
    let proposal = call.stored_in(context).cloned();
    let Some((class, syntax)) = proposal.filter(|(class, _)| *class == asked.sop_class()) else {
        return Err(call.broken(&"it sends what was not agreed on").into());
    };
    let instance = asked.sop_instance();
    let mut arrival = None;
    if has_room {
        let head = file_head(&class, &instance, &syntax)
            .map_err(|_| call.broken(&"it sends a film without a name"))?;
        let mut begun = blobs.receive(longest);
        begun.take(head.into()).await;
        arrival = Some(begun);
    }
    loop {
        let (part, is_last) = call.part(context).await?;
        if let Some(arrival) = &mut arrival {
            arrival.take(part).await;
        }
        if is_last {
            break;
        }
    }
    let staged: Option<Staged> = match arrival {
        None => None,
        Some(arrival) => {
            let finished = arrival.finish_within_limit().await;
            finished.map_err(|error| unkept(call, &error))?
        }
    };
    let status = if staged.is_some() { 0 } else { NO_MORE };
    call.say(context, &asked.answer(status, None), None).await?;
    Ok(staged.map(|file| SentFilm {
        sop_class_uid: class,
        sop_instance_uid: instance,
        file,
    }))
}

fn unkept(call: &Call, error: &BlobError) -> AskError {
    AskError::Unkept {
        title: call.title().to_owned(),
        fault: error.to_string(),
    }
}
