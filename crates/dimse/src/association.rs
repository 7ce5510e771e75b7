//! One association that a device asked for, from its request to its end (PS3.8 section 7).

use std::net::SocketAddr;

use db::{Actor, Origin, dicom_peers};
use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationRJ, AssociationRJResult,
    AssociationRJServiceUserReason, AssociationRJSource, AssociationRQ, Pdu,
};
use domain::Role;
use imaging::Limits;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Dimse,
    command::{self, Command},
    commitment::{self, Report},
    find, get,
    line::{Heard, Line, Wire},
    moving,
    negotiate::{self, Context, Service, trimmed},
    pdu::PduError,
    store, worklist,
};

/// Refused: SOP class not supported (PS3.7 annex C).
pub(crate) const CLASS_NOT_SUPPORTED: u16 = 0x0122;
/// Refused: unrecognized operation.
const UNKNOWN_OPERATION: u16 = 0x0211;

/// How an association ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Released,
    Aborted,
    Closed,
    Refused,
    Stopped,
}

impl End {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Aborted => "aborted",
            Self::Closed => "closed",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
        }
    }
}

/// Why an association broke.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error(transparent)]
    Pdu(#[from] PduError),
    #[error("it does not keep to the protocol: {0}")]
    Protocol(String),
    #[error(transparent)]
    Database(#[from] db::DbError),
    /// It did not break: the peer ended it while something was under way.
    #[error("it was ended: {0:?}")]
    Ended(End),
}

impl Broken {
    pub(crate) fn protocol(what: &str) -> Self {
        Self::Protocol(what.to_owned())
    }

    fn abort(&self) -> Option<AbortRQSource> {
        use AbortRQServiceProviderReason as Reason;
        match self {
            Self::Pdu(error) => error.abort(),
            Self::Protocol(_) => Some(AbortRQSource::ServiceProvider(
                Reason::UnexpectedPduParameter,
            )),
            Self::Database(_) => Some(AbortRQSource::ServiceProvider(Reason::ReasonNotSpecified)),
            Self::Ended(_) => None,
        }
    }
}

/// Runs an association to its end; a device that does not keep to the protocol is told so and left.
pub(crate) async fn run(
    service: &Dimse,
    wire: Box<dyn Wire>,
    from: SocketAddr,
    until_asked: Instant,
    stop: &CancellationToken,
) -> Result<End, Broken> {
    let mut line = Line::new(wire, service.bounds.silence);
    let outcome = converse(service, &mut line, from, until_asked, stop).await;
    let outcome = match outcome {
        Err(Broken::Ended(end)) => Ok(end),
        other => other,
    };
    // It may be gone already.
    match &outcome {
        Ok(End::Released) => {
            let _ = line.send(&Pdu::ReleaseRP).await;
        }
        Ok(End::Stopped) => {
            let reason = AbortRQServiceProviderReason::ReasonNotSpecified;
            let source = AbortRQSource::ServiceProvider(reason);
            let _ = line.send(&Pdu::AbortRQ { source }).await;
        }
        Ok(_) => {}
        Err(broken) => {
            if let Some(source) = broken.abort() {
                let _ = line.send(&Pdu::AbortRQ { source }).await;
            }
        }
    }
    outcome
}

async fn converse(
    service: &Dimse,
    line: &mut Line,
    from: SocketAddr,
    until_asked: Instant,
    stop: &CancellationToken,
) -> Result<End, Broken> {
    let patience = until_asked.saturating_duration_since(Instant::now());
    let asked = match line.hear_within(patience).await? {
        Heard::Association(asked) => asked,
        Heard::Closed => return Ok(End::Closed),
        Heard::Abort => return Ok(End::Aborted),
        _ => {
            return Err(Broken::protocol(
                "it begins without asking for an association",
            ));
        }
    };
    let peer = match admit(service, &asked, from).await? {
        Ok(peer) => peer,
        Err(reason) => {
            tracing::warn!(address = %from.ip(), reason = %reason, "a device was refused");
            let refusal = Pdu::AssociationRJ(AssociationRJ {
                result: AssociationRJResult::Permanent,
                source: AssociationRJSource::ServiceUser(reason),
            });
            line.send(&refusal).await?;
            return Ok(End::Refused);
        }
    };
    let (answer, contexts) = negotiate::agree(&asked);
    line.heed(&asked.user_variables);
    drop(asked);
    line.send(&Pdu::AssociationAC(answer)).await?;
    let mut session = Session {
        service,
        line,
        peer,
        contexts,
        reports: Vec::new(),
        messages: 0,
    };
    let outcome = session.serve(stop).await;
    session.keep_reports().await;
    outcome
}

/// What it means that something else was heard than is due.
pub(crate) fn unasked(heard: &Heard) -> Broken {
    match heard {
        Heard::Release => Broken::Ended(End::Released),
        Heard::Abort => Broken::Ended(End::Aborted),
        Heard::Closed => Broken::Ended(End::Closed),
        Heard::Association(_) => Broken::protocol("it asks for a second association in one"),
        Heard::Part { .. } => Broken::protocol("data without a command"),
        Heard::Command { .. } => Broken::protocol("a command while another one is under way"),
        Heard::Accepted(_) | Heard::Refused(_) | Heard::Released => {
            Broken::protocol("an answer to what nobody asked")
        }
    }
}

/// A device that was let in.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) actor: Actor,
    pub(crate) role: Role,
    pub(crate) title: String,
    /// Whether earlier studies are looked for there.
    pub(crate) is_archive: bool,
    pub(crate) limits: Limits,
}

