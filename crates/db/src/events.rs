//! Events for open screens: that something changed, in the transaction that changed it.

use chrono::{DateTime, Utc};
use domain::{ReportId, Role, UserId, event::EventKind};
use futures::Stream;
use serde::Serialize;
use sqlx::{postgres::PgListener, types::Uuid};

use crate::{ActorTx, Database, DbError, error::During};

/// A change, and who is to be told of it.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Rises by about one an event; gaps happen.
    pub event_id: i64,
    /// What changed.
    pub kind: EventKind,
    /// On which report.
    pub report_id: Option<ReportId>,
    /// For this user only.
    #[serde(skip)]
    pub user_id: Option<UserId>,
    /// For every user of this role.
    #[serde(skip)]
    pub role: Option<Role>,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Event {
    /// Whether this user is to be told.
    #[must_use]
    pub fn concerns(&self, user_id: UserId, role: Role) -> bool {
        match self.user_id {
            Some(user) => user == user_id,
            None => self.role == Some(role),
        }
    }
}

/// Tells every user of a role.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_role(
    tx: &mut ActorTx,
    role: Role,
    kind: EventKind,
    report_id: Option<ReportId>,
) -> Result<(), DbError> {
    insert(tx, None, Some(role), kind, report_id).await
}

/// Tells one user.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_user(
    tx: &mut ActorTx,
    user: UserId,
    kind: EventKind,
    report_id: Option<ReportId>,
) -> Result<(), DbError> {
    insert(tx, Some(user), None, kind, report_id).await
}

/// Tells the doctors that their queue changed, and the sender that the report did.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_of_report(
    tx: &mut ActorTx,
    report_id: ReportId,
    sender: Option<UserId>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.events (kind, report_id, user_id, role, created_at)
         SELECT t.kind, $1, t.user_id, t.role, $2
         FROM (VALUES ($3, NULL::uuid, $4), ($5, $6::uuid, NULL::text)) t (kind, user_id, role)
         WHERE t.role IS NOT NULL OR t.user_id IS NOT NULL",
        report_id.0,
        now,
        EventKind::QueueChanged.as_str(),
        Role::Doctor.as_str(),
        EventKind::ReportChanged.as_str(),
        sender.map(Uuid::from)
    )
    .execute(tx.connection())
    .await
    .during("tell open screens of a report")?;
    Ok(())
}

async fn insert(
    tx: &mut ActorTx,
    user: Option<UserId>,
    role: Option<Role>,
    kind: EventKind,
    report_id: Option<ReportId>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO portal.events (kind, report_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)",
        kind.as_str(),
        report_id.map(Uuid::from),
        user.map(Uuid::from),
        role.map(Role::as_str),
        now
    )
    .execute(tx.connection())
    .await
    .during("tell open screens")?;
    Ok(())
}

/// One event by its number; read when the database announces it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, event_id: i64) -> Result<Option<Event>, DbError> {
    sqlx::query_as!(
        Event,
        r#"SELECT event_id, kind AS "kind: EventKind", report_id AS "report_id: ReportId",
                  user_id AS "user_id: UserId", role AS "role: Role", created_at
           FROM portal.events WHERE event_id = $1"#,
        event_id
    )
    .fetch_optional(tx.connection())
    .await
    .during("read an event")
}

/// What a user missed since an event. Events are numbered when they are written and seen when they
/// are committed, so a lower number can appear later: those of the ten seconds before are sent
/// again, which costs a screen one more look.
///
/// # Errors
/// When the database does not answer.
pub async fn missed(
    tx: &mut ActorTx,
    user_id: UserId,
    role: Role,
    since: i64,
) -> Result<Vec<Event>, DbError> {
    sqlx::query_as!(
        Event,
        r#"SELECT event_id, kind AS "kind: EventKind", report_id AS "report_id: ReportId",
                  user_id AS "user_id: UserId", role AS "role: Role", created_at
           FROM portal.events
           WHERE (event_id > $1
                  OR created_at > (SELECT created_at - interval '10 seconds' FROM portal.events WHERE event_id = $1))
             AND event_id <> $1
             AND (user_id = $2 OR (user_id IS NULL AND role = $3))
           ORDER BY event_id
           LIMIT 1000"#,
        since,
        user_id.0,
        role.as_str()
    )
    .fetch_all(tx.connection())
    .await
    .during("read missed events")
}

/// Deletes events older than a day: a screen that was away longer loads everything anew.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_old(tx: &mut ActorTx) -> Result<u64, DbError> {
    let now = tx.now();
    let deleted = sqlx::query!(
        "DELETE FROM portal.events WHERE created_at < $1::timestamptz - interval '1 day'",
        now
    )
    .execute(tx.connection())
    .await
    .during("delete old events")?;
    Ok(deleted.rows_affected())
}

impl Database {
    /// Listens on a channel of the database (`portal_events` or `portal_jobs`) and yields each
    /// payload; `None` means that the connection was lost and found again, so that something may
    /// have been missed.
    ///
    /// # Errors
    /// When the database cannot be reached at the start.
    pub async fn listen(
        &self,
        channel: &'static str,
    ) -> Result<impl Stream<Item = Option<String>> + Send + use<>, DbError> {
        let mut listener = PgListener::connect_with(self.listening())
            .await
            .during("listen to the database")?;
        listener
            .listen(channel)
            .await
            .during("listen to the database")?;
        Ok(futures::stream::unfold(
            listener,
            |mut listener| async move {
                loop {
                    match listener.try_recv().await {
                        Ok(notification) => {
                            return Some((
                                notification.map(|notification| notification.payload().to_owned()),
                                listener,
                            ));
                        }
                        Err(error) => {
                            tracing::warn!(%error, "listening to the database failed; trying again in a second");
                            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                        }
                    }
                }
            },
        ))
    }
}
