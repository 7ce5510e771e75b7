//! `GET /api/events`: what changed, as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event as Sent, KeepAlive, Sse},
};
use db::{Actor, events::Event};
use futures::Stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use crate::{
    body::Query,
    hub::Told,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// How often a stream looks whether its session still holds.
const SESSION_LOOK: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Where to go on, for clients that cannot send the header `Last-Event-ID`.
    last_event_id: Option<i64>,
}

/// Follow what changes
///
/// Server-sent events `queue_changed`, `report_changed`, `notification_created`,
/// `operations_changed`, each with `report_id` when there is one, and `resynchronise` when something
/// may have been missed. Each has an id; sent back as `Last-Event-ID` the stream goes on from there.
/// An event may come twice. The stream ends with the session.
#[utoipa::path(get, operation_id = "events_follow", path = "/api/events", tag = "events", params(EventsQuery),
    responses((status = 200, description = "The stream", content_type = "text/event-stream", body = String),
              (status = 401, body = ProblemBody)))]
pub(crate) async fn follow(
    State(state): State<ApiState>,
    signed: Signed,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    let since = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| id.parse().ok())
        .or(query.last_event_id);
    // Subscribed before the missed ones are read, so that nothing falls between.
    let mut receiver = state.hub.subscribe();
    let missed = match since {
        Some(since) => {
            let mut tx = state.database.begin(&Actor::worker()).await?;
            db::events::missed(&mut tx, signed.user_id, signed.role, since).await?
        }
        None => Vec::new(),
    };
    let life = (signed.expires_at - state.clock().now())
        .to_std()
        .unwrap_or_default();
    let stream = async_stream::stream! {
        let end = tokio::time::sleep(life);
        tokio::pin!(end);
        yield Ok(Sent::default().comment("listening").retry(Duration::from_secs(2)));
        for event in missed {
            yield Ok(sent(&event));
        }
        let mut look = tokio::time::interval(SESSION_LOOK);
        loop {
            let told = tokio::select! {
                () = &mut end => break,
                _ = look.tick() => {
                    if !still_signed_in(&state, &signed).await {
                        break;
                    }
                    continue;
                }
                () = state.stopping.cancelled() => break,
                told = receiver.recv() => told,
            };
            match told {
                Ok(Told::Event(event)) if event.concerns(signed.user_id, signed.role) => yield Ok(sent(&event)),
                Ok(Told::Event(_)) => {}
                Ok(Told::Resynchronise) | Err(RecvError::Lagged(_)) => {
                    yield Ok(Sent::default().event("resynchronise").data("{}"));
                }
                Err(RecvError::Closed) => break,
            }
        }
    };
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// Whether the session behind a stream still holds. A database that is away ends no stream.
async fn still_signed_in(state: &ApiState, signed: &Signed) -> bool {
    let asked = async {
        let mut tx = state
            .database
            .begin(&Actor::anonymous(signed.actor.origin.clone()))
            .await?;
        db::sessions::is_open(&mut tx, signed.user_id, signed.session_id).await
    };
    asked.await.unwrap_or(true)
}

fn sent(event: &Event) -> Sent {
    let data = json!({ "report_id": event.report_id, "created_at": event.created_at });
    Sent::default()
        .id(event.event_id.to_string())
        .event(event.kind.as_str())
        .data(data.to_string())
}
