//! Alarms about models: raised once while their cause stands, not once a case; and the one that a model
//! fails.

use db::{
    ActorTx, DbError,
    audit::Act,
    model_alarms::{self, NewAlarm},
    model_failures,
    models::Model,
    notifications::{self, Message},
};
use domain::{
    AlarmKind,
    audit::{AuditAction, EntityType},
    review::NotificationPriority,
};
use serde_json::json;

use crate::{
    FilmAssessment,
    outcome::{Examined, model_failure},
};

/// Raises the alarm when the model failed on one of these films; ends it when the model gave a score
/// and has not failed for a while.
pub(crate) async fn look(
    tx: &mut ActorTx,
    model: &Model,
    examined: &[Examined],
) -> Result<(), DbError> {
    let failure = examined
        .iter()
        .find_map(|one| model_failure(&one.assessment));
    if let Some(reason) = failure {
        return model_failed(tx, model, reason).await;
    }
    let scored = |one: &Examined| matches!(one.assessment, FilmAssessment::Scored(_));
    if examined.iter().any(scored) {
        model_failures::resolve(tx, model.model_id).await?;
    }
    Ok(())
}

/// Raises the alarm that a model cannot be loaded or failed on a film, and tells tech unless it stands
/// already. The cases themselves are "not assessed" and wait for a doctor.
///
/// # Errors
/// When the database does not answer.
pub async fn model_failed(tx: &mut ActorTx, model: &Model, reason: &str) -> Result<(), DbError> {
    let alarm = NewAlarm {
        kind: AlarmKind::Failure,
        quantity: "run".to_owned(),
        figure: None,
        alarm_limit: None,
        detail: reason.to_owned(),
    };
    let consequence = format!(
        "cases that it fails on go to the doctors' queue unscored, before medium risk. {reason}"
    );
    raise(
        tx,
        model,
        &alarm,
        NotificationPriority::Urgent,
        "A model fails",
        &consequence,
    )
    .await?;
    Ok(())
}

/// Raises an alarm about a model, or renews it while it stands; a new one is audited and tech is told
/// of it. Says whether it is new.
///
/// # Errors
/// When the database does not answer.
pub async fn raise(
    tx: &mut ActorTx,
    model: &Model,
    alarm: &NewAlarm,
    priority: NotificationPriority,
    title: &str,
    message: &str,
) -> Result<bool, DbError> {
    let Some(alarm_id) = model_alarms::raise(tx, model.model_id, alarm).await? else {
        return Ok(false);
    };
    let name = format!("{} {}", model.model_name, model.version);
    tracing::error!(model = name, kind = %alarm.kind, detail = alarm.detail, "alarm about a model");
    let act = Act::new(AuditAction::ModelAlarm, EntityType::Model)
        .on(model.model_id)
        .new_values(
            json!({ "alarm_id": alarm_id, "kind": alarm.kind, "quantity": alarm.quantity,
            "figure": alarm.figure, "alarm_limit": alarm.alarm_limit, "detail": alarm.detail }),
        );
    tx.audit(act).await?;
    let message = Message {
        kind: "model_alarm",
        priority,
        title,
        message: &format!("{name}: {message}"),
        action_url: Some("/models".to_owned()),
        related_report_id: None,
    };
    let tech = notifications::active_tech(tx).await?;
    notifications::send(tx, &tech, &message).await?;
    Ok(true)
}
