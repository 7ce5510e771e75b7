//! Films that are kept without becoming a report: those of earlier studies.

use blobs::Staged;
use decoding::Lane;
use imaging::{DicomHeader, Limits};

use crate::{
    Rejected,
    file::{CheckedFile, Incoming, check_and_keep},
    receive::{Intake, IntakeError},
};

impl Intake {
    /// What the header of a staged file says, beside the file; none where it is no DICOM object, or its header cannot be read.
    ///
    /// # Errors
    /// When the server is going down.
    pub async fn header(
        &self,
        staged: Staged,
        limits: Limits,
    ) -> Result<(Staged, Option<DicomHeader>), IntakeError> {
        let decoders = self.decoders.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let header = staged
                .read()
                .ok()
                .and_then(|bytes| decoders.header(Lane::Intake, &bytes, &limits).ok());
            (staged, header)
        });
        Ok(looked.await?)
    }

    /// Checks and keeps a file; when this returns it is durable. Whoever asks names it in a row.
    ///
    /// # Errors
    /// When the server is going down; inside, why the file is not taken.
    pub async fn keep(
        &self,
        file: Incoming,
        limits: Limits,
    ) -> Result<Result<CheckedFile, Rejected>, IntakeError> {
        let decoders = self.decoders.clone();
        let kept = tokio::task::spawn_blocking(move || check_and_keep(file, &decoders, &limits));
        Ok(kept.await?)
    }
}