async fn admit(
    service: &Dimse,
    asked: &AssociationRQ,
    from: SocketAddr,
) -> Result<Result<Peer, AssociationRJServiceUserReason>, db::DbError> {
    use AssociationRJServiceUserReason as Reason;
    if !negotiate::is_dicom(asked) {
        return Ok(Err(Reason::ApplicationContextNameNotSupported));
    }
    if trimmed(&asked.called_ae_title) != &*service.ae_title {
        return Ok(Err(Reason::CalledAETitleNotRecognized));
    }
    let title = trimmed(&asked.calling_ae_title);
    let origin = Origin {
        address: Some(from.ip()),
        user_agent: Some(format!("DICOM {title}")),
    };
    let mut tx = service
        .database
        .begin(&Actor::anonymous(origin.clone()))
        .await?;
    let found = dicom_peers::find(&mut tx, title, from.ip().to_canonical()).await?;
    tx.commit().await?;
    let serves = |role: Role| matches!(role, Role::Radiologist | Role::Doctor);
    let Some(account) = found.filter(|found| serves(found.role)) else {
        return Ok(Err(Reason::CallingAETitleNotRecognized));
    };
    let actor = Actor::user(account.user_id, account.role, origin);
    let mut tx = service.database.begin(&actor).await?;
    let limits = analysis::film::limits(&mut tx).await?;
    Ok(Ok(Peer {
        actor,
        role: account.role,
        title: title.to_owned(),
        is_archive: account.is_archive,
        limits,
    }))
}

/// An association that was agreed on.
pub(crate) struct Session<'a> {
    pub(crate) service: &'a Dimse,
    pub(crate) line: &'a mut Line,
    pub(crate) peer: Peer,
    pub(crate) contexts: Vec<Context>,
    /// Reports of storage commitment that the device has not taken yet, with the numbers they were sent under.
    reports: Vec<(u16, Report)>,
    messages: u16,
}

