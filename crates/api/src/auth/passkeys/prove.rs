//! A proof with a passkey, verified. Whatever is wrong with one, the answer is the same, and it is counted as wrong
//! passwords and codes are: for the account where one is asked, else for the place it comes from.

use db::{
    Actor, ActorTx, Origin,
    audit::Act,
    passkeys::{self, Known, Purpose},
    sign_in,
};
use domain::{
    UserId,
    audit::{AuditAction, AuditStatus, EntityType},
};
use serde::Deserialize;
use utoipa::ToSchema;
use webauthn::{Assertion, Proved, Refused};

use super::{decode, site::Site};
use crate::{
    auth::{codes::counted_under, reset::refuse_while_locked},
    problem::Problem,
    state::ApiState,
    tokens,
};

/// What `navigator.credentials.get` answered (`AuthenticationResponseJSON`).
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PasskeyAnswer {
    /// The authenticator's name for the passkey, in base64url.
    id: String,
    /// What it says.
    response: PasskeyProof,
}

/// What an authenticator says to prove who uses it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyProof {
    /// The browser's part, in base64url.
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    /// The authenticator's part, in base64url.
    authenticator_data: String,
    /// Its signature, in base64url.
    signature: String,
    /// Whose passkey it is, in base64url.
    user_handle: Option<String>,
}

/// Who is asked for a proof, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum Asked {
    /// Whoever it is, to sign in.
    SignIn,
    /// This account, after its password.
    SecondFactor(UserId),
    /// This account, which is signed in.
    StepUp(UserId),
}

impl Asked {
    const fn purpose(self) -> Purpose {
        match self {
            Self::SignIn => Purpose::SignIn,
            Self::SecondFactor(_) => Purpose::SecondFactor,
            Self::StepUp(_) => Purpose::StepUp,
        }
    }

    const fn user_id(self) -> Option<UserId> {
        match self {
            Self::SignIn => None,
            Self::SecondFactor(user_id) | Self::StepUp(user_id) => Some(user_id),
        }
    }

    const fn action(self) -> AuditAction {
        match self {
            Self::SignIn | Self::SecondFactor(_) => AuditAction::SignIn,
            Self::StepUp(_) => AuditAction::StepUp,
        }
    }

    /// The name under which wrong answers are counted; no address is of this form.
    fn counted_under(self, origin: &Origin) -> String {
        match self.user_id() {
            Some(user_id) => counted_under(user_id),
            None => match origin.address {
                Some(address) => format!("passkey from {address}"),
                None => "passkey from unknown".to_owned(),
            },
        }
    }
}

/// Why an answer does not count, for the audit trail, and whose passkey it is where that is known.
struct Fault {
    why: String,
    user_id: Option<UserId>,
}

impl Fault {
    fn new(why: impl Into<String>, user_id: Option<UserId>) -> Self {
        Self {
            why: why.into(),
            user_id,
        }
    }
}

/// Verifies an answer. Gives whose passkey it is, and the transaction that notes its use, for what comes of it.
pub(in crate::auth) async fn prove(
    state: &ApiState,
    origin: &Origin,
    site: &Site,
    asked: Asked,
    answer: &PasskeyAnswer,
) -> Result<(Known, ActorTx), Problem> {
    site.required()?;
    let counted = asked.counted_under(origin);
    let anonymous = Actor::anonymous(origin.clone());
    let mut tx = state.database.begin(&anonymous).await?;
    refuse_while_locked(&mut tx, &counted).await?;
    let fault = match verify(tx, site, asked, answer).await? {
        Ok((known, proved)) => {
            let mut tx = state.database.begin(&anonymous).await?;
            if passkeys::used(&mut tx, &known, proved.sign_count, proved.is_backed_up).await? {
                sign_in::forget_failures(&mut tx, &counted).await?;
                return Ok((known, tx));
            }
            Fault::new(
                "the passkey was used elsewhere meanwhile",
                Some(known.user_id),
            )
        }
        Err(fault) => fault,
    };
    let mut tx = state.database.begin(&anonymous).await?;
    sign_in::failed(&mut tx, &counted).await?;
    let user_id = asked.user_id().or(fault.user_id);
    let mut act = Act::new(asked.action(), EntityType::User)
        .ended(AuditStatus::Failure, format!("passkey: {}", fault.why));
    if let Some(user_id) = user_id {
        act = act.on(user_id);
    }
    tx.audit_as(user_id, act).await?;
    tx.commit().await?;
    Err(Problem::WrongPasskey)
}

/// Uses the question up, whatever comes of the answer, and verifies that.
async fn verify(
    mut tx: ActorTx,
    site: &Site,
    asked: Asked,
    answer: &PasskeyAnswer,
) -> Result<Result<(Known, Proved), Fault>, Problem> {
    let proof = &answer.response;
    let parts = (
        decode(&answer.id),
        decode(&proof.client_data_json),
        decode(&proof.authenticator_data),
        decode(&proof.signature),
    );
    let (Some(credential_id), Some(client), Some(data), Some(signature)) = parts else {
        return Ok(Err(Fault::new("the answer is malformed", None)));
    };
    let assertion = match Assertion::parse(&client, &data, &signature) {
        Ok(assertion) => assertion,
        Err(refused) => return Ok(Err(Fault::new(refused.to_string(), None))),
    };
    let digest = tokens::digest(assertion.challenge());
    let was_asked = passkeys::answered(&mut tx, asked.purpose(), asked.user_id(), &digest).await?;
    let known = passkeys::find(&mut tx, &credential_id).await?;
    tx.commit().await?;
    let owner = known.as_ref().map(|known| known.user_id);
    if !was_asked {
        return Ok(Err(Fault::new("unknown, used or expired question", owner)));
    }
    let Some(known) = known.filter(|known| is_whose(known, asked, proof)) else {
        return Ok(Err(Fault::new("no passkey of this account", owner)));
    };
    let highest = webauthn::Known {
        public_key: &known.public_key,
        sign_count: u32::try_from(known.sign_count).unwrap_or(u32::MAX),
    };
    match assertion.verify(site.required()?, highest) {
        Ok(proved) => Ok(Ok((known, proved))),
        Err(refused) => {
            if matches!(refused, Refused::CounterWentBack { .. }) {
                tracing::warn!(user = %known.user_id, passkey = %known.passkey_id, "the counter of a passkey went back: there may be a copy of it");
            }
            Ok(Err(Fault::new(refused.to_string(), owner)))
        }
    }
}

/// Whether a passkey is of the account that is asked, and says so itself.
fn is_whose(known: &Known, asked: Asked, proof: &PasskeyProof) -> bool {
    let named = proof.user_handle.as_deref().map(decode);
    let owner = known.user_id.0.as_bytes();
    match (asked.user_id(), named) {
        // Whoever is not known yet is named by the passkey.
        (None, None) => false,
        (Some(user_id), None) => user_id == known.user_id,
        (user_id, Some(named)) => {
            named.as_deref() == Some(owner.as_slice())
                && user_id.is_none_or(|user_id| user_id == known.user_id)
        }
    }
}
