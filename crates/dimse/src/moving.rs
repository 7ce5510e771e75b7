//! C-MOVE (PS3.4 section C.4.2): films go to a device of the list, where it listens; to no other.

use db::dicom_peers::{self, Destination};

use crate::{
    association::{Broken, Session, unasked},
    calling::{Call, CallError, MOST_CONTEXTS, NATIVE, Proposal},
    command::{self, Command, is_stored},
    find::{OUT_OF_RESOURCES, Refusal},
    line::Heard,
    negotiate::{Context, Model},
    retrieve::{Film, Progress, wanted},
};

/// Refused: move destination unknown.
const UNKNOWN_DESTINATION: u16 = 0xA801;
/// Failed, for want of a status.
const FAILED: u16 = 0x0110;

/// Sends the films that are asked for where they are wanted.
pub(crate) async fn answer(
    session: &mut Session<'_>,
    context: &Context,
    asked: &Command,
    model: Model,
) -> Result<(), Broken> {
    let bytes = session.data_set(context).await?;
    let planned = plan(session, context, asked, &bytes, model).await;
    let (to, films, mut progress) = match planned {
        Ok(planned) => planned,
        Err(refusal) => {
            return session
                .end(context, asked, refusal.status, Some(&refusal.comment))
                .await;
        }
    };
    let mut rest = &films[..];
    while !rest.is_empty() {
        let (proposals, many) = proposals(rest);
        let (now, later) = rest.split_at(many);
        rest = later;
        let mut call = match begin(session, &to, &proposals, asked).await? {
            Ok(Some(call)) => call,
            Ok(None) => return progress.end(session, context, asked, true).await,
            Err(error) => {
                tracing::warn!(%error, "films could not be moved");
                now.iter().for_each(|film| progress.failed(&film.instance));
                progress.tell(session, context, asked).await?;
                continue;
            }
        };
        let mut is_there = true;
        for (at, film) in now.iter().enumerate() {
            match send(session, &mut call, film, asked).await {
                Ok(Sent::Status(status)) => {
                    // Such as a transfer syntax that the destination does not take.
                    if !is_stored(status) {
                        let told = format!("{status:04X}");
                        tracing::warn!(status = told, syntax = %film.syntax, "a film was not taken where it was to go");
                    }
                    progress.note(&film.instance, status);
                }
                Ok(Sent::Cancelled) => {
                    call.abort().await;
                    return progress.end(session, context, asked, true).await;
                }
                Err(Lost::Here(broken)) => {
                    call.abort().await;
                    return Err(broken);
                }
                Err(Lost::There(error)) => {
                    tracing::warn!(%error, "films could not be moved");
                    let left = now.iter().skip(at);
                    left.for_each(|film| progress.failed(&film.instance));
                    is_there = false;
                }
            }
            progress.tell(session, context, asked).await?;
            if !is_there {
                break;
            }
        }
        if is_there {
            call.end().await;
        } else {
            call.abort().await;
        }
    }
    progress.end(session, context, asked, false).await
}

async fn plan(
    session: &Session<'_>,
    context: &Context,
    asked: &Command,
    bytes: &[u8],
    model: Model,
) -> Result<(Destination, Vec<Film>, Progress), Refusal> {
    let title = asked.destination();
    let mut tx = session.service.database.begin(&session.peer.actor).await?;
    let known = dicom_peers::destination(&mut tx, &title).await?;
    tx.commit().await?;
    let to = known.ok_or_else(|| {
        let comment = "the destination is not on the list with where it listens";
        Refusal::new(UNKNOWN_DESTINATION, comment)
    })?;
    let form = format!("dimse move to {title}");
    let stored = wanted(session, context, bytes, model, &form).await?;
    let mut progress = Progress::of(stored.len());
    let films = stored.iter().filter_map(|one| {
        let film = Film::of(one);
        if film.is_none() {
            progress.failed(&one.sop_instance_uid);
        }
        film
    });
    let films = films.collect();
    Ok((to, films, progress))
}

/// What is proposed for the first films, and for how many of them it is enough.
pub(crate) fn proposals(films: &[Film]) -> (Vec<Proposal>, usize) {
    let mut proposals: Vec<Proposal> = Vec::new();
    for (at, film) in films.iter().enumerate() {
        // Its own syntax first, so that a destination which takes only one takes that.
        let own = [film.syntax.as_str()];
        let others: &[&str] = if NATIVE.contains(&own[0]) {
            &NATIVE
        } else {
            &[]
        };
        let mut once: Vec<Proposal> = Vec::new();
        for syntax in own.iter().chain(others) {
            let proposal = (film.class.clone(), (*syntax).to_owned());
            if !proposals.contains(&proposal) && !once.contains(&proposal) {
                once.push(proposal);
            }
        }
        if proposals.len() + once.len() > MOST_CONTEXTS {
            return (proposals, at);
        }
        proposals.extend(once);
    }
    (proposals, films.len())
}

/// Calls the destination; none when whoever asked takes it back meanwhile.
async fn begin(
    session: &mut Session<'_>,
    to: &Destination,
    proposals: &[Proposal],
    asked: &Command,
) -> Result<Result<Option<Call>, CallError>, Broken> {
    let service = session.service;
    let calling = Call::begin(
        &service.calling,
        &service.ae_title,
        to,
        proposals,
        &[],
        service.bounds.silence,
    );
    tokio::select! {
        call = calling => Ok(call.map(Some)),
        heard = cancelled(session, asked) => heard.map(|()| Ok(None)),
    }
}

/// Why a film is lost: the one who asked is gone, or the one whom it goes to.
enum Lost {
    Here(Broken),
    There(CallError),
}

enum Sent {
    Status(u16),
    Cancelled,
}

async fn send(
    session: &mut Session<'_>,
    call: &mut Call,
    film: &Film,
    asked: &Command,
) -> Result<Sent, Lost> {
    let agreed: Vec<String> = call.syntaxes(&film.class).map(str::to_owned).collect();
    let Some(syntax) = film.syntax_among(agreed.iter().map(String::as_str)) else {
        return Ok(Sent::Status(OUT_OF_RESOURCES));
    };
    let Some(context) = call.context(&film.class, syntax) else {
        return Ok(Sent::Status(OUT_OF_RESOURCES));
    };
    let data = match film.data_set(&session.service.blobs, syntax).await {
        Ok(data) => data,
        Err(error) => {
            tracing::error!(%error, "a film could not be moved");
            return Ok(Sent::Status(FAILED));
        }
    };
    let title = session.peer.title.clone();
    let originator = Some((title.as_str(), asked.message_id().unwrap_or_default()));
    let storing = call.store(context, &film.class, &film.instance, originator, &data);
    tokio::select! {
        status = storing => status.map(Sent::Status).map_err(Lost::There),
        heard = cancelled(session, asked) => heard.map(|()| Sent::Cancelled).map_err(Lost::Here),
    }
}

/// Ends when whoever asked takes it back.
async fn cancelled(session: &mut Session<'_>, asked: &Command) -> Result<(), Broken> {
    loop {
        // A device that waits for its films may be silent for as long as they take.
        let patience = std::time::Duration::from_secs(24 * 3600);
        match session.line.hear_within(patience).await? {
            Heard::Command { command, .. } if command.field() == Some(command::CANCEL) => {
                if command.about() == asked.message_id() {
                    return Ok(());
                }
            }
            Heard::Command { command, .. } if session.is_taken(&command) => {}
            other => return Err(unasked(&other)),
        }
    }
}
