//! Events from the database to the open screens of this server.

use db::{Actor, Database, events::Event};
use futures::StreamExt;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// What a screen is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// Something changed.
    Event(Event),
    /// Something may have been missed; look at everything anew.
    Resynchronise,
}

/// Hands the database's events to whoever listens.
#[derive(Debug, Clone)]
pub struct EventHub {
    database: Database,
    sender: broadcast::Sender<Told>,
}

impl EventHub {
    /// A hub without listeners.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            sender: broadcast::channel(1024).0,
        }
    }

    /// Listens from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.sender.subscribe()
    }

    /// Passes events on until `stop`. A database that is away is waited for.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.database.listen("portal_events").await {
                Ok(stream) => {
                    let mut stream = std::pin::pin!(stream);
                    loop {
                        let payload = tokio::select! {
                            () = stop.cancelled() => return,
                            payload = stream.next() => payload,
                        };
                        match payload {
                            Some(payload) => self.pass_on(payload).await,
                            None => break,
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "cannot listen for events; trying again"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
            }
        }
    }

    async fn pass_on(&self, payload: Option<String>) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        let told = match payload.as_deref().map(str::parse::<i64>) {
            Some(Ok(event_id)) => match self.read(event_id).await {
                Ok(Some(event)) => Told::Event(event),
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "cannot read an event");
                    Told::Resynchronise
                }
            },
            _ => Told::Resynchronise,
        };
        // No listener is no fault.
        let _ = self.sender.send(told);
    }

    async fn read(&self, event_id: i64) -> Result<Option<Event>, db::DbError> {
        let mut tx = self.database.begin(&Actor::worker()).await?;
        db::events::find(&mut tx, event_id).await
    }
}
