//! Associations that the portal asks for: with devices and archives of the list, to send films to them and to ask them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use db::dicom_peers::Destination;
use dicom_dictionary_std::uids;
use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationAC, AssociationRQ, Pdu,
    PresentationContextProposed, PresentationContextResultReason as Reason, RequestorRoles,
    UserVariableItem,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    command::Command,
    line::{Heard, Line, Wire},
    negotiate::{self, APPLICATION_CONTEXT, trimmed},
};

/// Most contexts of an association: their numbers are odd and have a byte.
pub(crate) const MOST_CONTEXTS: usize = 128;

/// How the portal calls others.
#[derive(Clone)]
pub struct Calling {
    tls: Option<Arc<ClientConfig>>,
    in_the_clear: bool,
    patience: Duration,
}

impl std::fmt::Debug for Calling {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Calling(in the clear: {})", self.in_the_clear)
    }
}

impl Default for Calling {
    /// In the clear on this machine only, and nobody over TLS.
    fn default() -> Self {
        Self {
            tls: None,
            in_the_clear: false,
            patience: Duration::from_secs(15),
        }
    }
}

impl Calling {
    /// With this for those who listen over TLS.
    #[must_use]
    pub fn with_tls(self, config: Arc<ClientConfig>) -> Self {
        Self {
            tls: Some(config),
            ..self
        }
    }

    /// Also in the clear over a network.
    #[must_use]
    pub fn in_the_clear(self) -> Self {
        Self {
            in_the_clear: true,
            ..self
        }
    }
}

/// Why nothing came of a call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// It may not be called so.
    #[error("{0} listens in the clear, and dicom_in_the_clear does not allow that over a network")]
    InTheClear(String),
    /// It listens over TLS.
    #[error("{0} listens over TLS, which takes dicom_tls here as well")]
    NoTls(String),
    /// Its machine's name is none.
    #[error("{0} is no name that a certificate could have")]
    Name(String),
    /// Nobody answers.
    #[error("{title} does not answer: {error}")]
    Connection {
        /// Whom.
        title: String,
        /// Why.
        error: std::io::Error,
    },
    /// It does not want to.
    #[error("{title} refuses the association: {reason}")]
    Refused {
        /// Who.
        title: String,
        /// Its reason.
        reason: String,
    },
    /// It broke off, or does not keep to the protocol.
    #[error("the association with {title} broke: {reason}")]
    Broken {
        /// Who.
        title: String,
        /// How.
        reason: String,
    },
}

/// A SOP class and a transfer syntax that are proposed in one context.
pub(crate) type Proposal = (String, String);

/// An association that was asked for and granted.
pub(crate) struct Call {
    title: String,
    line: Line,
    /// Number, class and transfer syntax of what was agreed on.
    agreed: Vec<(u8, Proposal)>,
    /// Classes of which the other side lets the portal be the store.
    stored_here: Vec<String>,
    messages: u16,
}

