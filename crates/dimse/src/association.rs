//! One association, from its request to its end (PS3.8 section 7).

use std::net::SocketAddr;

use db::{Actor, Origin, dicom_peers};
use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationRJ, AssociationRJResult,
    AssociationRJServiceUserReason, AssociationRJSource, AssociationRQ, PDataValue, PDataValueType,
    Pdu,
};
use domain::Role;
use imaging::Limits;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Dimse,
    command::{self, Command},
    negotiate::{self, Context, trimmed},
    pdu::{self, PduError, Piece, Received},
    store::Arriving,
};

/// Longest command; an ordinary one has some 200 bytes.
const LONGEST_COMMAND: usize = 16 << 10;
/// Refused: SOP class not supported (PS3.7 annex C).
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
}

impl Broken {
    fn abort(&self) -> Option<AbortRQSource> {
        use AbortRQServiceProviderReason as Reason;
        match self {
            Self::Pdu(error) => error.abort(),
            Self::Protocol(_) => Some(AbortRQSource::ServiceProvider(
                Reason::UnexpectedPduParameter,
            )),
            Self::Database(_) => Some(AbortRQSource::ServiceProvider(Reason::ReasonNotSpecified)),
        }
    }
}

/// Runs an association to its end; a device that does not keep to the protocol is told so and left.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    service: &Dimse,
    mut stream: S,
    from: SocketAddr,
    until_asked: Instant,
    stop: &CancellationToken,
) -> Result<End, Broken> {
    let outcome = converse(service, &mut stream, from, until_asked, stop).await;
    let source = match &outcome {
        Ok(End::Stopped) => Some(AbortRQSource::ServiceProvider(
            AbortRQServiceProviderReason::ReasonNotSpecified,
        )),
        Ok(_) => None,
        Err(broken) => broken.abort(),
    };
    if let Some(source) = source {
        // It may be gone already.
        let _ = pdu::send(
            &mut stream,
            &Pdu::AbortRQ { source },
            service.bounds.silence,
        )
        .await;
    }
    outcome
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    service: &Dimse,
    stream: &mut S,
    from: SocketAddr,
    until_asked: Instant,
    stop: &CancellationToken,
) -> Result<End, Broken> {
    let patience = until_asked.saturating_duration_since(Instant::now());
    let asked = match pdu::receive(stream, patience).await? {
        Received::Association(asked) => asked,
        Received::Closed => return Ok(End::Closed),
        Received::Abort => return Ok(End::Aborted),
        _ => {
            return Err(Broken::Protocol(
                "it begins without asking for an association".to_owned(),
            ));
        }
    };
    let silence = service.bounds.silence;
    let peer = match admit(service, &asked, from).await? {
        Ok(peer) => peer,
        Err(reason) => {
            tracing::warn!(address = %from.ip(), reason = %reason, "a device was refused");
            let refusal = Pdu::AssociationRJ(AssociationRJ {
                result: AssociationRJResult::Permanent,
                source: AssociationRJSource::ServiceUser(reason),
            });
            pdu::send(stream, &refusal, silence).await?;
            return Ok(End::Refused);
        }
    };
    let (answer, contexts) = negotiate::agree(&asked);
    pdu::send(stream, &Pdu::AssociationAC(answer), silence).await?;
    let mut exchange = Exchange {
        service,
        peer,
        contexts,
        command: Vec::new(),
        arriving: None,
    };
    loop {
        let received = tokio::select! {
            // What is being sent may be sent to its end; the drain has a limit of its own.
            () = stop.cancelled(), if exchange.is_idle() => return Ok(End::Stopped),
            received = pdu::receive(stream, silence) => received?,
        };
        match received {
            Received::Data(pieces) => {
                for piece in pieces {
                    if let Some((context, answer)) = exchange.take(piece).await? {
                        let value = PDataValue {
                            presentation_context_id: context,
                            value_type: PDataValueType::Command,
                            is_last: true,
                            data: answer.write(),
                        };
                        pdu::send(stream, &Pdu::PData { data: vec![value] }, silence).await?;
                    }
                }
            }
            Received::Release => {
                pdu::send(stream, &Pdu::ReleaseRP, silence).await?;
                return Ok(End::Released);
            }
            Received::Abort => return Ok(End::Aborted),
            Received::Closed => return Ok(End::Closed),
            Received::Association(_) => {
                return Err(Broken::Protocol(
                    "it asks for a second association in one".to_owned(),
                ));
            }
        }
    }
}

