//! ID tokens, verified (OpenID Connect Core 1.0, section 3.1.3.7).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::jwks::Jwks;

/// How far the provider's clock may be off.
const TOLERANCE: Duration = Duration::minutes(1);
/// How old a token may be that was made for this very sign-in.
const OLDEST: Duration = Duration::minutes(10);

/// Why a token does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("it is malformed")]
    Malformed,
    /// It is signed in a way that is not taken, such as not at all.
    #[error("it is signed in a way that is not taken")]
    Algorithm,
    /// The provider has no such key.
    #[error("it is signed with a key that the provider does not name")]
    UnknownKey,
    /// The signature is not the provider's.
    #[error("its signature is not right")]
    Signature,
    /// It is another provider's.
    #[error("it is of another issuer")]
    Issuer,
    /// It is for somebody else than the portal.
    #[error("it is not for this portal")]
    Audience,
    /// It is of another sign-in.
    #[error("it is of another sign-in")]
    Nonce,
    /// It is over, or of another time.
    #[error("it is expired or of another time: compare the clocks of portal and provider")]
    Time,
}

/// What a token has to say to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// What a provider says of whoever signed in.
#[derive(Debug, Clone)]
pub struct Claims(Map<String, Value>);

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that whoever reads the token has to know: none is known here.
    crit: Option<Value>,
}

/// Verifies a token.
pub(crate) fn verify(token: &str, keys: &Jwks, expected: Expected<'_>) -> Result<Claims, Refused> {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refused::Malformed);
    };
    let signed = &token[..header.len() + 1 + payload.len()];
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| Refused::Malformed);
    let named: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Refused::Malformed)?;
    if named.crit.is_some() {
        return Err(Refused::Algorithm);
    }
    keys.verify(
        &named.alg,
        named.kid.as_deref(),
        signed.as_bytes(),
        &decode(signature)?,
    )?;
    let claims = Claims(serde_json::from_slice(&decode(payload)?).map_err(|_| Refused::Malformed)?);
    claims.check(expected)?;
    Ok(claims)
}

impl Claims {
    fn check(&self, expected: Expected<'_>) -> Result<(), Refused> {
        if self.text("iss") != Some(expected.issuer) {
            return Err(Refused::Issuer);
        }
        let audience = self.words("aud");
        // More than one audience, or another party that asked: not for the portal alone.
        let asked_by = self.0.get("azp").map(|azp| azp.as_str());
        if audience != [expected.client_id]
            || asked_by.is_some_and(|azp| azp != Some(expected.client_id))
        {
            return Err(Refused::Audience);
        }
        if self.text("nonce") != Some(expected.nonce) {
            return Err(Refused::Nonce);
        }
        let time = |name| self.time(name).ok_or(Refused::Time);
        let now = expected.now;
        let is_over = time("exp")? <= now - TOLERANCE;
        let issued = time("iat")?;
        let is_early = self.0.contains_key("nbf") && time("nbf")? > now + TOLERANCE;
        if is_over || is_early || issued > now + TOLERANCE || issued < now - OLDEST {
            return Err(Refused::Time);
        }
        if self.subject().is_empty() {
            return Err(Refused::Malformed);
        }
        Ok(())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let seconds = self.0.get(name)?.as_f64()?;
        // Beyond any date: not a time.
        (seconds.abs() < 1e12)
            .then(|| DateTime::from_timestamp(seconds as i64, 0))
            .flatten()
    }

    /// A claim's texts, be it one or a list. A dot leads into an object, as in `realm_access.roles`, where no claim
    /// has that very name.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<&str> {
        let found = self.0.get(name).or_else(|| {
            let mut parts = name.split('.');
            let first = self.0.get(parts.next()?)?;
            parts.try_fold(first, |value, part| value.get(part))
        });
        match found {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The provider's own name for whoever signed in, which never changes.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.text("sub").unwrap_or_default()
    }

    /// The address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// Whether the provider has seen that the address is theirs.
    #[must_use]
    pub fn email_is_verified(&self) -> bool {
        self.0.get("email_verified") == Some(&Value::Bool(true))
    }

    /// The name, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
            .map(str::trim)
            .filter(|name| !name.is_empty())
    }

    /// How the provider made sure who it is: the words of `amr` and `acr`.
    #[must_use]
    pub fn methods(&self) -> Vec<&str> {
        [self.words("amr"), self.words("acr")].concat()
    }
}

#[cfg(test)]
mod tests;
