//! How handlers end.

use db::{Actor, Database, jobs::Leased};

use crate::JobError;

/// Ends a job that has nothing more to write. Where the lease is gone, whoever has the job now will end it.
///
/// # Errors
/// When the database does not answer.
pub async fn end(database: &Database, job: &Leased) -> Result<(), JobError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    if db::jobs::complete(&mut tx, job).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// Does the same for several, one after the other, however many fail.
///
/// # Errors
/// When some failed: the text says for each by its name why.
pub async fn for_each<W>(work: impl IntoIterator<Item = (String, W)>) -> Result<(), JobError>
where
    W: Future<Output = Result<(), JobError>>,
{
    let mut failures = Vec::new();
    for (name, work) in work {
        if let Err(failure) = work.await {
            failures.push(format!("{name}: {}", failure.0));
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(JobError(failures.join("; ")))
    }
}
