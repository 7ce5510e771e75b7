//! What a model is there for: shadow, work, suspension, the way back, retirement. Every change names
//! who, when and why; a model is put to work by two persons.

use db::{
    Actor, ActorTx, Database, DbError,
    audit::Act,
    model_stages::{self, NewChange},
    models::{self, Model},
    notifications::{self, Message},
    promotions,
};
use domain::{
    ModelEvent, ModelId, ModelStage, PromotionDecision, PromotionId,
    audit::{AuditAction, EntityType},
    model::StageRefused,
    review::NotificationPriority,
};
use serde_json::json;

use crate::comparison;

/// Why a change of a model was refused.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// There is no such model or request.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The model's stage does not allow it.
    #[error(transparent)]
    Refused(#[from] StageRefused),
    /// A change without a reason, or with one longer than 2000 characters.
    #[error("give a reason of 1 to 2000 characters: it stays with the change")]
    Reason,
    /// A model is put to work by a promotion.
    #[error("a model is put to work by a promotion, not by setting its stage")]
    ByPromotion,
    /// Another request is open.
    #[error("another promotion is open: it must be decided or withdrawn first")]
    AnotherOpen,
    /// The request was decided already.
    #[error("this promotion was decided already")]
    Decided,
    /// Whoever asked wants to decide.
    #[error(
        "whoever asked for a promotion cannot decide it: a second person must (or withdraw it; the command line counts as one person)"
    )]
    SamePerson,
    /// Somebody else wants to withdraw.
    #[error("only whoever asked for a promotion withdraws it: decline it instead")]
    NotYours,
    /// Another model is at work than when it was asked for.
    #[error(
        "another model is at work than the one this promotion was compared with: withdraw it and ask anew"
    )]
    Stale,
    /// No model was at work before.
    #[error("there is no model to go back to: none was replaced, or it is retired")]
    NothingBefore,
    /// No model is at work.
    #[error("no model is at work")]
    NoneActive,
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
}

fn reason(text: &str) -> Result<&str, LifecycleError> {
    let text = text.trim();
    (1..=2000)
        .contains(&text.chars().count())
        .then_some(text)
        .ok_or(LifecycleError::Reason)
}

async fn model(tx: &mut ActorTx, model_id: ModelId) -> Result<Model, LifecycleError> {
    models::find(tx, model_id)
        .await?
        .ok_or(LifecycleError::NotFound("model"))
}

/// One step of one model, with its record.
struct Step<'a> {
    model: &'a Model,
    event: ModelEvent,
    replaced: Option<ModelId>,
    reason: &'a str,
}

impl Step<'_> {
    /// Sets the stage and notes it.
    async fn take(&self, tx: &mut ActorTx) -> Result<ModelStage, LifecycleError> {
        let to = self.model.stage.after(self.event)?;
        model_stages::set(tx, self.model.model_id, to).await?;
        self.note(tx, to).await?;
        Ok(to)
    }

    /// Notes a stage that is set.
    async fn note(&self, tx: &mut ActorTx, to: ModelStage) -> Result<(), LifecycleError> {
        let change = NewChange {
            model_id: self.model.model_id,
            event: self.event,
            from: self.model.stage,
            to,
            replaced: self.replaced,
            reason: self.reason,
        };
        model_stages::note(tx, &change).await?;
        let act = Act::new(AuditAction::ChangeModelStage, EntityType::Model)
            .on(self.model.model_id)
            .old(json!({ "stage": self.model.stage }))
            .new_values(json!({ "stage": to, "event": self.event, "reason": self.reason }));
        Ok(tx.audit(act).await?)
    }
}

/// Starts or stops a shadow, suspends or resumes the active model, retires one.
///
/// # Errors
/// When the model is not there, its stage does not allow it, or it would put a model to work.
pub async fn change_stage(
    tx: &mut ActorTx,
    model_id: ModelId,
    event: ModelEvent,
    why: &str,
) -> Result<ModelStage, LifecycleError> {
    if matches!(
        event,
        ModelEvent::Promoted | ModelEvent::RolledBack | ModelEvent::Replaced
    ) {
        return Err(LifecycleError::ByPromotion);
    }
    let why = reason(why)?;
    model_stages::lock(tx).await?;
    let model = model(tx, model_id).await?;
    let step = Step {
        model: &model,
        event,
        replaced: None,
        reason: why,
    };
    let stage = step.take(tx).await?;
    if event == ModelEvent::Suspended {
        tell_of_suspension(tx, &model).await?;
    }
    Ok(stage)
}

/// Doctors see more cases without a score from now on, and should know why.
async fn tell_of_suspension(tx: &mut ActorTx, model: &Model) -> Result<(), DbError> {
    let mut to = notifications::active_doctors(tx).await?;
    to.extend(notifications::active_tech(tx).await?);
    let message = Message {
        kind: "model_suspended",
        priority: NotificationPriority::High,
        title: "The AI model is suspended",
        message: &format!(
            "{} {} no longer scores cases. They come without a score, before those of medium risk.",
            model.model_name, model.version
        ),
        action_url: Some("/models".to_owned()),
        related_report_id: None,
    };
    notifications::send(tx, &to, &message).await
}

