//! The line to a peer: what is heard is put together to commands and parts of data sets; what is said is cut to what the
//! peer takes (PS3.8 annex E).

use std::{collections::VecDeque, time::Duration};

use bytes::{Bytes, BytesMut};
use dicom_ul::pdu::{
    AssociationAC, AssociationRJ, AssociationRQ, Pdu, UserVariableItem, write_pdu,
};
use futures::FutureExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::{
    association::Broken,
    command::Command,
    pdu::{self, PduError, Piece, Received},
};

/// Longest command; an ordinary one has some 200 bytes.
const LONGEST_COMMAND: usize = 16 << 10;
/// So much is asked of the connection at a time, so that a length alone reserves nothing.
const STEP: usize = 64 << 10;
/// So much is gathered before it is written.
const WRITTEN_AT_ONCE: usize = 256 << 10;
/// What a peer takes when it does not say, or says that there is no limit.
const USUAL: usize = 64 << 10;

/// A connection, in the clear or over TLS.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

/// What was heard.
#[derive(Debug)]
pub(crate) enum Heard {
    Association(Box<AssociationRQ>),
    Accepted(Box<AssociationAC>),
    Refused(AssociationRJ),
    Command {
        context: u8,
        command: Command,
    },
    /// A part of a data set.
    Part {
        context: u8,
        bytes: Bytes,
        is_last: bool,
    },
    Release,
    Released,
    Abort,
    /// The connection was closed between two PDUs.
    Closed,
}

pub(crate) struct Line {
    wire: Box<dyn Wire>,
    /// What has come of the next PDU.
    buffer: BytesMut,
    /// What of the last PDU of data was not heard yet.
    pieces: VecDeque<Piece>,
    /// What has come of a command.
    command: Vec<u8>,
    /// Longest PDU of data that the peer takes.
    longest: usize,
    /// Longest silence, and longest time that one PDU may take.
    silence: Duration,
}

impl Line {
    pub(crate) fn new(wire: Box<dyn Wire>, silence: Duration) -> Self {
        Self {
            wire,
            buffer: BytesMut::new(),
            pieces: VecDeque::new(),
            command: Vec::new(),
            longest: USUAL,
            silence,
        }
    }

    /// Takes over what the peer said of itself when the association was made.
    pub(crate) fn heed(&mut self, variables: &[UserVariableItem]) {
        let longest = variables.iter().find_map(|variable| match variable {
            UserVariableItem::MaxLength(longest) => Some(*longest),
            _ => None,
        });
        self.longest = match longest {
            None | Some(0) => USUAL,
            Some(longest) => usize::try_from(longest).unwrap_or(USUAL).min(1 << 20),
        };
    }

    /// Whether nothing is half said.
    pub(crate) fn is_idle(&self) -> bool {
        self.command.is_empty() && self.pieces.is_empty()
    }

    /// What comes next, within the usual patience. When this is dropped, nothing of what has come is lost.
    pub(crate) async fn hear(&mut self) -> Result<Heard, Broken> {
        self.hear_within(self.silence).await
    }

    /// As [`Self::hear`], all of the PDU within `patience`.
    pub(crate) async fn hear_within(&mut self, patience: Duration) -> Result<Heard, Broken> {
        loop {
            while let Some(piece) = self.pieces.pop_front() {
                if let Some(heard) = self.piece(piece)? {
                    return Ok(heard);
                }
            }
            let received = tokio::time::timeout(patience, self.receive())
                .await
                .map_err(|_| PduError::Silent(patience))??;
            return Ok(match received {
                Received::Data(pieces) => {
                    self.pieces = pieces.into();
                    continue;
                }
                Received::Association(asked) => Heard::Association(asked),
                Received::Accepted(answer) => Heard::Accepted(answer),
                Received::Refused(refusal) => Heard::Refused(refusal),
                Received::Release => Heard::Release,
                Received::Released => Heard::Released,
                Received::Abort => Heard::Abort,
                Received::Closed => Heard::Closed,
            });
        }
    }

    /// What has come already, if anything has.
    pub(crate) fn hear_now(&mut self) -> Option<Result<Heard, Broken>> {
        self.hear().now_or_never()
    }

    async fn receive(&mut self) -> Result<Received, PduError> {
        loop {
            let missing = match pdu::take(&mut self.buffer)? {
                Ok(received) => {
                    if self.buffer.is_empty() {
                        // A line that is silent from now on costs nothing.
                        self.buffer = BytesMut::new();
                    }
                    return Ok(received);
                }
                Err(missing) => missing,
            };
            self.buffer.reserve(missing.min(STEP));
            if self.wire.read_buf(&mut self.buffer).await? == 0 {
                if self.buffer.is_empty() {
                    return Ok(Received::Closed);
                }
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    fn piece(&mut self, piece: Piece) -> Result<Option<Heard>, Broken> {
        if !piece.is_command {
            if !self.command.is_empty() {
                return Err(Broken::protocol("a data set within a command"));
            }
            return Ok(Some(Heard::Part {
                context: piece.context,
                bytes: piece.bytes,
                is_last: piece.is_last,
            }));
        }
        if self.command.len() + piece.bytes.len() > LONGEST_COMMAND {
            return Err(Broken::protocol("a command without end"));
        }
        self.command.extend_from_slice(&piece.bytes);
        if !piece.is_last {
            return Ok(None);
        }
        let command = Command::read(&std::mem::take(&mut self.command))
            .map_err(|error| Broken::Protocol(error.to_string()))?;
        Ok(Some(Heard::Command {
            context: piece.context,
            command,
        }))
    }

    /// Sends a PDU that is none of data.
    pub(crate) async fn send(&mut self, pdu: &Pdu) -> Result<(), PduError> {
        let mut bytes = Vec::new();
        write_pdu(&mut bytes, pdu).map_err(|error| PduError::Garbled(error.to_string()))?;
        self.write(&bytes).await
    }

    /// Says a command, with its data set where it has one.
    pub(crate) async fn say(
        &mut self,
        context: u8,
        command: &Command,
        data: Option<&[u8]>,
    ) -> Result<(), PduError> {
        debug_assert_eq!(command.has_data_set(), data.is_some());
        // A PDU's length counts the head of the value, too; a value has an even number of bytes.
        let most = (self.longest.saturating_sub(6) & !1).max(2);
        let mut out = Vec::new();
        let command = command.write();
        let parts = [(1, Some(&command[..])), (0, data)];
        for (kind, bytes) in parts {
            let Some(bytes) = bytes else { continue };
            let mut chunks = bytes.chunks(most).peekable();
            if chunks.peek().is_none() {
                pdu::put_value(&mut out, context, kind | 2, &[]);
            }
            while let Some(chunk) = chunks.next() {
                let last = if chunks.peek().is_none() { 2 } else { 0 };
                pdu::put_value(&mut out, context, kind | last, chunk);
                if out.len() >= WRITTEN_AT_ONCE {
                    self.write(&out).await?;
                    out.clear();
                }
            }
        }
        self.write(&out).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), PduError> {
        let writing = async {
            self.wire.write_all(bytes).await?;
            self.wire.flush().await
        };
        tokio::time::timeout(self.silence, writing)
            .await
            .map_err(|_| PduError::Silent(self.silence))??;
        Ok(())
    }
}
