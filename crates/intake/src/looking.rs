//! The files of a delivery: each is looked at, and what is an image is brought to the disk.

use std::{collections::BTreeMap, time::Duration};

use blobs::Staged;
use decoding::Decoders;
use domain::ImageFormat;
use imaging::Limits;
use tokio::task::{JoinError, JoinHandle};

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

/// The images that could not be kept, by their places among those that were checked.
type Lost = BTreeMap<usize, Rejected>;

/// Images that are brought to the disk while the database is asked.
pub(crate) struct Keeping {
    task: Option<JoinHandle<Lost>>,
    lost: Lost,
}

impl Keeping {
    /// Begins with it.
    pub(crate) fn begin(staged: Vec<(String, Staged)>) -> Self {
        Self::of(move || keep(staged))
    }

    fn of(keep: impl FnOnce() -> Lost + Send + 'static) -> Self {
        Self {
            task: Some(tokio::task::spawn_blocking(keep)),
            lost: Lost::new(),
        }
    }

    /// Whether all of them are there for good, but those whose loss was told; that is waited for no longer than this.
    pub(crate) async fn is_done(&mut self, patience: Duration) -> Result<bool, JoinError> {
        match tokio::time::timeout(patience, self.end()).await {
            Ok(ended) => ended.map(|()| self.lost.is_empty()),
            Err(_) => Ok(false),
        }
    }

    /// Waits for the disk, and tells which of them it did not take.
    pub(crate) async fn lost(&mut self) -> Result<Lost, JoinError> {
        self.end().await?;
        Ok(std::mem::take(&mut self.lost))
    }

    async fn end(&mut self) -> Result<(), JoinError> {
        if let Some(task) = &mut self.task {
            self.lost = task.await?;
            self.task = None;
        }
        Ok(())
    }
}

/// Keeps the images for good, as far as the disk takes them.
fn keep(staged: Vec<(String, Staged)>) -> Lost {
    let kept = staged.into_iter().enumerate().map(|(at, (file, staged))| {
        let kept = staged.keep();
        kept.map_err(|error| (at, not_kept(&file, &error))).err()
    });
    kept.flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_slow_disk_is_waited_for_apart_and_what_it_lost_is_told_once() {
        let (go_on, told) = mpsc::channel::<()>();
        let mut keeping = Keeping::of(move || {
            told.recv().unwrap();
            let why = Rejected {
                file: "film.dcm".to_owned(),
                code: "storage_failed".to_owned(),
                detail: "the disk is full".to_owned(),
            };
            Lost::from([(1, why)])
        });
        let brief = Duration::from_millis(10);
        assert!(!keeping.is_done(brief).await.unwrap());
        assert!(!keeping.is_done(brief).await.unwrap());
        go_on.send(()).unwrap();
        let patient = Duration::from_secs(30);
        assert!(!keeping.is_done(patient).await.unwrap(), "one is lost");
        let lost = keeping.lost().await.unwrap();
        assert_eq!(lost.keys().collect::<Vec<_>>(), [&1]);
        assert!(keeping.is_done(brief).await.unwrap());
        assert!(keeping.lost().await.unwrap().is_empty());
    }
}
