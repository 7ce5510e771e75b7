//! Refusals of things that are there: the answer says the same as for what is not there, the trail says more.

use serde_json::Value;
use sqlx::types::Uuid;

use crate::{ActorTx, DbError, error::During};

/// A kind of thing that some may see and others not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A report.
    Report,
    /// An image of a report.
    Image,
    /// An analysis.
    Analysis,
    /// A review.
    Review,
    /// An account, a patient's too.
    User,
    /// A session.
    Session,
    /// A notification.
    Notification,
    /// A proposal to change a medical history.
    Proposal,
    /// A patient's medical history, by the patient.
    History,
    /// A file on its way in.
    Upload,
    /// A passkey.
    Passkey,
    /// An access in an emergency.
    Emergency,
    /// A request for correction.
    Correction,
}

impl Thing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Image => "image",
            Self::Analysis => "analysis",
            Self::Review => "review",
            Self::User => "user",
            Self::Session => "session",
            Self::Notification => "notification",
            Self::Proposal => "proposal",
            Self::History => "history",
            Self::Upload => "upload",
            Self::Passkey => "passkey",
            Self::Emergency => "emergency",
            Self::Correction => "correction",
        }
    }
}

/// Notes a refusal for each of these things that is there and that the actor does not see.
///
/// # Errors
/// When the database does not answer.
pub async fn note(
    tx: &mut ActorTx,
    things: &[(Thing, Uuid)],
    request: &Value,
) -> Result<(), DbError> {
    let kinds: Vec<String> = things
        .iter()
        .map(|(kind, _)| kind.as_str().to_owned())
        .collect();
    let ids: Vec<Uuid> = things.iter().map(|(_, id)| *id).collect();
    let origin = tx.actor().origin.clone();
    let role = tx.actor().audit_role();
    sqlx::query!(
        "SELECT portal.note_refused_things(array_agg(kind), array_agg(thing), $3, $4::text::inet, $5, $6)
         FROM unnest($1::text[], $2::uuid[]) AS asked (kind, thing) WHERE NOT portal.sees(kind, thing)",
        &kinds,
        &ids,
        role,
        origin.address.map(|address| address.to_string()),
        origin.user_agent,
        request
    )
    .fetch_one(tx.connection())
    .await
    .during("note what was refused")?;
    Ok(())
}
