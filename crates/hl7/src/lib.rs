//! HL7 v2 over MLLP: what an EHR or RIS that speaks no FHIR says. Patients (ADT) and orders (ORM, OMI, OMG) come in through
//! the room `intake`, as those of FHIR do; signed results go out (ORU^R01) by jobs that are queued with the signature. A
//! system is let in by the name it gives (MSH-3) and its address ([`db::hl7`]) and acts as the service account it stands
//! for. `docs/HL7.md` says what is spoken.

mod answer;
mod charset;
mod connection;
mod fault;
mod ids;
mod incoming;
mod message;
pub mod mllp;
mod order;
mod patient;
mod result;
mod send;
mod values;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use db::{Actor, Database, DbError};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use charset::{UnknownCharset, decode};
pub use connection::readable;
pub use incoming::TAKEN;
pub use message::{Field, FieldView, Message, MessageError, Said, SegmentView, Separators, Writer};
pub use result::OBSERVED;
pub use send::{ResultJob, SendError};

use crate::ids::ControlIds;

/// What a connection may cost.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at one time: a hospital has a handful of systems.
    pub connections: usize,
    /// Longest message, in bytes.
    pub longest: usize,
    /// Longest silence between two messages.
    pub idle: Duration,
    /// Longest time that one message, or one answer, may take.
    pub patience: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 64,
            longest: 1 << 20,
            // Interface engines keep a connection open and are silent at night.
            idle: Duration::from_secs(24 * 3600),
            patience: Duration::from_secs(30),
        }
    }
}

/// The service.
#[derive(Clone)]
pub struct Hl7 {
    pub(crate) database: Database,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) bounds: Bounds,
    pub(crate) ids: ControlIds,
}

impl std::fmt::Debug for Hl7 {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hl7").finish_non_exhaustive()
    }
}

impl Hl7 {
    /// In the clear, with the usual bounds.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self {
            database,
            tls: None,
            bounds: Bounds::default(),
            ids: ControlIds::default(),
        }
    }

    /// Over TLS only.
    #[must_use]
    pub fn with_tls(self, acceptor: TlsAcceptor) -> Self {
        Self {
            tls: Some(acceptor),
            ..self
        }
    }

    /// With other bounds.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Serves until `stop`; then messages that have begun may end for `drain`.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken, drain: Duration) {
        let places = Arc::new(Semaphore::new(self.bounds.connections));
        let open = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // No descriptor is free, or the other side is gone already.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Ok(place) = places.clone().try_acquire_owned() else {
                tracing::warn!(address = %from.ip(), "too many systems are connected");
                count("crowded");
                continue;
            };
            let (service, stop) = (self.clone(), stop.clone());
            open.spawn(async move {
                let _place = place;
                service.converse(stream, from, stop).await;
            });
        }
        open.close();
        let _ = tokio::time::timeout(drain, open.wait()).await;
    }

    async fn converse(self, stream: TcpStream, from: SocketAddr, stop: CancellationToken) {
        match self.may_send(from).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(address = %from.ip(), "a system that is not on the list was refused");
                return count("refused");
            }
            Err(error) => {
                tracing::error!(%error, "a system could not be let in");
                return count("broken");
            }
        }
        let _ = stream.set_nodelay(true);
        let outcome = match self.tls.clone() {
            None => connection::run(&self, stream, from, &stop).await,
            Some(acceptor) => {
                match tokio::time::timeout(self.bounds.patience, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => connection::run(&self, stream, from, &stop).await,
                    Ok(Err(error)) => {
                        tracing::warn!(address = %from.ip(), %error, "a system was not let in by TLS");
                        return count("no_tls");
                    }
                    Err(_) => return count("silent"),
                }
            }
        };
        match outcome {
            Ok(()) => count("closed"),
            Err(error) => {
                tracing::warn!(address = %from.ip(), %error, "a connection broke");
                count("broken");
            }
        }
    }

    /// Whether anybody on the list comes from there: whoever does not is told nothing.
    async fn may_send(&self, from: SocketAddr) -> Result<bool, DbError> {
        let mut tx = self
            .database
            .begin(&Actor::anonymous(db::Origin::default()))
            .await?;
        let known = db::hl7::is_sender_from(&mut tx, from.ip().to_canonical()).await?;
        tx.commit().await?;
        Ok(known)
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("portal_hl7_connections_total", "outcome" => outcome).increment(1);
}
