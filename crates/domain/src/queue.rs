//! The reading order: high, then what the AI could not score, then medium, then low; inside a
//! class the longest waiting first. A report past its class's longest wait moves to the top class,
//! so no case starves behind a stream of newer ones. The view `v_doctor_priority_queue` does the
//! same in SQL; a property test holds the two together.

use chrono::{DateTime, Duration, Utc};

use crate::{ReportId, RiskCategory};

/// Longest waits by class, in minutes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct MaximumWaits {
    /// For risk high.
    pub high: u32,
    /// For reports that the AI could not assess.
    pub unscored: u32,
    /// For risk medium.
    pub medium: u32,
    /// For risk low.
    pub low: u32,
}

impl Default for MaximumWaits {
    fn default() -> Self {
        Self {
            high: 60,
            unscored: 240,
            medium: 480,
            low: 1440,
        }
    }
}

/// The class of a risk, 1 (top) to 4. `None` is "not assessed".
#[must_use]
pub const fn class(risk: Option<RiskCategory>) -> i32 {
    match risk {
        Some(RiskCategory::High) => 1,
        None => 2,
        Some(RiskCategory::Medium) => 3,
        Some(RiskCategory::Low) => 4,
    }
}

impl MaximumWaits {
    /// The moment from which a report counts as overdue.
    #[must_use]
    pub fn due_at(self, risk: Option<RiskCategory>, upload_date: DateTime<Utc>) -> DateTime<Utc> {
        let minutes = match risk {
            Some(RiskCategory::High) => self.high,
            None => self.unscored,
            Some(RiskCategory::Medium) => self.medium,
            Some(RiskCategory::Low) => self.low,
        };
        upload_date + Duration::minutes(i64::from(minutes))
    }

    /// What the queue sorts by at the moment `now`: the class, or 1 once overdue; then the time
    /// of upload; then the identifier.
    #[must_use]
    pub fn position(
        self,
        risk: Option<RiskCategory>,
        upload_date: DateTime<Utc>,
        report_id: ReportId,
        now: DateTime<Utc>,
    ) -> (i32, DateTime<Utc>, ReportId) {
        let overdue = self.due_at(risk, upload_date) < now;
        (
            if overdue { 1 } else { class(risk) },
            upload_date,
            report_id,
        )
    }
}
