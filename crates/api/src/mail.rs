//! Mail to the owners of accounts, through the hospital's own server. A mail holds a code or the news of a
//! change, and nothing clinical.

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::Mailbox};
use url::Url;

/// Why mail cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server's address is none.
    #[error(
        "the mail server must be given as smtps://USER:PASSWORD@HOST or smtp://HOST:PORT?tls=required"
    )]
    Server,
    /// The way to the server is open to anybody on it.
    #[error(
        "mail to {0} would go unencrypted: use smtps://, or smtp:// with ?tls=required; plain smtp:// is for this machine only"
    )]
    Unencrypted(String),
    /// The sender's address is none.
    #[error("the sender of mail must be an address such as 'Medical Portal <portal@example.org>'")]
    Sender,
    /// The portal's own address is none.
    #[error("the portal's address for links in mail must be given as https://HOST, without a path")]
    Portal,
    /// The text cannot be made into a mail.
    #[error("cannot write the mail")]
    Text(#[source] lettre::error::Error),
    /// The recipient's address is none.
    #[error("this address cannot be written to")]
    Recipient,
    /// The server did not take it.
    #[error("the mail server did not take the mail")]
    Refused(#[source] lettre::transport::smtp::Error),
}

/// Sends mail. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    portal: Url,
}

impl std::fmt::Debug for Mailer {
    /// Without the server's password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer")
            .field("from", &self.from)
            .field("portal", &self.portal.as_str())
            .finish_non_exhaustive()
    }
}

impl Mailer {
    /// Through this server, from this address, with links to the portal at this address. Nothing is sent yet.
    ///
    /// # Errors
    /// [`MailError`] names what is wrong with the three.
    pub fn new(server: &str, from: &str, portal: &str) -> Result<Self, MailError> {
        let url = Url::parse(server).map_err(|_| MailError::Server)?;
        let host = url.host_str().ok_or(MailError::Server)?;
        let encrypted = match url.scheme() {
            "smtps" => true,
            "smtp" => url
                .query_pairs()
                .any(|(name, value)| name == "tls" && value == "required"),
            _ => return Err(MailError::Server),
        };
        if !encrypted && !matches!(host, "127.0.0.1" | "localhost" | "[::1]") {
            return Err(MailError::Unencrypted(host.to_owned()));
        }
        let portal = Url::parse(portal)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/")
            .ok_or(MailError::Portal)?;
        Ok(Self {
            transport: AsyncSmtpTransport::<Tokio1Executor>::from_url(server)
                .map_err(|_| MailError::Server)?
                .timeout(Some(std::time::Duration::from_secs(30)))
                .build(),
            from: from.parse().map_err(|_| MailError::Sender)?,
            portal,
        })
    }

    /// The page that takes a code. What follows the `#` is never sent to a server.
    #[must_use]
    pub fn link(&self, page: &str, code: &str) -> String {
        format!("{}{page}#{code}", self.portal)
    }

    /// Sends a text.
    ///
    /// # Errors
    /// When the server cannot be reached or does not take it.
    pub async fn send(&self, to: &str, subject: &str, text: String) -> Result<(), MailError> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.parse().map_err(|_| MailError::Recipient)?)
            .subject(subject)
            .body(text)
            .map_err(MailError::Text)?;
        self.transport
            .send(message)
            .await
            .map_err(MailError::Refused)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn mail_leaves_this_machine_encrypted_only() {
        let new = |server: &str| {
            Mailer::new(
                server,
                "Portal <p@example.org>",
                "https://portal.example.org",
            )
        };
        for fine in [
            "smtps://user:secret@mail.example.org",
            "smtp://mail.example.org:587?tls=required",
            "smtp://127.0.0.1:2525",
        ] {
            let mailer = new(fine).unwrap();
            assert!(!format!("{mailer:?}").contains("secret"));
            assert_eq!(
                mailer.link("reset", "A-B"),
                "https://portal.example.org/reset#A-B"
            );
        }
        for open in [
            "smtp://mail.example.org",
            "smtp://mail.example.org?tls=opportunistic",
        ] {
            assert!(
                matches!(new(open), Err(MailError::Unencrypted(_))),
                "{open}"
            );
        }
        assert!(matches!(new("mail.example.org"), Err(MailError::Server)));
        let server = "smtp://127.0.0.1:2525";
        assert!(matches!(
            Mailer::new(server, "nobody", "https://p"),
            Err(MailError::Sender)
        ));
        assert!(matches!(
            Mailer::new(server, "a@b.org", "https://p/portal"),
            Err(MailError::Portal)
        ));
    }
}
