//! C-GET (PS3.4 section C.4.3): films go back on the association that asks for them, to a device that takes the role of a
//! store on it.

use crate::{
    association::{Broken, Session, unasked},
    command::{self, Command},
    line::Heard,
    negotiate::{Context, Model, Service},
    retrieve::{Film, Progress, wanted},
};

/// Answers with the films that are asked for.
pub(crate) async fn answer(
    session: &mut Session<'_>,
    context: &Context,
    asked: &Command,
    model: Model,
) -> Result<(), Broken> {
    let bytes = session.data_set(context).await?;
    let stored = match wanted(session, context, &bytes, model, "dimse get").await {
        Ok(stored) => stored,
        Err(refusal) => {
            return session
                .end(context, asked, refusal.status, Some(&refusal.comment))
                .await;
        }
    };
    let mut progress = Progress::of(stored.len());
    let mut messages = 0_u16;
    for one in &stored {
        if session.is_cancelled(asked).await? {
            return progress.end(session, context, asked, true).await;
        }
        messages = messages.wrapping_add(1).max(1);
        let sent = match Film::of(one) {
            Some(film) => send(session, &film, messages, asked).await?,
            None => Sent::No,
        };
        match sent {
            Sent::Status(status) => progress.note(&one.sop_instance_uid, status),
            Sent::No => progress.failed(&one.sop_instance_uid),
            Sent::Cancelled(status) => {
                progress.note(&one.sop_instance_uid, status);
                return progress.end(session, context, asked, true).await;
            }
        }
        progress.tell(session, context, asked).await?;
    }
    progress.end(session, context, asked, false).await
}

/// What became of a film.
enum Sent {
    Status(u16),
    /// It was taken or refused so, and no more are wanted.
    Cancelled(u16),
    /// No context is agreed on that it can go in, or it cannot be read.
    No,
}

async fn send(
    session: &mut Session<'_>,
    film: &Film,
    message: u16,
    asked: &Command,
) -> Result<Sent, Broken> {
    let contexts = session.contexts.iter().filter(|agreed| {
        agreed.service == Service::Storage && agreed.is_stored_there && agreed.class == film.class
    });
    let syntaxes = contexts
        .clone()
        .map(|agreed| agreed.transfer_syntax.as_str());
    let Some(syntax) = film.syntax_among(syntaxes).map(str::to_owned) else {
        return Ok(Sent::No);
    };
    let context = contexts
        .clone()
        .find(|agreed| agreed.transfer_syntax == syntax)
        .map(|agreed| agreed.id);
    let Some(context) = context else {
        return Ok(Sent::No);
    };
    let data = match film.data_set(&session.service.blobs, &syntax).await {
        Ok(data) => data,
        Err(error) => {
            tracing::error!(%error, "a film could not be sent");
            return Ok(Sent::No);
        }
    };
    let request = Command::store(message, &film.class, &film.instance, None);
    session.line.say(context, &request, Some(&data)).await?;
    let mut is_cancelled = false;
    loop {
        match session.line.hear().await? {
            Heard::Command { command, .. }
                if command.field() == Some(command::STORE | command::RESPONSE)
                    && command.about() == Some(message) =>
            {
                let status = command.status().unwrap_or(0x0110);
                return Ok(if is_cancelled {
                    Sent::Cancelled(status)
                } else {
                    Sent::Status(status)
                });
            }
            Heard::Command { command, .. } if command.field() == Some(command::CANCEL) => {
                is_cancelled |= command.about() == asked.message_id();
            }
            Heard::Command { command, .. } if session.is_taken(&command) => {}
            other => return Err(unasked(&other)),
        }
    }
}
