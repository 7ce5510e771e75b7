//! What a model is there for, and how that may change.

crate::text_enum! {
    /// What a model is there for.
    ModelStage("model stage") {
        /// Known to the portal, scores nothing.
        Registered = "registered",
        /// Scores every case silently, beside the active one.
        Shadow = "shadow",
        /// Its scores stand.
        Active = "active",
        /// The active model, no longer trusted: it scores silently and cases are "not assessed".
        Suspended = "suspended",
        /// Put away for good.
        Retired = "retired",
    }
}

crate::text_enum! {
    /// What can happen to a model.
    ModelEvent("model event") {
        /// It is to score silently.
        ShadowStarted = "shadow_started",
        /// It need not score silently any more.
        ShadowStopped = "shadow_stopped",
        /// It was put to work, by two persons or because no model was.
        Promoted = "promoted",
        /// It was put back to work in place of its successor.
        RolledBack = "rolled_back",
        /// Another model took over.
        Replaced = "replaced",
        /// Its scores no longer stand.
        Suspended = "suspended",
        /// Its scores stand again.
        Resumed = "resumed",
        /// It is not to be used again.
        Retired = "retired",
    }
}

/// An event that does not fit the stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a model that is {stage} cannot be {event}")]
pub struct StageRefused {
    /// The stage that the model has.
    pub stage: ModelStage,
    /// What was wanted of it.
    pub event: ModelEvent,
}

impl ModelStage {
    /// The one transition function.
    ///
    /// # Errors
    /// When the event does not fit, which leaves the model as it is.
    pub fn after(self, event: ModelEvent) -> Result<Self, StageRefused> {
        use ModelEvent as E;
        match (self, event) {
            (Self::Registered, E::ShadowStarted) => Ok(Self::Shadow),
            (Self::Shadow, E::ShadowStopped) | (Self::Active | Self::Suspended, E::Replaced) => {
                Ok(Self::Registered)
            }
            (Self::Registered | Self::Shadow, E::Promoted | E::RolledBack)
            | (Self::Suspended, E::Resumed) => Ok(Self::Active),
            (Self::Active, E::Suspended) => Ok(Self::Suspended),
            (Self::Registered | Self::Shadow, E::Retired) => Ok(Self::Retired),
            (stage, event) => Err(StageRefused { stage, event }),
        }
    }
}

crate::text_enum! {
    /// What became of a request to put a model to work.
    PromotionDecision("decision") {
        /// A second person agreed.
        Approved = "approved",
        /// A second person did not.
        Declined = "declined",
        /// Whoever asked took it back.
        Withdrawn = "withdrawn",
    }
}

crate::text_enum! {
    /// What an alarm about a model is about.
    AlarmKind("alarm") {
        /// Scores or pictures are spread otherwise than at first.
        Drift = "drift",
        /// Signed reviews disagree with the model more often than is allowed.
        Performance = "performance",
        /// Its probabilities do not mean what they say.
        Calibration = "calibration",
        /// It could not be run.
        Failure = "failure",
    }
}

/// What happens to the active model when an alarm about it is raised.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OnAlarm {
    /// Tech is told.
    Notify,
    /// Tech is told, and the model is suspended: it scores silently, and cases are "not assessed".
    Suspend,
}

/// When the spread of scores and pictures counts as drifted.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DriftPolicy {
    /// So many first cases of a model are the reference.
    pub reference_cases: u32,
    /// The last so many days are held against it.
    pub window_days: u32,
    /// Fewer cases than this in the window say nothing.
    pub minimum_cases: u32,
    /// Population stability index from which on it is drift (and beyond what chance explains).
    pub index_limit: f64,
    /// What happens then.
    pub on_alarm: OnAlarm,
}

impl Default for DriftPolicy {
    fn default() -> Self {
        Self {
            reference_cases: 300,
            window_days: 7,
            minimum_cases: 50,
            index_limit: 0.25,
            on_alarm: OnAlarm::Notify,
        }
    }
}

impl DriftPolicy {
    /// What is wrong with it, if anything.
    ///
    /// # Errors
    /// A sentence that names the field and its range.
    pub fn check(&self) -> Result<(), String> {
        within("reference_cases", self.reference_cases, 50, 100_000)?;
        within("window_days", self.window_days, 1, 90)?;
        within("minimum_cases", self.minimum_cases, 20, 100_000)?;
        if !(0.05..=5.0).contains(&self.index_limit) {
            return Err("index_limit must be 0.05 to 5".to_owned());
        }
        Ok(())
    }
}

/// When a model's agreement with signed reviews counts as too low.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PerformancePolicy {
    /// The last so many days are counted.
    pub window_days: u32,
    /// Fewer cases of either kind than this say nothing.
    pub minimum_cases: u32,
    /// An alarm when sensitivity is below this beyond doubt: its whole 95 % interval.
    pub minimum_sensitivity: f64,
    /// The same for specificity.
    pub minimum_specificity: f64,
    /// An alarm when the expected calibration error is above this.
    pub maximum_calibration_error: f64,
    /// What happens then.
    pub on_alarm: OnAlarm,
}

impl Default for PerformancePolicy {
    fn default() -> Self {
        Self {
            window_days: 90,
            minimum_cases: 30,
            minimum_sensitivity: 0.9,
            minimum_specificity: 0.7,
            maximum_calibration_error: 0.15,
            on_alarm: OnAlarm::Notify,
        }
    }
}

impl PerformancePolicy {
    /// What is wrong with it, if anything.
    ///
    /// # Errors
    /// A sentence that names the field and its range.
    pub fn check(&self) -> Result<(), String> {
        within("window_days", self.window_days, 1, 730)?;
        within("minimum_cases", self.minimum_cases, 10, 100_000)?;
        for (name, share) in [
            ("minimum_sensitivity", self.minimum_sensitivity),
            ("minimum_specificity", self.minimum_specificity),
            ("maximum_calibration_error", self.maximum_calibration_error),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("{name} must be 0 to 1"));
            }
        }
        Ok(())
    }
}

fn within(name: &str, value: u32, least: u32, most: u32) -> Result<(), String> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!(
        "{name} must be a whole number from {least} to {most}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_registered_or_silent_model_is_put_to_work_and_a_retired_one_never_comes_back() {
        use ModelStage as S;
        for event in ModelEvent::ALL {
            assert!(S::Retired.after(*event).is_err(), "{event}");
            let to_work = matches!(event, ModelEvent::Promoted | ModelEvent::RolledBack);
            for stage in ModelStage::ALL {
                let after = stage.after(*event);
                if to_work {
                    assert_eq!(
                        after.is_ok(),
                        matches!(stage, S::Registered | S::Shadow),
                        "{stage} {event}"
                    );
                }
                // Scores stand again only by a promotion, a way back, or a person's word.
                if after == Ok(S::Active) {
                    assert!(to_work || *event == ModelEvent::Resumed, "{stage} {event}");
                }
            }
        }
    }

    #[test]
    fn policies_name_what_is_wrong_with_them() {
        assert_eq!(DriftPolicy::default().check(), Ok(()));
        assert_eq!(PerformancePolicy::default().check(), Ok(()));
        let drift = DriftPolicy {
            window_days: 0,
            ..DriftPolicy::default()
        };
        assert!(drift.check().unwrap_err().contains("window_days"));
        let performance = PerformancePolicy {
            minimum_sensitivity: 1.5,
            ..PerformancePolicy::default()
        };
        assert!(
            performance
                .check()
                .unwrap_err()
                .contains("minimum_sensitivity")
        );
    }
}