impl Session<'_> {
    /// Answers until the device, or the portal, has enough.
    async fn serve(&mut self, stop: &CancellationToken) -> Result<End, Broken> {
        loop {
            let heard = tokio::select! {
                // What is being sent may be sent to its end; the drain has a limit of its own.
                () = stop.cancelled(), if self.line.is_idle() => return Ok(End::Stopped),
                heard = self.line.hear() => heard?,
            };
            match heard {
                // In a box, so that an association that is silent has no room for what it might ask.
                Heard::Command { context, command } => {
                    Box::pin(self.answer(context, command)).await?;
                }
                other => return Err(unasked(&other)),
            }
        }
    }

    /// Notes that a report goes out; gives the number to send it under.
    pub(crate) fn reported(&mut self, report: Report) -> u16 {
        self.messages = self.messages.wrapping_add(1).max(1);
        self.reports.push((self.messages, report));
        self.messages
    }

    /// Whether this says that the device has taken a report. One that it refuses is taken all the same: it knows what the
    /// report says.
    pub(crate) fn is_taken(&mut self, command: &Command) -> bool {
        let is_answer = command.field() == Some(command::REPORT | command::RESPONSE);
        if is_answer {
            self.reports
                .retain(|(message, _)| Some(*message) != command.about());
        }
        is_answer
    }

    /// What the device has not taken goes to it another way.
    async fn keep_reports(&mut self) {
        for (_, report) in std::mem::take(&mut self.reports) {
            if let Err(error) = commitment::keep(self.service, &self.peer.actor, &report).await {
                tracing::error!(%error, "a report of storage commitment could not be kept");
            }
        }
    }

    async fn answer(&mut self, context: u8, asked: Command) -> Result<(), Broken> {
        let context = self
            .contexts
            .iter()
            .find(|agreed| agreed.id == context)
            .cloned()
            .ok_or_else(|| Broken::protocol("a context that was not agreed on"))?;
        match (asked.field(), context.service) {
            (Some(command::ECHO), _) => self.end(&context, &asked, 0, None).await,
            (Some(command::STORE), _) if asked.has_data_set() => {
                store::answer(self, &context, asked).await
            }
            (Some(command::FIND), Service::Find(model)) if asked.has_data_set() => {
                find::answer(self, &context, &asked, model).await
            }
            (Some(command::FIND), Service::Worklist) if asked.has_data_set() => {
                worklist::answer(self, &context, &asked).await
            }
            (Some(command::GET), Service::Get(model)) if asked.has_data_set() => {
                get::answer(self, &context, &asked, model).await
            }
            (Some(command::MOVE), Service::Move(model)) if asked.has_data_set() => {
                moving::answer(self, &context, &asked, model).await
            }
            (Some(command::FIND | command::GET | command::MOVE), _) => {
                if asked.has_data_set() {
                    self.data_set(&context).await?;
                }
                self.end(&context, &asked, CLASS_NOT_SUPPORTED, None).await
            }
            (Some(command::ACT), Service::Commitment) if asked.has_data_set() => {
                commitment::answer(self, &context, &asked).await
            }
            _ if self.is_taken(&asked) => Ok(()),
            // What it is about has ended meanwhile.
            (Some(command::CANCEL), _) => Ok(()),
            (Some(_), _) if !asked.has_data_set() => {
                self.end(&context, &asked, UNKNOWN_OPERATION, None).await
            }
            _ => Err(Broken::protocol("an operation that is not spoken here")),
        }
    }

    /// Answers with a status alone.
    pub(crate) async fn end(
        &mut self,
        context: &Context,
        asked: &Command,
        status: u16,
        comment: Option<&str>,
    ) -> Result<(), Broken> {
        let answer = asked.answer(status, comment);
        Ok(self.line.say(context.id, &answer, None).await?)
    }

    /// The data set that follows a command of an inquiry.
    pub(crate) async fn data_set(&mut self, agreed: &Context) -> Result<Vec<u8>, Broken> {
        /// Room for the UIDs of some ten thousand instances.
        const LONGEST: usize = 2 << 20;
        let mut whole = Vec::new();
        loop {
            match self.line.hear().await? {
                Heard::Part {
                    context,
                    bytes,
                    is_last,
                } if context == agreed.id => {
                    if whole.len() + bytes.len() > LONGEST {
                        return Err(Broken::protocol("a data set without end"));
                    }
                    whole.extend_from_slice(&bytes);
                    if is_last {
                        return Ok(whole);
                    }
                }
                Heard::Part { .. } => {
                    return Err(Broken::protocol("data of another context than its command"));
                }
                other => return Err(unasked(&other)),
            }
        }
    }

    /// Whether the device has taken back meanwhile what it asked for.
    pub(crate) async fn is_cancelled(&mut self, asked: &Command) -> Result<bool, Broken> {
        // Lets what has come in the meantime be noticed.
        tokio::task::yield_now().await;
        let Some(heard) = self.line.hear_now() else {
            return Ok(false);
        };
        match heard? {
            Heard::Command { command, .. } if command.field() == Some(command::CANCEL) => {
                Ok(command.about() == asked.message_id())
            }
            Heard::Command { command, .. } if self.is_taken(&command) => Ok(false),
            other => Err(unasked(&other)),
        }
    }
}
