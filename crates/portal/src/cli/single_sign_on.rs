//! Which provider people sign in with.

use anyhow::{Context, Result, bail};
use clap::Args;
use oidc::{Client, Provider};
use url::Url;

/// The hospital's own sign-in (OpenID Connect). Without it there is none beside the portal's.
#[derive(Debug, Args)]
pub(crate) struct SingleSignOnArgs {
    /// Provider of single sign-on, exactly as it names itself, such as https://login.example.org/realms/hospital
    #[arg(long, env = "PORTAL_OIDC_ISSUER", value_name = "URL")]
    oidc_issuer: Option<String>,
    /// The portal's name there
    #[arg(long, env = "PORTAL_OIDC_CLIENT_ID", value_name = "NAME")]
    oidc_client_id: Option<String>,
    /// The portal's secret there
    #[arg(
        long,
        env = "PORTAL_OIDC_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    oidc_client_secret: Option<String>,
}

impl SingleSignOnArgs {
    /// The provider, if one is named. Options from a file are not held together by the command line's own rules, so
    /// all are asked for here.
    pub(crate) fn provider(&self, public_url: Option<&Url>) -> Result<Option<Provider>> {
        let given = (
            &self.oidc_issuer,
            &self.oidc_client_id,
            &self.oidc_client_secret,
        );
        let (issuer, client_id, client_secret) = match given {
            (None, None, None) => return Ok(None),
            (Some(issuer), Some(client_id), Some(secret)) => (issuer, client_id, secret),
            _ => bail!(
                "single sign-on needs all three: oidc_issuer, oidc_client_id and oidc_client_secret"
            ),
        };
        let Some(public_url) = public_url else {
            bail!("single sign-on needs public_url, to which the provider sends people back");
        };
        let page = |name: &str| public_url.join(name).context("public_url takes no page");
        let client = Client {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            redirect: page("sso")?,
            after_logout: page("signin")?,
        };
        Provider::new(client)
            .map(Some)
            .context("this provider cannot be used for single sign-on")
    }
}
