//! The alarm that a model fails: raised once while it stands, not once a case.

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
    let Some(alarm_id) = model_alarms::raise(tx, model.model_id, &alarm).await? else {
        return Ok(());
    };
    let name = format!("{} {}", model.model_name, model.version);
    tracing::error!(
        model = name,
        reason,
        "the model fails: its cases go to the doctors unscored"
    );
    let act = Act::new(AuditAction::ModelAlarm, EntityType::Model)
        .on(model.model_id)
        .new_values(json!({ "alarm_id": alarm_id, "kind": alarm.kind, "quantity": alarm.quantity, "detail": alarm.detail }));
    tx.audit(act).await?;
    let message = Message {
        kind: "model_alarm",
        priority: NotificationPriority::Urgent,
        title: "A model fails",
        message: &format!(
            "{name}: cases that it fails on go to the doctors' queue unscored, before medium risk. {reason}"
        ),
        action_url: Some("/models".to_owned()),
        related_report_id: None,
    };
    let tech = notifications::active_tech(tx).await?;
    notifications::send(tx, &tech, &message).await
}
