//! The Minimal Lower Layer Protocol: a message between a start (0B) and an end (1C 0D).

use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

/// Begins a message.
const START: u8 = 0x0B;
/// Ends one, before a carriage return.
const END: u8 = 0x1C;

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum MllpError {
    /// It broke.
    #[error("the connection broke: {0}")]
    Connection(#[from] std::io::Error),
    /// It is not the protocol.
    #[error("a message begins with the byte 0B and ends with 1C 0D")]
    Framing,
    /// A message is too long.
    #[error("a message is longer than {0} bytes")]
    TooLong(usize),
    /// The other side said nothing.
    #[error("nothing came for {} s", .0.as_secs())]
    Silent(Duration),
}

/// The next message; none where the other side has closed the connection between two.
///
/// # Errors
/// [`MllpError`].
pub async fn receive(
    stream: &mut (impl AsyncBufRead + Unpin),
    most: usize,
    idle: Duration,
    patience: Duration,
) -> Result<Option<Vec<u8>>, MllpError> {
    if !begins(stream, idle).await? {
        return Ok(None);
    }
    finish(stream, most, patience).await.map(Some)
}

/// Waits for the beginning of a message, at most for `idle`; says whether one came before the connection was closed. May
/// be dropped and asked anew.
///
/// # Errors
/// [`MllpError`].
pub async fn begins(
    stream: &mut (impl AsyncBufRead + Unpin),
    idle: Duration,
) -> Result<bool, MllpError> {
    tokio::time::timeout(idle, begin(stream))
        .await
        .map_err(|_| MllpError::Silent(idle))?
}

/// A message that has begun; all of it within `patience`.
///
/// # Errors
/// [`MllpError`].
pub async fn finish(
    stream: &mut (impl AsyncBufRead + Unpin),
    most: usize,
    patience: Duration,
) -> Result<Vec<u8>, MllpError> {
    tokio::time::timeout(patience, rest(stream, most))
        .await
        .map_err(|_| MllpError::Silent(patience))?
}

/// Skips ends of lines, which some senders put between messages, up to a message's start.
async fn begin(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<bool, MllpError> {
    loop {
        let Some(&first) = stream.fill_buf().await?.first() else {
            return Ok(false);
        };
        stream.consume(1);
        match first {
            START => return Ok(true),
            b'\r' | b'\n' => {}
            _ => return Err(MllpError::Framing),
        }
    }
}

async fn rest(stream: &mut (impl AsyncBufRead + Unpin), most: usize) -> Result<Vec<u8>, MllpError> {
    let mut message = Vec::new();
    loop {
        let buffer = stream.fill_buf().await?;
        if buffer.is_empty() {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        // A message that begins within another one was cut off on the way.
        let end = buffer.iter().position(|byte| [START, END].contains(byte));
        let part = end.unwrap_or(buffer.len());
        if message.len() + part > most {
            return Err(MllpError::TooLong(most));
        }
        message.extend_from_slice(&buffer[..part]);
        let stop = end.map(|end| buffer[end]);
        stream.consume(end.map_or(part, |end| end + 1));
        match stop {
            None => {}
            Some(START) => return Err(MllpError::Framing),
            Some(_) => {
                let Some(&last) = stream.fill_buf().await?.first() else {
                    return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
                };
                if last != b'\r' {
                    return Err(MllpError::Framing);
                }
                stream.consume(1);
                return Ok(message);
            }
        }
    }
}

/// Sends a message.
///
/// # Errors
/// [`MllpError`].
pub async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &[u8],
    patience: Duration,
) -> Result<(), MllpError> {
    let mut bytes = Vec::with_capacity(message.len() + 3);
    bytes.push(START);
    bytes.extend_from_slice(message);
    bytes.extend_from_slice(&[END, b'\r']);
    let sending = async {
        stream.write_all(&bytes).await?;
        stream.flush().await
    };
    tokio::time::timeout(patience, sending)
        .await
        .map_err(|_| MllpError::Silent(patience))??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::BufReader;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn all(bytes: &[u8], most: usize) -> (Vec<Vec<u8>>, Option<MllpError>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            // Small pieces, so that a message comes in several.
            let mut stream = BufReader::with_capacity(3, bytes);
            let mut messages = Vec::new();
            loop {
                match receive(&mut stream, most, SECOND, SECOND).await {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => return (messages, None),
                    Err(error) => return (messages, Some(error)),
                }
            }
        })
    }

    #[test]
    fn what_is_no_frame_ends_the_connection() {
        let (messages, error) = all(b"\x0bone\x1c\r\r\n\x0btwo\x1c\r", 10);
        assert_eq!((messages.len(), error.is_none()), (2, true));
        assert!(matches!(all(b"MSH", 10).1, Some(MllpError::Framing)));
        assert!(matches!(
            all(b"\x0bone\x1cx", 10).1,
            Some(MllpError::Framing)
        ));
        assert!(matches!(
            all(b"\x0bone\x0btwo\x1c\r", 10).1,
            Some(MllpError::Framing)
        ));
        assert!(matches!(
            all(b"\x0bone", 10).1,
            Some(MllpError::Connection(_))
        ));
        assert!(matches!(
            all(b"\x0bone\x1c", 10).1,
            Some(MllpError::Connection(_))
        ));
        assert!(matches!(
            all(b"\x0b12345678901\x1c\r", 10).1,
            Some(MllpError::TooLong(10))
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            all(&bytes, 100);
        }

        #[test]
        fn what_is_sent_is_received(message in prop::collection::vec(0x20u8..0x7f, 0..200)) {
            let mut sent = Vec::new();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(send(&mut sent, &message, SECOND)).unwrap();
            prop_assert_eq!(all(&sent, 200).0, vec![message]);
        }
    }
}