/// Asks to put a model to work. Stores the side-by-side figures of now with the request.
///
/// # Errors
/// When the model is not there or cannot be promoted, or another request is open.
pub async fn request_promotion(
    database: &Database,
    actor: &Actor,
    model_id: ModelId,
    why: &str,
) -> Result<PromotionId, LifecycleError> {
    let why = reason(why)?;
    let mut tx = database.begin(actor).await?;
    model_stages::lock(&mut tx).await?;
    let candidate = model(&mut tx, model_id).await?;
    candidate.stage.after(ModelEvent::Promoted)?;
    let active = models::active(&mut tx).await?;
    let comparison = match &active {
        Some(active) => {
            let since = candidate.created_at;
            let sides = comparison::compare(database, active.model_id, model_id, since).await?;
            json!(sides)
        }
        None => json!({}),
    };
    let replaces = active.map(|active| active.model_id);
    let asked = promotions::request(&mut tx, model_id, replaces, why, &comparison).await;
    let promotion_id = match asked {
        Err(error) if error.is_constraint(promotions::ONE_OPEN) => {
            return Err(LifecycleError::AnotherOpen);
        }
        other => other?,
    };
    let act = Act::new(AuditAction::RequestPromotion, EntityType::Model)
        .on(model_id)
        .new_values(
            json!({ "promotion_id": promotion_id, "replaces_model_id": replaces, "reason": why }),
        );
    tx.audit(act).await?;
    tell_second_persons(&mut tx, &candidate).await?;
    tx.commit().await?;
    Ok(promotion_id)
}

async fn tell_second_persons(tx: &mut ActorTx, candidate: &Model) -> Result<(), DbError> {
    let asking = tx.actor().user_id();
    let mut to = notifications::active_tech(tx).await?;
    to.extend(notifications::active_doctors(tx).await?);
    to.retain(|user| Some(*user) != asking);
    let message = Message {
        kind: "promotion_requested",
        priority: NotificationPriority::Normal,
        title: "A model waits for a second person",
        message: &format!(
            "{} {} is to score cases. Look at the figures and decide.",
            candidate.model_name, candidate.version
        ),
        action_url: Some("/models".to_owned()),
        related_report_id: None,
    };
    notifications::send(tx, &to, &message).await
}

/// Decides a request: approved by somebody else than asked, the model goes to work at once.
///
/// # Errors
/// When it is not there or not open any more, the same person asked, or another model works than did
/// then.
pub async fn decide(
    tx: &mut ActorTx,
    promotion_id: PromotionId,
    decision: PromotionDecision,
    why: &str,
) -> Result<(), LifecycleError> {
    let why = reason(why)?;
    model_stages::lock(tx).await?;
    let promotion = promotions::find(tx, promotion_id)
        .await?
        .ok_or(LifecycleError::NotFound("promotion"))?;
    if promotion.decision.is_some() {
        return Err(LifecycleError::Decided);
    }
    // The command line has no account: it is one person, whoever sits there.
    let is_same = promotion.requested_by == tx.actor().user_id();
    match decision {
        PromotionDecision::Withdrawn if !is_same => return Err(LifecycleError::NotYours),
        PromotionDecision::Approved | PromotionDecision::Declined if is_same => {
            return Err(LifecycleError::SamePerson);
        }
        _ => {}
    }
    let active = models::active(tx).await?;
    let is_stale = active.as_ref().map(|active| active.model_id) != promotion.replaces_model_id;
    if decision == PromotionDecision::Approved && is_stale {
        return Err(LifecycleError::Stale);
    }
    if !promotions::decide(tx, promotion_id, decision, why).await? {
        return Err(LifecycleError::Decided);
    }
    let act = Act::new(AuditAction::DecidePromotion, EntityType::Model)
        .on(promotion.model_id)
        .new_values(json!({ "promotion_id": promotion_id, "decision": decision, "reason": why }));
    tx.audit(act).await?;
    if decision == PromotionDecision::Approved {
        let candidate = model(tx, promotion.model_id).await?;
        // Sets both stages: a doctor who approves may not set them otherwise.
        promotions::carry_out(tx, promotion_id).await?;
        swap(
            tx,
            active.as_ref(),
            &candidate,
            ModelEvent::Promoted,
            &promotion.reason,
        )
        .await?;
    }
    Ok(())
}

/// Puts the model that was at work before back to work. One person suffices: it has been approved, and
/// who goes back is in a hurry.
///
/// # Errors
/// When no model was at work before, or it is retired.
pub async fn roll_back(tx: &mut ActorTx, why: &str) -> Result<ModelId, LifecycleError> {
    let why = reason(why)?;
    model_stages::lock(tx).await?;
    let active = models::active(tx)
        .await?
        .ok_or(LifecycleError::NoneActive)?;
    let before = model_stages::predecessor(tx, active.model_id)
        .await?
        .ok_or(LifecycleError::NothingBefore)?;
    let before = model(tx, before).await?;
    models::activate(tx, before.model_id).await?;
    model_stages::set(tx, before.model_id, ModelStage::Active).await?;
    model_stages::set(tx, active.model_id, ModelStage::Registered).await?;
    swap(tx, Some(&active), &before, ModelEvent::RolledBack, why).await?;
    Ok(before.model_id)
}

/// Notes that one model works in another one's place.
async fn swap(
    tx: &mut ActorTx,
    from: Option<&Model>,
    to: &Model,
    event: ModelEvent,
    why: &str,
) -> Result<(), LifecycleError> {
    if let Some(from) = from {
        let step = Step {
            model: from,
            event: ModelEvent::Replaced,
            replaced: None,
            reason: why,
        };
        step.note(tx, from.stage.after(step.event)?).await?;
    }
    let step = Step {
        model: to,
        event,
        replaced: from.map(|from| from.model_id),
        reason: why,
    };
    step.note(tx, to.stage.after(event)?).await?;
    let act = Act::new(AuditAction::ActivateModel, EntityType::Model)
        .on(to.model_id)
        .old(json!({ "active_model_id": from.map(|from| from.model_id) }))
        .new_values(json!({ "active_model_id": to.model_id }));
    Ok(tx.audit(act).await?)
}
