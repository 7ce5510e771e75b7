//! Identifiers: one type an aggregate, so that a patient's id cannot be passed where a report's is
//! wanted. All are UUIDv7 (RFC 9562): ordered by time, so inserts stay local in the index.

use chrono::{DateTime, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

macro_rules! id {
    ($(#[$meta:meta] $name:ident),+ $(,)?) => {$(
        #[$meta]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier carrying the given time.
            #[must_use]
            pub fn new_at(now: DateTime<Utc>) -> Self {
                Self(uuid_v7(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

id! {
    /// A run of a backup or of its verification: `portal.backups.id`.
    BackupRunId,
    /// A person or service account: `users.id`.
    UserId,
    /// A token of a program: `portal.program_tokens.token_id`.
    ProgramTokenId,
    /// A route that films are sent on by: `portal.dicom_routes.route_id`.
    RouteId,
    /// A system that is told of results: `portal.fhir_subscriptions.subscription_id`.
    SubscriptionId,
    /// A passkey of an account: `portal.passkeys.passkey_id`.
    PasskeyId,
    /// A signed-in session: `sessions.session_id`.
    SessionId,
    /// A study on its way through the portal: `medical_reports.report_id`.
    ReportId,
    /// An examination that was ordered: `portal.orders.order_id`.
    OrderId,
    /// One stored image: `report_images.image_id`.
    ImageId,
    /// An earlier study that another archive has: `portal.prior_studies.prior_id`.
    PriorId,
    /// A registered model: `ai_models.model_id`.
    ModelId,
    /// One analysis of a report: `ai_analysis.analysis_id`.
    AnalysisId,
    /// A request to put a model to work: `portal.promotions.promotion_id`.
    PromotionId,
    /// A change of what a model is there for: `portal.model_changes.change_id`.
    ModelChangeId,
    /// An alarm about a model: `portal.model_alarms.alarm_id`.
    ModelAlarmId,
    /// One row of a model's figures: `model_metrics.metric_id`.
    MetricId,
    /// A doctor's review: `doctor_reviews.review_id`.
    ReviewId,
    /// A note added to a signed review: `portal.review_addenda.addendum_id`.
    AddendumId,
    /// A message to a user: `notifications.notification_id`.
    NotificationId,
    /// One audited act: `audit_logs.log_id`.
    AuditLogId,
    /// A patient's history: `patient_medical_history.history_id`.
    HistoryId,
    /// Proposed changes of a history: `portal.history_proposals.proposal_id`.
    HistoryProposalId,
    /// A file that comes in piece by piece: `portal.uploads.upload_id`.
    UploadId,
    /// An access in an emergency: `portal.emergency_accesses.access_id`.
    EmergencyAccessId,
    /// A request for correction: `portal.correction_requests.correction_id`.
    CorrectionId,
    /// A consent that was given or withdrawn: `portal.consents.consent_id`.
    ConsentId,
    /// A legal hold: `portal.legal_holds.hold_id`.
    HoldId,
    /// An erasure of a patient: `portal.erasures.erasure_id`.
    ErasureId,
    /// A setting: `system_settings.setting_id`.
    SettingId,
    /// A queued piece of work: `portal.jobs.job_id`.
    JobId,
}

/// A UUIDv7 for the given time. Within one millisecond the values made by one process still rise.
#[must_use]
pub fn uuid_v7(now: DateTime<Utc>) -> Uuid {
    static CONTEXT: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(
        &CONTEXT,
        seconds,
        now.timestamp_subsec_nanos(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_instant_rise() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let ids: Vec<_> = (0..100).map(|_| ReportId::new_at(now)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        assert_eq!(ids[0].0.get_version_num(), 7);
    }
}
