//! Reminders to the privacy officers of accesses in emergencies that nobody has reviewed.

use std::sync::Arc;

use chrono::Duration;
use db::{
    Actor, Database, DbError, emergency,
    notifications::{self, Message},
};
use domain::review::NotificationPriority;
use jobs::Chore;

/// How long after one reminder the next one comes.
const EVERY: Duration = Duration::hours(24);

/// Reminds the officers once a day while accesses wait for their review. A chore.
#[must_use]
pub fn reminders_chore() -> Chore {
    Arc::new(|database| Box::pin(remind(database)))
}

async fn remind(database: Database) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let before = tx.now() - EVERY;
    if emergency::remind(&mut tx, before).await? == 0 {
        return Ok(());
    }
    let officers = emergency::officers(&mut tx).await?;
    let message = Message {
        kind: "emergency_review",
        priority: NotificationPriority::High,
        title: "An access in an emergency waits for review",
        message: "Somebody opened a patient's record in an emergency. It is over now and waits for the review of a privacy officer.",
        action_url: Some("/emergencies".to_owned()),
        related_report_id: None,
    };
    notifications::send(&mut tx, &officers, &message).await?;
    tx.commit().await
}
