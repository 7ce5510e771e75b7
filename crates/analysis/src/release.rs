//! Releases that waited for their time, and claims that ran out.

use std::sync::Arc;

use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    events,
    notifications::{self, Message},
};
use domain::{
    ReportId, Role, UserId,
    audit::{AuditAction, EntityType},
    event::EventKind,
    patient_wording::RESULT_READY,
    review::NotificationPriority,
};
use jobs::Chore;

/// Tells a patient that a result is there. The message holds no clinical word: it may show on a
/// locked telephone.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_patient(
    tx: &mut ActorTx,
    report_id: ReportId,
    patient_id: UserId,
) -> Result<(), DbError> {
    let message = Message {
        kind: "result_released",
        priority: NotificationPriority::Normal,
        title: RESULT_READY.0,
        message: RESULT_READY.1,
        action_url: Some(format!("/reports/{report_id}")),
        related_report_id: Some(report_id),
    };
    notifications::send(tx, &[patient_id], &message).await?;
    events::tell_user(tx, patient_id, EventKind::ReportChanged, Some(report_id)).await
}

/// Releases every report whose time has come.
///
/// # Errors
/// When the database does not answer.
pub async fn release_due(database: Database) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let released = db::releases::release_due(&mut tx).await?;
    for (report_id, patient_id) in &released {
        tx.audit(Act::new(AuditAction::ReleaseReport, EntityType::Report).on(*report_id))
            .await?;
        tell_patient(&mut tx, *report_id, *patient_id).await?;
    }
    tx.commit().await
}

/// Clears claims that ran out and tells the doctors' screens.
///
/// # Errors
/// When the database does not answer.
pub async fn clear_claims(database: Database) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    for report_id in db::claims::delete_expired(&mut tx).await? {
        events::tell_role(
            &mut tx,
            Role::Doctor,
            EventKind::QueueChanged,
            Some(report_id),
        )
        .await?;
    }
    tx.commit().await
}

/// Gives every report that waits for an analysis without a job one: it would wait for ever.
///
/// # Errors
/// When the database does not answer.
pub async fn queue_stranded(database: Database) -> Result<(), DbError> {
    let mut tx = database.begin(&Actor::worker()).await?;
    let stranded = db::consistency::stranded_reports(&mut tx, 1000).await?;
    for report_id in &stranded {
        crate::job::queue(&mut tx, *report_id).await?;
    }
    tx.commit().await?;
    if !stranded.is_empty() {
        tracing::warn!(
            count = stranded.len(),
            "reports waited without a job; they have one now"
        );
    }
    Ok(())
}

/// What is done every hour, for [`jobs::Maintenance`].
#[must_use]
pub fn hourly_chores() -> Vec<Chore> {
    vec![Arc::new(|database| Box::pin(queue_stranded(database)))]
}

/// The regular chores of this room, for [`jobs::Maintenance`].
#[must_use]
pub fn chores() -> Vec<Chore> {
    vec![
        Arc::new(|database| Box::pin(release_due(database))),
        Arc::new(|database| Box::pin(clear_claims(database))),
    ]
}