/// A device that was let in.
struct Peer {
    actor: Actor,
    limits: Limits,
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
    let Some((user_id, role)) = found.filter(|(_, role)| *role == Role::Radiologist) else {
        return Ok(Err(Reason::CallingAETitleNotRecognized));
    };
    let actor = Actor::user(user_id, role, origin);
    let mut tx = service.database.begin(&actor).await?;
    let limits = analysis::film::limits(&mut tx).await?;
    Ok(Ok(Peer { actor, limits }))
}

/// Commands and data sets as they come, piece by piece.
struct Exchange<'a> {
    service: &'a Dimse,
    peer: Peer,
    contexts: Vec<Context>,
    command: Vec<u8>,
    arriving: Option<Arriving>,
}

impl Exchange<'_> {
    fn is_idle(&self) -> bool {
        self.arriving.is_none() && self.command.is_empty()
    }

    /// Takes a piece; gives the answer when one is due, and its context.
    async fn take(&mut self, piece: Piece) -> Result<Option<(u8, Command)>, Broken> {
        if piece.is_command {
            return self.command(&piece);
        }
        let Some(mut arriving) = self.arriving.take() else {
            return Err(Broken::Protocol("data without a command".to_owned()));
        };
        if arriving.context != piece.context {
            return Err(Broken::Protocol(
                "data of another context than its command".to_owned(),
            ));
        }
        arriving.take(&piece.bytes);
        if !piece.is_last {
            self.arriving = Some(arriving);
            return Ok(None);
        }
        let (asked, context, verdict) = arriving
            .end(self.service, &self.peer.actor, self.peer.limits)
            .await;
        let outcome = if verdict.status == 0 || verdict.status & 0xF000 == 0xB000 {
            "taken"
        } else {
            "rejected"
        };
        metrics::counter!("portal_uploaded_files_total", "outcome" => outcome).increment(1);
        Ok(Some((
            context,
            asked.answer(verdict.status, verdict.comment.as_deref()),
        )))
    }

    fn command(&mut self, piece: &Piece) -> Result<Option<(u8, Command)>, Broken> {
        if self.arriving.is_some() {
            return Err(Broken::Protocol("a command within a data set".to_owned()));
        }
        if self.command.len() + piece.bytes.len() > LONGEST_COMMAND {
            return Err(Broken::Protocol("a command without end".to_owned()));
        }
        self.command.extend_from_slice(&piece.bytes);
        if !piece.is_last {
            return Ok(None);
        }
        let command = Command::read(&std::mem::take(&mut self.command))
            .map_err(|error| Broken::Protocol(error.to_string()))?;
        let context = self
            .contexts
            .iter()
            .find(|context| context.id == piece.context)
            .ok_or_else(|| Broken::Protocol("a context that was not agreed on".to_owned()))?;
        match command.field() {
            Some(command::ECHO) => Ok(Some((piece.context, command.answer(0, None)))),
            Some(command::STORE) if command.has_data_set() => {
                self.arriving = Some(Arriving::begin(
                    self.service,
                    command,
                    piece.context,
                    &context.transfer_syntax,
                    &self.peer.limits,
                ));
                Ok(None)
            }
            Some(command::CANCEL) => Ok(None),
            Some(_) if !command.has_data_set() => Ok(Some((
                piece.context,
                command.answer(UNKNOWN_OPERATION, None),
            ))),
            _ => Err(Broken::Protocol(
                "an operation that is not spoken here".to_owned(),
            )),
        }
    }
}
