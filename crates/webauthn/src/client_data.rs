//! What the browser says of a ceremony (WebAuthn section 5.8.1).

use serde::Deserialize;

use crate::{Refused, RelyingParty};

/// The browser's part of an answer. What else stands there is ignored, as the standard asks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientData {
    r#type: String,
    /// In base64url.
    pub(crate) challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

impl ClientData {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(json)
            .map_err(|_| Refused::Malformed("the browser's part is not of its form"))
    }

    pub(crate) fn verify(&self, ceremony: &str, site: &RelyingParty) -> Result<(), Refused> {
        if self.r#type != ceremony {
            return Err(Refused::Ceremony);
        }
        // The portal is shown in no frame, so there is no answer from one.
        if self.origin != site.origin() || self.cross_origin {
            return Err(Refused::Site);
        }
        Ok(())
    }
}
