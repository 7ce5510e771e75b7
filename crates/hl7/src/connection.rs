//! One connection: messages one after another, each answered before the next one is read.

use std::net::SocketAddr;

use db::Origin;
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio_util::sync::CancellationToken;

use crate::{
    Hl7, answer, charset,
    fault::Fault,
    incoming,
    message::Message,
    mllp::{self, MllpError},
};

/// Converses until the other side closes, says nothing for long, or `stop`.
pub(crate) async fn run(
    service: &Hl7,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    from: SocketAddr,
    stop: &CancellationToken,
) -> Result<(), MllpError> {
    let origin = Origin {
        address: Some(from.ip().to_canonical()),
        user_agent: Some("HL7 v2".to_owned()),
    };
    let mut stream = BufReader::new(stream);
    loop {
        let bounds = service.bounds;
        // One that has begun is taken to its end.
        let begun = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            begun = mllp::begins(&mut stream, bounds.idle) => begun?,
        };
        if !begun {
            return Ok(());
        }
        let bytes = mllp::finish(&mut stream, bounds.longest, bounds.patience).await?;
        let answer = one(service, &origin, &bytes).await;
        if let Some(answer) = answer {
            mllp::send(stream.get_mut(), answer.as_bytes(), bounds.patience).await?;
        }
    }
}

/// Takes one message; gives the answer, unless none is wanted.
async fn one(service: &Hl7, origin: &Origin, bytes: &[u8]) -> Option<String> {
    let database = &service.database;
    let (message, outcome) = match read(bytes) {
        Ok(message) => {
            let outcome = incoming::take(database, origin, &message).await;
            (Some(message), outcome)
        }
        Err(fault) => (None, Err(fault)),
    };
    let fault = outcome.err();
    let word = fault.as_ref().map_or("AA", |fault| fault.answer);
    metrics::counter!("portal_hl7_messages_total", "answer" => word).increment(1);
    if let Some(fault) = &fault {
        tracing::warn!(
            answer = word,
            code = fault.code,
            at = fault.at,
            "a message was not taken"
        );
    }
    if message
        .as_ref()
        .is_some_and(|message| !answer::is_wanted(message, fault.as_ref()))
    {
        return None;
    }
    let now = database.clock().now();
    let id = service.ids.next(now);
    Some(answer::to(message.as_ref(), fault.as_ref(), &id, now))
}

/// Whether bytes are a message that says everything that is needed, short of what the database knows: for fuzzing.
#[must_use]
pub fn readable(bytes: &[u8]) -> bool {
    read(bytes).is_ok_and(|message| incoming::is_complete(&message))
}

fn read(bytes: &[u8]) -> Result<Message, Fault> {
    let text = charset::decode(bytes)
        .map_err(|error| Fault::rejected("103", "MSH-18", &error.to_string()))?;
    Ok(Message::read(&text)?)
}
