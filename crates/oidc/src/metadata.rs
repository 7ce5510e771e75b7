//! What a provider says of itself (OpenID Connect Discovery 1.0).

use outgoing::Outgoing;
use serde::Deserialize;
use url::Url;

use crate::{
    OidcError,
    address::{checked, question},
};

/// As it comes.
#[derive(Deserialize)]
struct Raw {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    #[serde(default)]
    response_types_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// A provider's addresses.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    pub(crate) end_session_endpoint: Option<Url>,
    /// Whether the client's secret goes into the form, for want of a better way.
    pub(crate) secret_in_form: bool,
}

impl Metadata {
    /// Asks the provider of this name.
    pub(crate) async fn of(http: &Outgoing, issuer: &str) -> Result<Self, OidcError> {
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let answer = http
            .send(&checked(&address, "oidc_issuer")?, question())
            .await?;
        if answer.status != 200 {
            return Err(OidcError::Refused {
                what: "description of itself",
                status: answer.status,
                error: "is oidc_issuer right?".to_owned(),
            });
        }
        Self::parse(&answer.body, issuer)
    }

    fn parse(body: &[u8], issuer: &str) -> Result<Self, OidcError> {
        let raw: Raw =
            serde_json::from_slice(body).map_err(|_| OidcError::Answer("description of itself"))?;
        // Else one provider could speak for another (Discovery section 4.3).
        if raw.issuer != issuer {
            return Err(OidcError::Issuer {
                configured: issuer.to_owned(),
                found: raw.issuer,
            });
        }
        if !raw
            .response_types_supported
            .iter()
            .any(|kind| kind == "code")
        {
            return Err(OidcError::Lacks("the authorization code flow"));
        }
        let methods = raw.token_endpoint_auth_methods_supported;
        let takes = |method: &str| methods.iter().any(|each| each == method);
        // Where nothing is said, the first is meant.
        let secret_in_form = match (
            methods.is_empty() || takes("client_secret_basic"),
            takes("client_secret_post"),
        ) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => return Err(OidcError::Lacks("clients with a secret")),
        };
        let end_session = raw.end_session_endpoint.as_deref();
        Ok(Self {
            authorization_endpoint: checked(
                &raw.authorization_endpoint,
                "the provider's authorization_endpoint",
            )?,
            token_endpoint: checked(&raw.token_endpoint, "the provider's token_endpoint")?,
            jwks_uri: checked(&raw.jwks_uri, "the provider's jwks_uri")?,
            end_session_endpoint: end_session
                .map(|text| checked(text, "the provider's end_session_endpoint"))
                .transpose()?,
            secret_in_form,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(change: impl Fn(&mut Value)) -> Result<Metadata, OidcError> {
        let mut description = json!({
            "issuer": "https://login.example.org",
            "authorization_endpoint": "https://login.example.org/auth",
            "token_endpoint": "https://login.example.org/token",
            "jwks_uri": "https://login.example.org/keys",
            "response_types_supported": ["code"],
        });
        change(&mut description);
        Metadata::parse(
            description.to_string().as_bytes(),
            "https://login.example.org",
        )
    }

    #[test]
    fn a_provider_that_speaks_for_another_or_in_the_clear_is_refused() {
        assert!(!parse(|_| ()).unwrap().secret_in_form);
        let other = |fields: &mut Value| fields["issuer"] = json!("https://login.example.org/");
        assert!(matches!(parse(other), Err(OidcError::Issuer { .. })));
        let open =
            |fields: &mut Value| fields["token_endpoint"] = json!("http://login.example.org");
        assert!(matches!(parse(open), Err(OidcError::Address(_))));
        let implicit =
            |fields: &mut Value| fields["response_types_supported"] = json!(["id_token"]);
        assert!(matches!(parse(implicit), Err(OidcError::Lacks(_))));
        let methods = |fields: &mut Value| {
            fields["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        };
        assert!(parse(methods).unwrap().secret_in_form);
        let public = |fields: &mut Value| {
            fields["token_endpoint_auth_methods_supported"] = json!(["none"]);
        };
        assert!(matches!(parse(public), Err(OidcError::Lacks(_))));
    }
}
