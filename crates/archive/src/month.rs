//! One month: out of the database, into its file.

use std::path::{Path, PathBuf};

use db::{DatabaseOptions, audit_months::AuditMonths};
use futures::TryStreamExt;
use trail::{Archive, PublicKeys, SigningKeys};

use crate::{ArchiveError, Proved, file::Writer};

/// A month that was archived.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Archived {
    /// Its file.
    pub file: PathBuf,
    /// What the file holds.
    #[serde(flatten)]
    pub proved: Proved,
}

/// The months that ended `keep_months` or more before this one, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn due(owner: &DatabaseOptions, keep_months: u32) -> Result<Vec<String>, ArchiveError> {
    let mut months = AuditMonths::connect(owner).await?;
    let due = months.older_than(keep_months).await?;
    months.close().await?;
    Ok(due)
}

/// Moves one month of [`due`] into a file in `folder`. Stopped half-way, the month is still in the
/// database; run again, it goes on.
///
/// # Errors
/// When the database or the disk does not answer, or the file that is there holds something else.
pub async fn archive(
    owner: &DatabaseOptions,
    partition: &str,
    folder: &Path,
    keys: &SigningKeys,
) -> Result<Archived, ArchiveError> {
    let mut months = AuditMonths::connect(owner).await?;
    let (from_at, until_at) = months.bounds(partition).await?;
    let key = keys.current(months.now().await?)?;
    let public = PublicKeys::load(&keys.public_path())?;
    let mut writer = Writer::new(folder, partition)?;
    {
        let mut rows = months.rows(partition);
        while let Some(row) = rows.try_next().await? {
            writer.row(row)?;
        }
    }
    let sign = |rows: u64, chain: &[u8; 32]| {
        let unsigned = Archive {
            partition: partition.to_owned(),
            from_at,
            until_at,
            rows: i64::try_from(rows).expect("a table has fewer rows"),
            chain: chain.to_vec(),
            key: Vec::new(),
            signature: Vec::new(),
        };
        Archive::sign(&key, unsigned)
    };
    let (file, proved, signed) = writer.finish(sign, &public)?;
    months.remove(&signed.into_row()).await?;
    months.close().await?;
    tracing::info!(
        partition,
        rows = proved.rows,
        "a month of the audit trail was archived"
    );
    Ok(Archived { file, proved })
}
