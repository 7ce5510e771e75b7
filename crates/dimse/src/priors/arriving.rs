//! Films that an archive sends by itself since it was asked to (C-MOVE): those of a study that was asked for a short while
//! ago, and from that archive, are of an earlier study; all others are new films like any.

use blobs::Staged;
use db::{Actor, priors};
use imaging::Limits;
use intake::IntakeError;

use super::{Kept, keep};
use crate::Dimse;

/// Takes a film that was asked for; gives back what was not.
pub(crate) async fn take(
    service: &Dimse,
    archive: &str,
    staged: Staged,
    limits: Limits,
) -> Result<Result<Kept, Staged>, IntakeError> {
    let (staged, header) = service.intake.header(staged, limits).await?;
    let Some(header) = header else {
        return Ok(Err(staged));
    };
    let mut tx = service.database.begin(&Actor::worker()).await?;
    let wanted = priors::expected(&mut tx, archive, &header.study_uid).await?;
    drop(tx);
    if wanted.is_empty() {
        return Ok(Err(staged));
    }
    let (database, intake) = (&service.database, &service.intake);
    let kept = keep(database, intake, staged, Some(header), &wanted, limits).await?;
    Ok(Ok(kept))
}
