//! What a doctor writes, as sent: the column names of `doctor_reviews`.

use chrono::NaiveDate;
use db::reviews::ReviewContent;
use domain::{RiskCategory, UrgencyLevel};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::body::Checks;
use crate::codes::FieldCode;

/// Longest text of a review, in characters.
const MAXIMUM_TEXT: usize = 20_000;

/// What a doctor writes.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ReviewFields {
    /// For colleagues; patients never see it.
    pub review_notes: Option<String>,
    /// What is seen.
    pub clinical_findings: Option<String>,
    /// Whether the AI was right; when left out, whether its category equals the doctor's.
    pub confirmed_ai_diagnosis: Option<bool>,
    /// How good the AI was.
    #[schema(minimum = 1, maximum = 5)]
    pub ai_accuracy_rating: Option<i64>,
    /// The doctor's own category.
    #[schema(value_type = Option<RiskCategory>)]
    pub doctor_risk_assessment: Option<String>,
    /// How soon somebody must act.
    #[schema(value_type = Option<UrgencyLevel>)]
    pub urgency_level: Option<String>,
    /// What to do.
    pub recommended_action: Option<String>,
    /// Whether to look again.
    pub follow_up_required: Option<bool>,
    /// When to look again; not in the past.
    pub follow_up_date: Option<NaiveDate>,
    /// Treatment.
    pub treatment_plan: Option<String>,
    /// Medication: an array or object.
    #[schema(value_type = Option<Value>)]
    pub medication_prescribed: Option<Value>,
    /// Why the doctor disagrees with the AI.
    pub ai_disagreement_reason: Option<String>,
}

impl ReviewFields {
    /// The content, with everything wrong noted in `checks`.
    pub(super) fn check(self, checks: &mut Checks, today: NaiveDate) -> ReviewContent {
        for (field, text) in [
            ("review_notes", &self.review_notes),
            ("clinical_findings", &self.clinical_findings),
            ("recommended_action", &self.recommended_action),
            ("treatment_plan", &self.treatment_plan),
            ("ai_disagreement_reason", &self.ai_disagreement_reason),
        ] {
            checks.at_most(field, text.as_deref(), MAXIMUM_TEXT);
        }
        checks.require(
            self.ai_accuracy_rating
                .is_none_or(|rating| (1..=5).contains(&rating)),
            "ai_accuracy_rating",
            FieldCode::OutOfRange,
            "must be 1 to 5",
        );
        checks.require(
            self.follow_up_date.is_none_or(|date| date >= today),
            "follow_up_date",
            FieldCode::OutOfRange,
            "must not be in the past",
        );
        if let Some(medication) = &self.medication_prescribed {
            let fits = medication.is_array() || medication.is_object() || medication.is_null();
            checks.require(
                fits,
                "medication_prescribed",
                FieldCode::WrongType,
                "must be an array or an object",
            );
            checks.require(
                medication.to_string().len() <= 65_536,
                "medication_prescribed",
                FieldCode::TooLong,
                "at most 64 KiB",
            );
        }
        ReviewContent {
            doctor_risk_assessment: checks.word(
                "doctor_risk_assessment",
                self.doctor_risk_assessment.as_deref(),
            ),
            urgency_level: checks.word("urgency_level", self.urgency_level.as_deref()),
            review_notes: self.review_notes,
            clinical_findings: self.clinical_findings,
            confirmed_ai_diagnosis: self.confirmed_ai_diagnosis,
            ai_accuracy_rating: self
                .ai_accuracy_rating
                .and_then(|rating| i16::try_from(rating).ok()),
            recommended_action: self.recommended_action,
            follow_up_required: self.follow_up_required.unwrap_or(false)
                || self.follow_up_date.is_some(),
            follow_up_date: self.follow_up_date,
            treatment_plan: self.treatment_plan,
            medication_prescribed: self
                .medication_prescribed
                .filter(|medication| !medication.is_null()),
        }
    }
}
