//! How mail is sent.

use anyhow::{Context, Result, bail};
use api::Mailer;
use clap::Args;
use url::Url;

/// The hospital's mail server. Without it the portal sends no mail, and says so.
#[derive(Debug, Args)]
pub(crate) struct MailArgs {
    /// Mail server, as smtps://USER:PASSWORD@HOST or smtp://HOST:PORT?tls=required
    #[arg(
        long,
        env = "PORTAL_SMTP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    smtp_url: Option<String>,
    /// Sender of the portal's mail, such as 'Medical Portal <portal@example.org>'
    #[arg(long, env = "PORTAL_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Address by which people reach the portal, such as https://portal.example.org: passkeys are bound to its
    /// name, and links in mail lead there
    #[arg(long, env = "PORTAL_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl MailArgs {
    /// The address by which people reach the portal.
    pub(crate) fn public_url(&self) -> Result<Option<Url>> {
        let Some(text) = &self.public_url else {
            return Ok(None);
        };
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/")
            .filter(|url| url.query().is_none() && url.username().is_empty());
        match url {
            Some(url) => Ok(Some(url)),
            None => bail!("public_url must be given as https://HOST, without a path"),
        }
    }

    /// Who sends mail, if anybody. Options from a file are not held together by the command line's own rules,
    /// so all three are asked for here.
    pub(crate) fn mailer(&self) -> Result<Option<Mailer>> {
        match (&self.smtp_url, &self.mail_from, &self.public_url) {
            (None, _, _) => Ok(None),
            (Some(server), Some(from), Some(portal)) => Mailer::new(server, from, portal)
                .map(Some)
                .context("mail cannot be sent like this"),
            _ => bail!("mail needs all three: smtp_url, mail_from and public_url"),
        }
    }
}
