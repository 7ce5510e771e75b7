//! A provider: where it sends people, and what it says of those who come back.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, Utc};
use outgoing::{Answer, Method, Outgoing, Sent};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    Claims, Flow, OidcError, Refused,
    address::{checked, question},
    jwks::Jwks,
    metadata::Metadata,
    token::{self, Expected},
};

/// How long what a provider says of itself is believed.
const BELIEVED_FOR: Duration = Duration::hours(1);
/// How long after its keys were read they are not read again for a key that is unknown.
const NOT_AGAIN_FOR: Duration = Duration::minutes(1);

/// The portal, as the provider knows it.
#[derive(Clone)]
pub struct Client {
    /// The provider's name, an address.
    pub issuer: String,
    /// The portal's name there.
    pub client_id: String,
    /// The portal's secret there.
    pub client_secret: String,
    /// Where the provider sends people back to.
    pub redirect: Url,
    /// Where it sends them after they signed out there.
    pub after_logout: Url,
}

impl std::fmt::Debug for Client {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A provider. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Provider {
    client: Arc<Client>,
    http: Outgoing,
    known: Arc<Mutex<Option<Known>>>,
}

/// What it said of itself.
#[derive(Debug, Clone)]
struct Known {
    metadata: Metadata,
    keys: Jwks,
    at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
}

#[derive(Deserialize, Default)]
struct Complaint {
    #[serde(default)]
    error: String,
}

impl Provider {
    /// The provider of this client. It is asked when it is first needed, so that the portal starts without it.
    ///
    /// # Errors
    /// [`OidcError::Address`] when the issuer is no https address.
    pub fn new(client: Client) -> Result<Self, OidcError> {
        checked(&client.issuer, "oidc_issuer")?;
        Ok(Self {
            client: Arc::new(client),
            http: Outgoing::new()?,
            known: Arc::default(),
        })
    }

    /// Its name, an address.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.client.issuer
    }

    /// Where somebody signs in.
    ///
    /// # Errors
    /// When the provider cannot be asked what it is.
    pub async fn sign_in_address(
        &self,
        flow: &Flow,
        state: &str,
        scopes: &str,
        now: DateTime<Utc>,
    ) -> Result<Url, OidcError> {
        let known = self.known(now).await?;
        let mut address = known.metadata.authorization_endpoint;
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.client_id)
            .append_pair("redirect_uri", self.client.redirect.as_str())
            .append_pair("scope", scopes)
            .append_pair("state", state)
            .append_pair("nonce", flow.nonce())
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(address)
    }

    /// Where somebody signs out, if the provider offers that.
    ///
    /// # Errors
    /// When the provider cannot be asked what it is.
    pub async fn sign_out_address(&self, now: DateTime<Utc>) -> Result<Option<Url>, OidcError> {
        let known = self.known(now).await?;
        Ok(known.metadata.end_session_endpoint.map(|mut address| {
            address
                .query_pairs_mut()
                .append_pair("client_id", &self.client.client_id)
                .append_pair(
                    "post_logout_redirect_uri",
                    self.client.after_logout.as_str(),
                );
            address
        }))
    }

    /// What the provider says of whoever came back with this code.
    ///
    /// # Errors
    /// When it takes the code not, or its token does not count.
    pub async fn redeem(
        &self,
        flow: &Flow,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims, OidcError> {
        let known = self.known(now).await?;
        let token = self.exchange(&known.metadata, flow, code).await?;
        let expected = Expected {
            issuer: &self.client.issuer,
            client_id: &self.client.client_id,
            nonce: flow.nonce(),
            now,
        };
        match token::verify(&token, &known.keys, expected) {
            // It may have a new one.
            Err(Refused::UnknownKey) if now - known.at >= NOT_AGAIN_FOR => {
                let known = self.ask(now).await?;
                Ok(token::verify(&token, &known.keys, expected)?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// A code for an ID token.
    async fn exchange(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        code: &str,
    ) -> Result<String, OidcError> {
        let (authorization, form) = self.token_request(metadata, flow, code);
        let answer = self
            .http
            .send(
                &metadata.token_endpoint,
                Sent {
                    method: Method::POST,
                    authorization: authorization.as_deref(),
                    content_type: Some("application/x-www-form-urlencoded"),
                    body: form.into(),
                },
            )
            .await?;
        if answer.status != 200 {
            return Err(complaint("code", &answer));
        }
        let tokens: Tokens =
            serde_json::from_slice(&answer.body).map_err(|_| OidcError::Answer("tokens"))?;
        tokens.id_token.ok_or(OidcError::Lacks("ID tokens"))
    }

    /// What a code is redeemed with: `Authorization`, and the form.
    fn token_request(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        code: &str,
    ) -> (Option<String>, String) {
        let client = &self.client;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", client.redirect.as_str())
            .append_pair("code_verifier", flow.verifier());
        if metadata.secret_in_form {
            form.append_pair("client_id", &client.client_id)
                .append_pair("client_secret", &client.client_secret);
            return (None, form.finish());
        }
        // Each as in a form, then together (RFC 6749 section 2.3.1).
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!(
            "{}:{}",
            encode(&client.client_id),
            encode(&client.client_secret)
        );
        let authorization = format!("Basic {}", STANDARD.encode(pair));
        (Some(authorization), form.finish())
    }

    /// What it said of itself, asked anew after a while. Of many who ask at once, one does.
    async fn known(&self, now: DateTime<Utc>) -> Result<Known, OidcError> {
        let mut known = self.known.lock().await;
        match &*known {
            Some(fresh) if now - fresh.at < BELIEVED_FOR => Ok(fresh.clone()),
            _ => {
                let fresh = self.ask_itself(now).await?;
                *known = Some(fresh.clone());
                Ok(fresh)
            }
        }
    }

    /// Asks anew.
    async fn ask(&self, now: DateTime<Utc>) -> Result<Known, OidcError> {
        let fresh = self.ask_itself(now).await?;
        *self.known.lock().await = Some(fresh.clone());
        Ok(fresh)
    }

    async fn ask_itself(&self, now: DateTime<Utc>) -> Result<Known, OidcError> {
        let metadata = Metadata::of(&self.http, &self.client.issuer).await?;
        let answer = self.http.send(&metadata.jwks_uri, question()).await?;
        if answer.status != 200 {
            return Err(complaint("list of its keys", &answer));
        }
        let keys = Jwks::parse(&answer.body).ok_or(OidcError::Answer("list of its keys"))?;
        Ok(Known {
            metadata,
            keys,
            at: now,
        })
    }
}

/// The provider's word for an error, if it is one; what else it says may hold anything.
fn complaint(what: &'static str, answer: &Answer) -> OidcError {
    let said: Complaint = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is_word = |text: &str| {
        text.len() <= 60
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    OidcError::Refused {
        what,
        status: answer.status,
        error: Some(said.error)
            .filter(|error| !error.is_empty() && is_word(error))
            .unwrap_or_else(|| "without a reason".to_owned()),
    }
}
