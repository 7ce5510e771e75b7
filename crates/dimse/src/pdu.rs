//! Protocol data units (PS3.8 section 9.3). Those of data are taken apart and made here, so that a film passes through in
//! pieces; the others go by `dicom-ul`.

use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationAC, AssociationRJ, AssociationRQ, Pdu,
    read_pdu,
};

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
    Accepted(Box<AssociationAC>),
    Refused(AssociationRJ),
    Data(Vec<Piece>),
    Release,
    Released,
    Abort,
    /// It closed the connection between two PDUs.
    Closed,
}

/// Bytes of a PDU's head.
const HEAD: usize = 6;

/// The next PDU of what has come, if all of it has; else how many bytes it lacks at least.
pub(crate) fn take(buffer: &mut BytesMut) -> Result<Result<Received, usize>, PduError> {
    let Some(head) = buffer.first_chunk::<HEAD>() else {
        return Ok(Err(HEAD - buffer.len()));
    };
    let kind = head[0];
    let length = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
    let most = match kind {
        4 => LONGEST,
        1..=3 | 5..=7 => LONGEST_OTHER,
        other => return Err(PduError::Unknown(other)),
    };
    if length > most {
        return Err(PduError::TooLong { length, most });
    }
    let whole = HEAD + length as usize;
    if buffer.len() < whole {
        return Ok(Err(whole - buffer.len()));
    }
    let mut pdu = buffer.split_to(whole).freeze();
    Ok(Ok(match kind {
        4 => {
            pdu.advance(HEAD);
            Received::Data(pieces(pdu)?)
        }
        5 => Received::Release,
        6 => Received::Released,
        7 => Received::Abort,
        _ => other(pdu)?,
    }))
}

fn other(bytes: Bytes) -> Result<Received, PduError> {
    // It reads fields without asking whether they are there.
    let read = std::panic::catch_unwind(|| read_pdu(bytes, LONGEST_OTHER, false));
    match read {
        Ok(Ok(Some(Pdu::AssociationRQ(asked)))) => Ok(Received::Association(Box::new(asked))),
        Ok(Ok(Some(Pdu::AssociationAC(answer)))) => Ok(Received::Accepted(Box::new(answer))),
        Ok(Ok(Some(Pdu::AssociationRJ(refusal)))) => Ok(Received::Refused(refusal)),
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

/// Puts a presentation data value into a PDU of its own.
pub(crate) fn put_value(out: &mut Vec<u8>, context: u8, control: u8, value: &[u8]) {
    let length = u32::try_from(value.len() + 2).expect("a value is cut to what a peer takes");
    out.extend_from_slice(&[4, 0]);
    out.extend_from_slice(&(length + 4).to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[context, control]);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_is_taken_however_it_is_cut(
            value in prop::collection::vec(any::<u8>(), 0..400),
            context in any::<u8>(),
            control in 0..4_u8,
            cut in 0..400_usize,
        ) {
            let mut bytes = Vec::new();
            put_value(&mut bytes, context, control, &value);
            let mut buffer = BytesMut::from(&bytes[..cut.min(bytes.len() - 1)]);
            let missing = take(&mut buffer).unwrap().unwrap_err();
            prop_assert!(missing <= bytes.len() - buffer.len());
            buffer.extend_from_slice(&bytes[buffer.len()..]);
            let Received::Data(pieces) = take(&mut buffer).unwrap().unwrap() else {
                panic!("no data");
            };
            prop_assert_eq!(&pieces[..], &[Piece {
                context,
                is_command: control & 1 == 1,
                is_last: control & 2 == 2,
                bytes: value.into(),
            }]);
            prop_assert!(buffer.is_empty());
        }

        #[test]
        fn any_bytes_are_a_pdu_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Ok(_)) = take(&mut buffer) {}
        }
    }
}
