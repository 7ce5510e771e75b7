//! The files of a delivery: each is looked at, and what is an image is brought to the disk.

use std::collections::BTreeMap;

use blobs::Staged;
use decoding::Decoders;
use domain::ImageFormat;
use imaging::Limits;

use crate::{
    Rejected,
    file::{CheckedFile, Incoming, NotTaken, check, not_kept},
    receive::{Delivered, Details},
};

/// Which files the sender speaks of.
pub(crate) struct Wanted {
    study_uid: Option<String>,
    dicom_only: bool,
}

impl Wanted {
    pub(crate) fn by(details: &Details) -> Self {
        Self {
            study_uid: details.study_uid.clone(),
            dicom_only: details.dicom_only,
        }
    }

    fn look(
        &self,
        file: Incoming,
        decoders: &Decoders,
        limits: &Limits,
    ) -> Result<(CheckedFile, Staged), NotTaken> {
        let (file, staged) = check(file, decoders, limits)?;
        let refuse = |code: &str, detail: &str| NotTaken {
            header: file.header().cloned().map(Box::new),
            rejected: Rejected {
                file: file.file.clone(),
                code: code.to_owned(),
                detail: detail.to_owned(),
            },
        };
        if self.dicom_only && file.format != ImageFormat::Dicom {
            return Err(refuse("not_an_image", "the file is no DICOM object"));
        }
        match self.study_uid.as_deref() {
            Some(only) if file.study_uid() != Some(only) => Err(refuse(
                "other_study",
                "the file is of another study than the request says",
            )),
            _ => Ok((file, staged)),
        }
    }
}

/// What the files turned out to be.
#[derive(Default)]
pub(crate) struct Looked {
    /// The images.
    pub(crate) checked: Vec<CheckedFile>,
    /// Their names and bytes, in the same order.
    pub(crate) staged: Vec<(String, Staged)>,
    /// What is not taken.
    pub(crate) rejected: Vec<Rejected>,
    /// Every file, as it was sent.
    pub(crate) instances: Vec<Delivered>,
}

impl Looked {
    /// Looks at the files in their order. Blocks; call it off the async threads.
    pub(crate) fn at(
        files: Vec<Incoming>,
        wanted: &Wanted,
        decoders: &Decoders,
        limits: &Limits,
    ) -> Self {
        let mut looked = Self::default();
        for file in files {
            let name = file.file.clone();
            let (header, warnings) = match wanted.look(file, decoders, limits) {
                Ok((file, staged)) => {
                    let known = (file.header().cloned(), file.warnings.clone());
                    looked.staged.push((name.clone(), staged));
                    looked.checked.push(file);
                    known
                }
                Err(refused) => {
                    looked.rejected.push(refused.rejected);
                    (refused.header.map(|header| *header), Vec::new())
                }
            };
            looked.instances.push(Delivered {
                file: name,
                header,
                warnings,
            });
        }
        looked
    }

    /// Goes on without the images that the disk did not take.
    pub(crate) fn lose(&mut self, lost: Lost) {
        let mut at = 0..;
        self.checked
            .retain(|_| at.next().is_some_and(|at| !lost.contains_key(&at)));
        self.rejected.extend(lost.into_values());
    }
}

/// The files that could not be kept, by their places among those that were checked.
pub(crate) type Lost = BTreeMap<usize, Rejected>;

/// Keeps the files for good, as far as the disk takes them.
pub(crate) fn keep(staged: Vec<(String, Staged)>) -> Lost {
    let kept = staged.into_iter().enumerate().map(|(at, (file, staged))| {
        let kept = staged.keep();
        kept.map_err(|error| (at, not_kept(&file, &error))).err()
    });
    kept.flatten().collect()
}
