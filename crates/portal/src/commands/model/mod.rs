//! `medical-portal model …`.

mod evaluate;
mod figures;
mod registry;
mod stage;
mod training;

use anyhow::{Context, Result};
use db::{ActorTx, models::Model};
use domain::ModelEvent;

use crate::cli::{ModelCommand, ModelName};

/// Runs the command.
pub(super) async fn run(command: ModelCommand) -> Result<()> {
    use ModelCommand as C;
    match command {
        C::List { place, json } => registry::list(&place, json).await,
        C::Import { place, package } => registry::import(&place, &package).await,
        C::Activate { place, model } => registry::activate(&place, &model).await,
        C::Shadow {
            place,
            model,
            stop,
            reason,
        } => {
            let event = if stop {
                ModelEvent::ShadowStopped
            } else {
                ModelEvent::ShadowStarted
            };
            stage::change(&place, Some(&model), event, &reason).await
        }
        C::Suspend { place, reason } => {
            stage::change(&place, None, ModelEvent::Suspended, &reason).await
        }
        C::Resume { place, reason } => {
            stage::change(&place, None, ModelEvent::Resumed, &reason).await
        }
        C::Retire {
            place,
            model,
            reason,
        } => stage::change(&place, Some(&model), ModelEvent::Retired, &reason).await,
        C::Promote {
            place,
            model,
            reason,
        } => stage::promote(&place, &model, &reason).await,
        C::Approve { place, reason } => {
            stage::decide(&place, domain::PromotionDecision::Approved, &reason).await
        }
        C::Decline { place, reason } => {
            stage::decide(&place, domain::PromotionDecision::Declined, &reason).await
        }
        C::Withdraw { place, reason } => {
            stage::decide(&place, domain::PromotionDecision::Withdrawn, &reason).await
        }
        C::Rollback { place, reason } => stage::roll_back(&place, &reason).await,
        C::History { place, json } => stage::history(&place, json).await,
        C::Compare {
            place,
            model,
            days,
            json,
        } => figures::compare(&place, &model, days, json).await,
        C::Figures { place, now, json } => figures::show(&place, now, json).await,
        C::Alarms { place, all, json } => figures::alarms(&place, all, json).await,
        C::Report {
            place,
            model,
            output,
        } => figures::report(&place, &model, &output).await,
        C::Recalibrate {
            place,
            model,
            sensitivity,
            days,
        } => training::recalibrate(&place, &model, sensitivity, days).await,
        C::ExportTrainingSet {
            place,
            output,
            from,
            until,
            reason,
        } => training::export(&place, output, from, until, &reason).await,
        C::Evaluate(args) => evaluate::run(&args),
    }
}

/// The model of a name and version.
async fn named(tx: &mut ActorTx, name: &ModelName) -> Result<Model> {
    db::models::find_by_version(tx, &name.name, &name.version)
        .await?
        .with_context(|| {
            format!(
                "no model {} {} is registered: see medical-portal model list",
                name.name, name.version
            )
        })
}

/// The model that cases are scored by.
async fn active(tx: &mut ActorTx) -> Result<Model> {
    db::models::active(tx)
        .await?
        .context("no model is at work: see medical-portal model list")
}
