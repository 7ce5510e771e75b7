//! Alarms about models: raised once, renewed while their cause stands, resolved when it is gone.

use crate::{LifecycleError, drift::QuantityDrift, figures::ModelFigures, lifecycle};
use db::{
    ActorTx,
    model_alarms::{self, NewAlarm},
    models::Model,
};
use domain::{
    AlarmKind, ModelEvent, ModelStage,
    model::{DriftPolicy, OnAlarm, PerformancePolicy},
    review::NotificationPriority,
};

/// What drift gives rise to.
#[must_use]
pub fn of_drift(drift: &[QuantityDrift]) -> Vec<NewAlarm> {
    let alarm = |one: &QuantityDrift| NewAlarm {
        kind: AlarmKind::Drift,
        quantity: one.quantity.clone(),
        figure: Some(one.index),
        alarm_limit: Some(one.limit),
        detail: format!(
            "{} is spread otherwise than over the model's first cases: population stability index {:.2}, limit {:.2}",
            one.quantity, one.index, one.limit
        ),
    };
    drift
        .iter()
        .filter(|one| one.has_drifted)
        .map(alarm)
        .collect()
}

/// What the figures give rise to: a rate that is below its limit beyond doubt, or probabilities that do
/// not mean what they say.
#[must_use]
pub fn of_figures(figures: &ModelFigures, policy: &PerformancePolicy) -> Vec<NewAlarm> {
    let least = u64::from(policy.minimum_cases);
    let mut alarms = Vec::new();
    for (quantity, rate, limit) in [
        (
            "sensitivity",
            figures.flagged.sensitivity,
            policy.minimum_sensitivity,
        ),
        (
            "specificity",
            figures.flagged.specificity,
            policy.minimum_specificity,
        ),
    ] {
        let Some(rate) = rate.filter(|rate| rate.of >= least && rate.interval.high < limit) else {
            continue;
        };
        alarms.push(NewAlarm {
            kind: AlarmKind::Performance,
            quantity: quantity.to_owned(),
            figure: Some(rate.value),
            alarm_limit: Some(limit),
            detail: format!(
                "{quantity} against signed reviews is {:.1} % ({} of {}, 95 % interval {:.1} to {:.1} %), wanted are {:.1} %",
                rate.value * 100.0,
                rate.count,
                rate.of,
                rate.interval.low * 100.0,
                rate.interval.high * 100.0,
                limit * 100.0
            ),
        });
    }
    let limit = policy.maximum_calibration_error;
    if let Some(error) = figures.expected_calibration_error
        && figures.cases >= 2 * least
        && error > limit
    {
        alarms.push(NewAlarm {
            kind: AlarmKind::Calibration,
            quantity: "expected_calibration_error".to_owned(),
            figure: Some(error),
            alarm_limit: Some(limit),
            detail: format!(
                "probabilities are off by {error:.3} on average over {} signed cases, allowed is {limit:.3}: recalibrate",
                figures.cases
            ),
        });
    }
    alarms
}

/// Raises, renews and resolves the alarms of a model after it was looked at, and suspends it when the
/// policy says so.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(
    tx: &mut ActorTx,
    model: &Model,
    alarms: &[NewAlarm],
    drift: &DriftPolicy,
    performance: &PerformancePolicy,
) -> Result<(), LifecycleError> {
    for kind in [
        AlarmKind::Drift,
        AlarmKind::Performance,
        AlarmKind::Calibration,
    ] {
        let standing: Vec<String> = alarms
            .iter()
            .filter(|alarm| alarm.kind == kind)
            .map(|alarm| alarm.quantity.clone())
            .collect();
        model_alarms::resolve_others(tx, model.model_id, kind, &standing).await?;
    }
    let mut suspending = None;
    for alarm in alarms {
        let is_new = analysis::alarm::raise(
            tx,
            model,
            alarm,
            NotificationPriority::High,
            "An alarm about a model",
            &format!("{}.", alarm.detail),
        )
        .await?;
        let on_alarm = match alarm.kind {
            AlarmKind::Drift => drift.on_alarm,
            _ => performance.on_alarm,
        };
        if is_new && on_alarm == OnAlarm::Suspend {
            suspending.get_or_insert(alarm);
        }
    }
    if let Some(alarm) = suspending.filter(|_| model.stage == ModelStage::Active) {
        lifecycle::change_stage(tx, model.model_id, ModelEvent::Suspended, &alarm.detail).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::RiskCategory;

    use super::*;
    use crate::figures::{self, tests::judged};

    #[test]
    fn an_alarm_needs_cases_enough_and_no_doubt() {
        let moment = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let policy = PerformancePolicy::default();
        let missed = |positives: u32, found: u32| {
            let positive = (0..positives).map(|index| {
                judged(
                    index,
                    if index < found { 0.95 } else { 0.1 },
                    RiskCategory::High,
                )
            });
            let negative = (0..60).map(|index| judged(index, 0.02, RiskCategory::Low));
            let cases: Vec<_> = positive.chain(negative).collect();
            let alarms = of_figures(&figures::of(&cases, moment, moment), &policy);
            alarms
                .iter()
                .filter(|alarm| alarm.kind == AlarmKind::Performance)
                .map(|alarm| alarm.quantity.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(missed(60, 58), Vec::<String>::new());
        // 17 of 20 is below 90 %, but 20 are too few; 50 of 60 leaves doubt; 40 of 60 does not.
        assert_eq!(missed(20, 8), Vec::<String>::new());
        assert_eq!(missed(60, 52), Vec::<String>::new());
        assert_eq!(missed(60, 40), ["sensitivity"]);
    }
}
