//! Protocol data units (PS3.8 section 9.3) from and to a stream. Those of data are taken apart here, so that a film passes
//! through in pieces; the others go by `dicom-ul`.

use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationRQ, Pdu, read_pdu, write_pdu,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest PDU of data that devices are told they may send, and that is taken.
pub(crate) const LONGEST: u32 = 128 << 10;
/// Longest PDU of another kind: an association with 128 contexts of all transfer syntaxes has less.
const LONGEST_OTHER: u32 = 256 << 10;

/// Why a device cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PduError {
    #[error("the connection broke: {0}")]
    Connection(#[from] std::io::Error),
    #[error("it sent nothing, or not all of a PDU, for {0:?}")]
    Silent(Duration),
    #[error("it sent a PDU of {length} bytes, more than the {most} allowed")]
    TooLong { length: u32, most: u32 },
    #[error("it sent a PDU of the unknown type {0:#04x}")]
    Unknown(u8),
    #[error("it sent a PDU that cannot be read: {0}")]
    Garbled(String),
}

impl PduError {
    /// What it is told before the connection is closed; nothing where nobody listens any more (PS3.8 table 9-26).
    pub(crate) fn abort(&self) -> Option<AbortRQSource> {
        let reason = match self {
            Self::Connection(_) => return None,
            Self::Silent(_) => AbortRQServiceProviderReason::ReasonNotSpecified,
            Self::Unknown(_) => AbortRQServiceProviderReason::UnrecognizedPdu,
            Self::TooLong { .. } | Self::Garbled(_) => {
                AbortRQServiceProviderReason::InvalidPduParameter
            }
        };
        Some(AbortRQSource::ServiceProvider(reason))
    }
}

/// A part of a command or of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) context: u8,
    pub(crate) is_command: bool,
    pub(crate) is_last: bool,
    pub(crate) bytes: Bytes,
}

/// What a device sent.
#[derive(Debug)]
pub(crate) enum Received {
    Association(Box<AssociationRQ>),
    Data(Vec<Piece>),
    Release,
    Abort,
    /// It closed the connection between two PDUs.
    Closed,
}

/// The next PDU; all of it within `patience`.
pub(crate) async fn receive(
    stream: &mut (impl AsyncRead + Unpin),
    patience: Duration,
) -> Result<Received, PduError> {
    tokio::time::timeout(patience, read(stream))
        .await
        .map_err(|_| PduError::Silent(patience))?
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Received, PduError> {
    let mut head = [0; 6];
    if stream.read(&mut head[..1]).await? == 0 {
        return Ok(Received::Closed);
    }
    stream.read_exact(&mut head[1..]).await?;
    let length = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
    let most = match head[0] {
        4 => LONGEST,
        1 | 5 | 6 | 7 => LONGEST_OTHER,
        other => return Err(PduError::Unknown(other)),
    };
    if length > most {
        return Err(PduError::TooLong { length, most });
    }
    // Grows as bytes come, so that a length alone reserves nothing.
    let mut body = BytesMut::new();
    let mut limited = (&mut *stream).take(u64::from(length));
    while body.len() < length as usize {
        if limited.read_buf(&mut body).await? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
    }
    match head[0] {
        4 => pieces(body.freeze()).map(Received::Data),
        5 => Ok(Received::Release),
        7 => Ok(Received::Abort),
        _ => {
            let mut whole = BytesMut::from(&head[..]);
            whole.extend_from_slice(&body);
            other(whole.freeze())
        }
    }
}

fn other(bytes: Bytes) -> Result<Received, PduError> {
    // It reads fields without asking whether they are there.
    let read = std::panic::catch_unwind(|| read_pdu(bytes, LONGEST_OTHER, false));
    match read {
        Ok(Ok(Some(Pdu::AssociationRQ(asked)))) => Ok(Received::Association(Box::new(asked))),
        Ok(Ok(_)) => Err(PduError::Garbled("it is of no use here".to_owned())),
        Ok(Err(error)) => Err(PduError::Garbled(error.to_string())),
        Err(_) => Err(PduError::Garbled("its fields are cut off".to_owned())),
    }
}

/// The presentation data values of a P-DATA-TF (PS3.8 section 9.3.5 and annex E).
pub(crate) fn pieces(mut body: Bytes) -> Result<Vec<Piece>, PduError> {
    let mut pieces = Vec::new();
    while body.has_remaining() {
        if body.remaining() < 6 {
            return Err(PduError::Garbled("a data value is cut off".to_owned()));
        }
        let length = body.get_u32() as usize;
        if length < 2 || length > body.remaining() {
            return Err(PduError::Garbled(format!(
                "a data value says it has {length} bytes, and {} are there",
                body.remaining()
            )));
        }
        let (context, control) = (body.get_u8(), body.get_u8());
        pieces.push(Piece {
            context,
            is_command: control & 1 == 1,
            is_last: control & 2 == 2,
            bytes: body.split_to(length - 2),
        });
    }
    Ok(pieces)
}

/// Sends a PDU.
pub(crate) async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    pdu: &Pdu,
    patience: Duration,
) -> Result<(), PduError> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).map_err(|error| PduError::Garbled(error.to_string()))?;
    let sending = async {
        stream.write_all(&bytes).await?;
        stream.flush().await
    };
    tokio::time::timeout(patience, sending)
        .await
        .map_err(|_| PduError::Silent(patience))??;
    Ok(())
}
