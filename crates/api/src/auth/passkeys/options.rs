//! What a browser is asked to do with an authenticator.

use chrono::Duration;
use db::{
    ActorTx,
    passkeys::{self, Descriptor, Purpose},
};
use domain::UserId;
use serde::Serialize;
use utoipa::ToSchema;
use webauthn::{ALGORITHMS, RelyingParty};

use super::encode;
use crate::{problem::Problem, tokens};

/// How long a question waits for its answer.
const PATIENCE: Duration = Duration::minutes(5);
/// The same, as browsers want it.
const PATIENCE_MILLISECONDS: u32 = 300_000;
/// What the portal calls itself.
const NAME: &str = "Medical Portal";

/// What `navigator.credentials.create` is asked for (`PublicKeyCredentialCreationOptionsJSON`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyCreation {
    /// In base64url; good once.
    challenge: String,
    /// The portal.
    rp: PasskeyParty,
    /// The account.
    user: PasskeyUser,
    /// The kinds of keys that are taken, best first.
    pub_key_cred_params: Vec<PasskeyAlgorithm>,
    /// Passkeys that the account has already.
    exclude_credentials: Vec<PasskeyDescriptor>,
    /// What the authenticator must do.
    authenticator_selection: PasskeySelection,
    /// Whether the authenticator says what it is: `none`.
    attestation: &'static str,
    /// Milliseconds to answer in.
    timeout: u32,
}

/// The portal, as authenticators know it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyParty {
    /// The name of its address.
    id: String,
    /// What it is called.
    name: &'static str,
}

/// The account, as authenticators list it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyUser {
    /// In base64url.
    id: String,
    /// The address.
    name: String,
    /// The name.
    display_name: String,
}

/// A kind of key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyAlgorithm {
    /// `public-key`.
    r#type: &'static str,
    /// Its number with COSE.
    alg: i64,
}

/// What an authenticator must do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeySelection {
    /// Whether it keeps the passkey itself, so that nobody types an address.
    resident_key: &'static str,
    /// The same, in an older word.
    require_resident_key: bool,
    /// Whether it verifies who uses it.
    user_verification: &'static str,
}

/// A passkey, as browsers find it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyDescriptor {
    /// `public-key`.
    r#type: &'static str,
    /// The authenticator's name for it, in base64url.
    id: String,
    /// How it is reached.
    transports: Vec<String>,
}

/// What `navigator.credentials.get` is asked for (`PublicKeyCredentialRequestOptionsJSON`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyRequest {
    /// In base64url; good once.
    challenge: String,
    /// The name of the portal's address.
    rp_id: String,
    /// The passkeys that will do; empty: any of this portal.
    allow_credentials: Vec<PasskeyDescriptor>,
    /// Whether the authenticator verifies who uses it.
    user_verification: &'static str,
    /// Milliseconds to answer in.
    timeout: u32,
}

impl From<Descriptor> for PasskeyDescriptor {
    fn from(descriptor: Descriptor) -> Self {
        Self {
            r#type: "public-key",
            id: encode(&descriptor.credential_id),
            transports: descriptor.transports,
        }
    }
}

/// The challenge of a question that is noted.
async fn ask(
    tx: &mut ActorTx,
    purpose: Purpose,
    user_id: Option<UserId>,
) -> Result<String, Problem> {
    let challenge = tokens::new_token()?;
    let expires_at = tx.now() + PATIENCE;
    let digest = tokens::digest(&challenge);
    passkeys::ask(tx, purpose, user_id, &digest, expires_at).await?;
    Ok(challenge)
}

/// Asks for a new passkey.
pub(super) async fn ask_for_new(
    tx: &mut ActorTx,
    site: &RelyingParty,
    user_id: UserId,
) -> Result<PasskeyCreation, Problem> {
    let profile = db::accounts::profile(tx, user_id)
        .await?
        .ok_or(Problem::Unauthenticated)?;
    let present = passkeys::descriptors(tx, user_id).await?;
    Ok(PasskeyCreation {
        challenge: ask(tx, Purpose::Register, Some(user_id)).await?,
        rp: PasskeyParty {
            id: site.id().to_owned(),
            name: NAME,
        },
        user: PasskeyUser {
            id: encode(user_id.0.as_bytes()),
            name: profile.email,
            display_name: profile.name,
        },
        pub_key_cred_params: ALGORITHMS
            .into_iter()
            .map(|alg| PasskeyAlgorithm {
                r#type: "public-key",
                alg,
            })
            .collect(),
        exclude_credentials: present.into_iter().map(PasskeyDescriptor::from).collect(),
        authenticator_selection: PasskeySelection {
            resident_key: "required",
            require_resident_key: true,
            user_verification: "required",
        },
        attestation: "none",
        timeout: PATIENCE_MILLISECONDS,
    })
}

/// Asks for a proof, by a passkey of this account where it is known.
pub(super) async fn ask_for_proof(
    tx: &mut ActorTx,
    site: &RelyingParty,
    purpose: Purpose,
    user_id: Option<UserId>,
) -> Result<PasskeyRequest, Problem> {
    let allowed = match user_id {
        Some(user_id) => passkeys::descriptors(tx, user_id).await?,
        None => Vec::new(),
    };
    if user_id.is_some() && allowed.is_empty() {
        return Err(Problem::Conflict {
            code: "second_factor_missing",
            detail: "this account has no passkey".to_owned(),
        });
    }
    Ok(PasskeyRequest {
        challenge: ask(tx, purpose, user_id).await?,
        rp_id: site.id().to_owned(),
        allow_credentials: allowed.into_iter().map(PasskeyDescriptor::from).collect(),
        user_verification: "required",
        timeout: PATIENCE_MILLISECONDS,
    })
}
