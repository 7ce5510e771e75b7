//! Files that come in piece by piece: whose they are and how long they should become. The bytes are
//! beside the blob store.

use chrono::{DateTime, Utc};
use domain::{UploadId, UserId};
use sqlx::types::Uuid;

use crate::{ActorTx, DbError, error::During};

/// A file on its way.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Identifier.
    pub upload_id: UploadId,
    /// Whose.
    pub user_id: UserId,
    /// Its name where it comes from; shown, never used as a path.
    pub file_name: String,
    /// Bytes that it should become.
    pub size: i64,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// From when on it may be cleared.
    pub expires_at: DateTime<Utc>,
    /// When it became part of a report.
    pub taken_at: Option<DateTime<Utc>>,
}

/// How much the acting user has on its way.
#[derive(Debug, Clone, Copy)]
pub struct OnTheWay {
    /// Files.
    pub files: i64,
    /// Bytes that they should become.
    pub bytes: i64,
}

/// Counts the acting user's uploads that are not yet part of a report. Served by `idx_uploads_user_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn on_the_way(tx: &mut ActorTx) -> Result<OnTheWay, DbError> {
    let now = tx.now();
    let user = tx.actor().user_id().map(Uuid::from);
    sqlx::query_as!(
        OnTheWay,
        r#"SELECT count(*) AS "files!", coalesce(sum(size), 0)::bigint AS "bytes!" FROM portal.uploads
           WHERE user_id = $1 AND taken_at IS NULL AND expires_at > $2"#,
        user,
        now
    )
    .fetch_one(tx.connection())
    .await
    .during("count uploads")
}

/// Begins an upload of the acting user.
///
/// # Errors
/// When the database does not answer.
pub async fn create(
    tx: &mut ActorTx,
    upload_id: UploadId,
    file_name: &str,
    size: i64,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let now = tx.now();
    let user = tx.actor().user_id().map(Uuid::from);
    sqlx::query!(
        "INSERT INTO portal.uploads (upload_id, user_id, file_name, size, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        upload_id.0,
        user,
        file_name,
        size,
        now,
        expires_at
    )
    .execute(tx.connection())
    .await
    .during("begin an upload")?;
    Ok(())
}

/// One of the acting user's uploads that has not expired.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, upload_id: UploadId) -> Result<Option<Upload>, DbError> {
    let now = tx.now();
    sqlx::query_as!(
        Upload,
        r#"SELECT upload_id AS "upload_id: UploadId", user_id AS "user_id: UserId", file_name, size, created_at,
                  expires_at, taken_at
           FROM portal.uploads WHERE upload_id = $1 AND expires_at > $2"#,
        upload_id.0,
        now
    )
    .fetch_optional(tx.connection())
    .await
    .during("look an upload up")
}

/// Keeps an upload until another moment.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_until(
    tx: &mut ActorTx,
    upload_id: UploadId,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE portal.uploads SET expires_at = $2 WHERE upload_id = $1",
        upload_id.0,
        expires_at
    )
    .execute(tx.connection())
    .await
    .during("keep an upload")?;
    Ok(())
}

/// Notes that uploads became part of a report. They stay for a while, so that a request whose answer was
/// lost can be sent again.
///
/// # Errors
/// When the database does not answer.
pub async fn taken(
    tx: &mut ActorTx,
    uploads: &[UploadId],
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let now = tx.now();
    let ids: Vec<Uuid> = uploads.iter().map(|id| id.0).collect();
    sqlx::query!(
        "UPDATE portal.uploads SET taken_at = coalesce(taken_at, $2), expires_at = $3 WHERE upload_id = ANY($1)",
        &ids,
        now,
        expires_at
    )
    .execute(tx.connection())
    .await
    .during("note that uploads were taken")?;
    Ok(())
}

/// Forgets one of the acting user's uploads. Says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut ActorTx, upload_id: UploadId) -> Result<bool, DbError> {
    let gone = sqlx::query!(
        "DELETE FROM portal.uploads WHERE upload_id = $1",
        upload_id.0
    )
    .execute(tx.connection())
    .await
    .during("forget an upload")?;
    Ok(gone.rows_affected() == 1)
}

/// Forgets expired uploads and says which. Served by `idx_uploads_expires_at`.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &mut ActorTx) -> Result<Vec<UploadId>, DbError> {
    let now = tx.now();
    sqlx::query_scalar!(
        r#"DELETE FROM portal.uploads
           WHERE upload_id IN (SELECT upload_id FROM portal.uploads WHERE expires_at <= $1 ORDER BY expires_at LIMIT 500)
           RETURNING upload_id AS "upload_id: UploadId""#,
        now
    )
    .fetch_all(tx.connection())
    .await
    .during("forget expired uploads")
}
