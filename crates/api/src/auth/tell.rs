//! What the portal writes to the owners of accounts, in English and German, since nobody's language is known
//! before a sign-in. Sent beside the request, so that an answer's time tells nothing.

use crate::{problem::chain, state::ApiState};

/// A mail to the owner of an account.
#[derive(Debug, Clone)]
pub(crate) enum Letter {
    /// A code to choose a new password with.
    Reset {
        /// The code.
        code: String,
    },
    /// A code to show that mail arrives.
    Verify {
        /// The code.
        code: String,
    },
    /// How the account is secured has changed.
    Changed(Change),
}

/// A change of how an account is secured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// The password.
    Password,
    /// The second factor.
    SecondFactor,
    /// A passkey was added or taken away.
    Passkeys,
    /// The account was linked with one of a provider.
    SingleSignOn,
}

/// Sends a letter, if this portal sends mail. A mail that cannot be sent is noted in the log, without the
/// address; whoever waits for it asks again.
pub(crate) fn tell(state: &ApiState, address: String, letter: Letter) {
    let Some(mailer) = state.options.mailer.clone() else {
        return;
    };
    tokio::spawn(async move {
        let (subject, text) = letter.written(|page, code| mailer.link(page, code));
        if let Err(error) = mailer.send(&address, subject, text).await {
            tracing::warn!(error = chain(&error), subject, "a mail could not be sent");
        }
    });
}

impl Letter {
    fn written(&self, link: impl Fn(&str, &str) -> String) -> (&'static str, String) {
        match self {
            Self::Reset { code } => {
                let link = link("reset", code);
                (
                    "New password / Neues Passwort",
                    format!(
                        "Somebody, probably you, wants to choose a new password for this address. Within an hour:\n\n{link}\n\n\
                         or type the code {code}. If it was not you, do nothing: the password stays.\n\n--\n\n\
                         Jemand, vermutlich Sie, möchte ein neues Passwort für diese Adresse wählen. Innerhalb einer Stunde:\n\n{link}\n\n\
                         oder geben Sie den Code {code} ein. Wenn Sie es nicht waren, tun Sie nichts: Das Passwort bleibt.\n"
                    ),
                )
            }
            Self::Verify { code } => {
                let link = link("verify", code);
                (
                    "Confirm your address / Adresse bestätigen",
                    format!(
                        "Please confirm within two days that mail of the portal reaches you:\n\n{link}\n\nor type the code {code}.\n\n--\n\n\
                         Bitte bestätigen Sie innerhalb von zwei Tagen, dass Sie Post des Portals erreicht:\n\n{link}\n\noder geben Sie den Code {code} ein.\n"
                    ),
                )
            }
            Self::Changed(change) => {
                let (english, german) = match change {
                    Change::Password => ("The password", "Das Passwort"),
                    Change::SecondFactor => ("The second factor", "Der zweite Faktor"),
                    Change::SingleSignOn => {
                        ("The single sign-on", "Die Einmalanmeldung (single sign-on)")
                    }
                    Change::Passkeys => ("The list of passkeys", "Die Liste der Passkeys"),
                };
                (
                    "Your account was changed / Ihr Konto wurde geändert",
                    format!(
                        "{english} of your account has been changed. If it was not you, tell your hospital at once.\n\n--\n\n\
                         {german} Ihres Kontos wurde geändert. Wenn Sie es nicht waren, sagen Sie es sofort Ihrem Krankenhaus.\n"
                    ),
                )
            }
        }
    }
}