impl Call {
    /// Calls, and agrees on what it can of the proposals; there may be at most [`MOST_CONTEXTS`]. `roles` are those that
    /// the portal takes in a class, where they are other than those of whoever asks.
    pub(crate) async fn begin(
        calling: &Calling,
        own_title: &str,
        to: &Destination,
        proposals: &[Proposal],
        roles: &[(&str, RequestorRoles)],
        silence: Duration,
    ) -> Result<Self, CallError> {
        let wire = tokio::time::timeout(calling.patience, connect(calling, to))
            .await
            .map_err(|_| CallError::Connection {
                title: to.ae_title.clone(),
                error: std::io::ErrorKind::TimedOut.into(),
            })??;
        let mut line = Line::new(wire, silence);
        let numbers = (1..=u8::MAX).step_by(2);
        let proposed: Vec<(u8, Proposal)> = numbers.zip(proposals.iter().cloned()).collect();
        let mut variables = negotiate::ourselves();
        variables.extend(roles.iter().map(|(class, roles)| {
            UserVariableItem::ScuScpRoleSelectionSubItem((*class).to_owned(), *roles)
        }));
        let asked = AssociationRQ {
            protocol_version: 1,
            calling_ae_title: own_title.to_owned(),
            called_ae_title: to.ae_title.clone(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: proposed
                .iter()
                .map(|(id, (class, syntax))| PresentationContextProposed {
                    id: *id,
                    abstract_syntax: class.clone(),
                    transfer_syntaxes: vec![syntax.clone()],
                })
                .collect(),
            user_variables: variables,
        };
        let broken = |error: &dyn std::fmt::Display| CallError::Broken {
            title: to.ae_title.clone(),
            reason: error.to_string(),
        };
        line.send(&Pdu::AssociationRQ(asked))
            .await
            .map_err(|error| broken(&error))?;
        let answer: Box<AssociationAC> = match line.hear().await.map_err(|error| broken(&error))? {
            Heard::Accepted(answer) => answer,
            Heard::Refused(refusal) => {
                return Err(CallError::Refused {
                    title: to.ae_title.clone(),
                    reason: format!("{:?}", refusal.source),
                });
            }
            _ => return Err(broken(&"it does not answer the request for an association")),
        };
        line.heed(&answer.user_variables);
        let is_agreed = |id: u8| {
            let mut results = answer.presentation_contexts.iter();
            results.any(|result| result.id == id && result.reason == Reason::Acceptance)
        };
        // Whoever says nothing of roles keeps to the usual ones (PS3.7 D.3.3.4): then the portal is no store.
        let stored_here = answer.user_variables.iter().filter_map(|said| match said {
            UserVariableItem::ScuScpRoleSelectionSubItem(class, roles) if roles.scp => {
                Some(trimmed(class).to_owned())
            }
            _ => None,
        });
        Ok(Self {
            title: to.ae_title.clone(),
            stored_here: stored_here.collect(),
            agreed: proposed
                .into_iter()
                .filter(|(id, _)| is_agreed(*id))
                .collect(),
            line,
            messages: 0,
        })
    }

    /// The context that a class and a transfer syntax were agreed on in.
    pub(crate) fn context(&self, class: &str, syntax: &str) -> Option<u8> {
        self.agreed
            .iter()
            .find(|(_, (agreed, with))| agreed == class && with == syntax)
            .map(|(id, _)| *id)
    }

    /// The transfer syntaxes that were agreed on for a class.
    pub(crate) fn syntaxes<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a str> {
        self.agreed
            .iter()
            .filter(move |(_, (agreed, _))| agreed == class)
            .map(|(_, (_, syntax))| syntax.as_str())
    }

    /// The class and transfer syntax of a context in which the other side may store films here.
    pub(crate) fn stored_in(&self, context: u8) -> Option<&Proposal> {
        let (_, proposal) = self.agreed.iter().find(|(id, _)| *id == context)?;
        self.stored_here.contains(&proposal.0).then_some(proposal)
    }

    /// Whether there is any class of which the other side may store films here.
    pub(crate) fn is_store(&self) -> bool {
        self.agreed
            .iter()
            .any(|(id, _)| self.stored_in(*id).is_some())
    }

    /// Whom the association is with.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// A number for the next request.
    pub(crate) fn message(&mut self) -> u16 {
        self.messages = self.messages.wrapping_add(1).max(1);
        self.messages
    }

    /// Sends a request and gives the answer to it; one that is only an interim answer as well.
    pub(crate) async fn ask(
        &mut self,
        context: u8,
        request: &Command,
        data: Option<&[u8]>,
    ) -> Result<Command, CallError> {
        self.line
            .say(context, request, data)
            .await
            .map_err(|error| self.broken(&error))?;
        self.next(request).await
    }

    /// Says a command and waits for nothing.
    pub(crate) async fn say(
        &mut self,
        context: u8,
        command: &Command,
        data: Option<&[u8]>,
    ) -> Result<(), CallError> {
        let said = self.line.say(context, command, data).await;
        said.map_err(|error| self.broken(&error))
    }

    /// What comes next, within the usual patience; an association that ends meanwhile is broken.
    pub(crate) async fn hear(&mut self) -> Result<Heard, CallError> {
        match self
            .line
            .hear()
            .await
            .map_err(|error| self.broken(&error))?
        {
            Heard::Release => {
                let _ = self.line.send(&Pdu::ReleaseRP).await;
                Err(self.broken(&"it ended the association"))
            }
            Heard::Abort | Heard::Closed => Err(self.broken(&"it broke off")),
            heard => Ok(heard),
        }
    }

    /// The next part of the data set that follows a command, and whether it is the last one.
    pub(crate) async fn part(&mut self, of: u8) -> Result<(Bytes, bool), CallError> {
        match self.hear().await? {
            Heard::Part {
                context,
                bytes,
                is_last,
            } if context == of => Ok((bytes, is_last)),
            _ => Err(self.broken(&"a command without the data set that it announces")),
        }
    }

    /// The next answer to a request.
    async fn next(&mut self, request: &Command) -> Result<Command, CallError> {
        match self.hear().await? {
            Heard::Command { command, .. } if command.is_answer_to(request) => Ok(command),
            _ => Err(self.broken(&"it answers something else")),
        }
    }

    /// Sends an instance; gives the status.
    pub(crate) async fn store(
        &mut self,
        context: u8,
        class: &str,
        instance: &str,
        originator: Option<(&str, u16)>,
        data: &[u8],
    ) -> Result<u16, CallError> {
        let request = Command::store(self.message(), class, instance, originator);
        let answer = self.ask(context, &request, Some(data)).await?;
        Ok(answer.status().unwrap_or(0x0110))
    }

    /// Ends the association as it should be ended.
    pub(crate) async fn end(mut self) {
        // The other side may be gone already, and has everything.
        if self.line.send(&Pdu::ReleaseRQ).await.is_ok() {
            let _ = self.line.hear().await;
        }
    }

    /// Ends it at once.
    pub(crate) async fn abort(mut self) {
        let reason = AbortRQServiceProviderReason::ReasonNotSpecified;
        let source = AbortRQSource::ServiceProvider(reason);
        let _ = self.line.send(&Pdu::AbortRQ { source }).await;
    }

    pub(crate) fn broken(&self, error: &dyn std::fmt::Display) -> CallError {
        CallError::Broken {
            title: self.title.clone(),
            reason: error.to_string(),
        }
    }
}

async fn connect(calling: &Calling, to: &Destination) -> Result<Box<dyn Wire>, CallError> {
    let title = || to.ae_title.clone();
    let unanswered = |error| CallError::Connection {
        title: title(),
        error,
    };
    if to.over_tls && calling.tls.is_none() {
        return Err(CallError::NoTls(title()));
    }
    let stream = TcpStream::connect((to.host.as_str(), to.port))
        .await
        .map_err(unanswered)?;
    let _ = stream.set_nodelay(true);
    let is_here = stream
        .peer_addr()
        .is_ok_and(|address| address.ip().to_canonical().is_loopback());
    match calling.tls.clone().filter(|_| to.over_tls) {
        Some(config) => {
            let name = ServerName::try_from(to.host.clone())
                .map_err(|_| CallError::Name(to.host.clone()))?;
            let stream = TlsConnector::from(config)
                .connect(name, stream)
                .await
                .map_err(unanswered)?;
            Ok(Box::new(stream))
        }
        None if is_here || calling.in_the_clear => Ok(Box::new(stream)),
        None => Err(CallError::InTheClear(title())),
    }
}

/// The transfer syntaxes that every answer and question can be in.
pub(crate) const NATIVE: [&str; 2] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
];
