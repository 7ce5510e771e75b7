//! A result in plain words, for the patient: the signed verdict first, what the program said apart.

use db::{
    ActorTx,
    analyses::{Analysis, NotAssessed},
    reviews::Review,
};
use domain::{
    patient_wording::{PatientWording, PlainLanguage, PlainReason, Program, Verdict},
    settings,
};

use crate::problem::Problem;

/// The plain words of the newest signed review; none without one. What a patient may see of a report
/// is decided by row security, so this is asked only for what is released.
pub(super) async fn tell(
    tx: &mut ActorTx,
    reviews: &[Review],
    analysis: Option<&Analysis>,
    not_assessed: Option<&NotAssessed>,
) -> Result<Option<PlainLanguage>, Problem> {
    let newest = reviews
        .iter()
        .filter(|review| review.reviewed_at.is_some())
        .max_by_key(|review| review.reviewed_at);
    let Some(review) = newest else {
        return Ok(None);
    };
    let wording: PatientWording = db::settings::get(tx, settings::PATIENT_WORDING).await?;
    let program = match (analysis, not_assessed) {
        (Some(analysis), _) => Some(Program::Scored(analysis.risk_category)),
        (None, Some(refusal)) => Some(Program::NotAssessed(PlainReason::of(&refusal.code))),
        (None, None) => None,
    };
    let verdict = Verdict {
        doctor: review.doctor_name.as_deref(),
        risk: review.doctor_risk_assessment,
        urgency: review.urgency_level,
        follow_up: review.follow_up_required,
        follow_up_date: review.follow_up_date,
    };
    Ok(Some(wording.tell(&verdict, program)))
}
