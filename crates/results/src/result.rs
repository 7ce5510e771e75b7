//! What a signed result says, and the states that it went through.

use chrono::{DateTime, Utc};
use db::{
    ActorTx, DbError,
    analyses::{self, Analysis, NotAssessed},
    images::{self, Image},
    results::{self, CaseResult},
    reviews::{self, Addendum, Review},
};
use domain::ReportId;

use crate::ResultError;

/// A signed result with everything that documents of it say.
#[derive(Debug)]
pub struct SignedResult {
    /// Case, patient, order, and the review that counts.
    pub case: CaseResult,
    /// Every signed review, the oldest first.
    pub reviews: Vec<Review>,
    /// The notes added to them, the oldest first.
    pub addenda: Vec<Addendum>,
    /// The films, in the order they were taken.
    pub films: Vec<Image>,
    /// What the AI said.
    pub analysis: Option<Analysis>,
    /// Why it said nothing.
    pub not_assessed: Option<NotAssessed>,
}

/// A state of a result: from a signature or an addendum on until the next one.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Its number, from 1.
    pub number: usize,
    /// The review that counts in it.
    pub review: &'a Review,
    /// The notes that were there.
    pub addenda: &'a [Addendum],
    /// When it began.
    pub at: DateTime<Utc>,
}

impl SignedResult {
    /// A case's result, once a doctor has signed, as far as the actor may see it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(tx: &mut ActorTx, report_id: ReportId) -> Result<Option<Self>, DbError> {
        let Some(case) = results::of_report(tx, report_id).await? else {
            return Ok(None);
        };
        let mut reviews: Vec<Review> = reviews::of_report(tx, report_id)
            .await?
            .into_iter()
            .filter(|review| review.reviewed_at.is_some())
            .collect();
        reviews.sort_by_key(|review| (review.reviewed_at, review.review_id.0));
        Ok(Some(Self {
            case,
            reviews,
            addenda: reviews::addenda_of_report(tx, report_id).await?,
            films: images::of_report(tx, report_id).await?,
            analysis: analyses::of_report(tx, report_id).await?,
            not_assessed: analyses::not_assessed(tx, report_id).await?,
        }))
    }

    /// The states of the result, the oldest first; there is at least one.
    #[must_use]
    pub fn states(&self) -> Vec<State<'_>> {
        let signatures = self
            .reviews
            .iter()
            .enumerate()
            .filter_map(|(at, review)| Some((review.reviewed_at?, 0, at)));
        let notes = self
            .addenda
            .iter()
            .enumerate()
            .map(|(at, note)| (note.created_at, 1, at));
        let mut events: Vec<(DateTime<Utc>, u8, usize)> = signatures.chain(notes).collect();
        events.sort_unstable();
        let mut states: Vec<State<'_>> = Vec::with_capacity(events.len());
        let (mut review, mut notes) = (&self.case.review, 0);
        for (number, (at, kind, of)) in events.into_iter().enumerate() {
            match kind {
                0 => review = &self.reviews[of],
                _ => notes = of + 1,
            }
            states.push(State {
                number: number + 1,
                review,
                addenda: &self.addenda[..notes],
                at,
            });
        }
        states
    }

    /// The state that it is in now.
    pub(crate) fn present(&self) -> Result<State<'_>, ResultError> {
        self.states().last().copied().ok_or_else(|| {
            let reason = "the review that counts is not among the signed ones";
            ResultError::Unwritable(reason.to_owned())
        })
    }

    /// Name and version of the model that assessed the case.
    pub(crate) fn model(&self) -> Option<(&str, &str)> {
        let said = self.analysis.as_ref()?.model_version.as_str();
        Some(said.rsplit_once(' ').unwrap_or((said, "")))
    }
}
