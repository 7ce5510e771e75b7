//! Reminders to the privacy officers: of accesses in emergencies that nobody has reviewed, of requests for correction
//! that are due.

use std::sync::Arc;

use chrono::Duration;
use db::{
    Actor, ActorTx, Database, DbError, corrections, emergency,
    notifications::{self, Message},
};
use domain::review::NotificationPriority;
use jobs::Chore;

/// How long after one reminder the next one comes.
const EVERY: Duration = Duration::hours(24);

/// How long before a request for correction is due they hear of it.
const LAST_DAYS: Duration = Duration::days(7);

/// Reminds the officers once a day while something waits for them. A chore.
#[must_use]
pub fn reminders_chore() -> Chore {
    Arc::new(|database| Box::pin(remind(database)))
}

async fn remind(database: Database) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let (now, before) = (tx.now(), tx.now() - EVERY);
    let mut told = false;
    if emergency::remind(&mut tx, before).await? > 0 {
        let message = Message {
            kind: "emergency_review",
            priority: NotificationPriority::High,
            title: "An access in an emergency waits for review",
            message: "Somebody opened a patient's record in an emergency. It is over now and waits for the review of a privacy officer.",
            action_url: Some("/emergencies".to_owned()),
            related_report_id: None,
        };
        tell(&mut tx, &message).await?;
        told = true;
    }
    if corrections::remind(&mut tx, now + LAST_DAYS, before).await? > 0 {
        let message = Message {
            kind: "correction_due",
            priority: NotificationPriority::High,
            title: "A request for correction is due",
            message: "A request for correction has to be decided on within a week, or is late.",
            action_url: Some("/privacy".to_owned()),
            related_report_id: None,
        };
        tell(&mut tx, &message).await?;
        told = true;
    }
    if told { tx.commit().await } else { Ok(()) }
}

async fn tell(tx: &mut ActorTx, message: &Message<'_>) -> Result<(), DbError> {
    let officers = emergency::officers(tx).await?;
    notifications::send(tx, &officers, message).await
}
