//! DICOM over the network: an SCP of Verification, Storage, Query and the modality worklist (PS3.4 annexes A, B, C and K),
//! one file a service. A device is let in by its AE title and address ([`db::dicom_peers`]) and acts as the service account
//! it stands for. What it sends goes through the room `intake` like any other film, byte for byte as it came; success is
//! answered when it is durable and queued for analysis. What it asks for it sees as that account does.
//! `docs/DICOM_CONFORMANCE.md` says what is spoken.

mod asking;
mod association;
mod calling;
mod command;
mod commitment;
mod data;
mod fetching;
mod find;
mod forwarding;
mod get;
mod line;
mod moving;
mod negotiate;
mod pdu;
mod places;
mod priors;
mod results;
mod retrieve;
mod store;
pub mod worklist;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use blobs::BlobStore;
use db::Database;
use intake::Intake;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use asking::{Answered, Archive, ArchivedStudy, AskError, MOST_STUDIES, Numbered};
pub use calling::{CallError, Calling};
pub use command::{Command, CommandError};
pub use commitment::CommitmentJob;
pub use fetching::{Fetched, HadSent, MOST_FILMS, SentFilm};
pub use forwarding::ForwardJob;
pub use negotiate::{CLASSES, Model, STORAGE_CLASSES, Service, transfer_syntaxes};
pub use places::{Place, Places};
pub use priors::{FetchPriorJob, FindPriorsJob};
pub use results::SendResultJob;

/// What an association may cost.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Associations at one time.
    pub associations: usize,
    /// Of them from one address.
    pub from_one_address: usize,
    /// Until a device has asked for an association, TLS included.
    pub until_asked: Duration,
    /// Longest silence within an association, and longest time that one PDU may take.
    pub silence: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            associations: 400,
            from_one_address: 40,
            until_asked: Duration::from_secs(15),
            silence: Duration::from_secs(60),
        }
    }
}

/// The service.
#[derive(Clone)]
pub struct Dimse {
    pub(crate) database: Database,
    pub(crate) blobs: BlobStore,
    pub(crate) intake: Intake,
    /// What the portal is called; devices that call somebody else are refused.
    pub(crate) ae_title: Arc<str>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) calling: Calling,
    pub(crate) bounds: Bounds,
}

impl std::fmt::Debug for Dimse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Dimse({})", self.ae_title)
    }
}

impl Dimse {
    /// In the clear, with the usual bounds.
    #[must_use]
    pub fn new(database: Database, blobs: BlobStore, intake: Intake, ae_title: &str) -> Self {
        Self {
            database,
            blobs,
            intake,
            ae_title: ae_title.into(),
            tls: None,
            calling: Calling::default(),
            bounds: Bounds::default(),
        }
    }

    /// Over TLS only (PS3.15 B.12).
    #[must_use]
    pub fn with_tls(self, acceptor: TlsAcceptor) -> Self {
        Self {
            tls: Some(acceptor),
            ..self
        }
    }

    /// Calling others so.
    #[must_use]
    pub fn calling(self, calling: Calling) -> Self {
        Self { calling, ..self }
    }

    /// With other bounds.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Serves until `stop`; then open associations may end what they are sending for `drain`.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken, drain: Duration) {
        let places = Places::new(self.bounds.associations, self.bounds.from_one_address);
        let open = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // No descriptor is free, or the device is gone already.
                    tracing::warn!(%error, "a device could not be let in");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Some(place) = places.take(from.ip().to_canonical(), false) else {
                count("crowded");
                continue;
            };
            let (service, stop) = (self.clone(), stop.clone());
            open.spawn(async move {
                let _place = place;
                service.associate(stream, from, stop).await;
            });
        }
        open.close();
        let _ = tokio::time::timeout(drain, open.wait()).await;
    }

    async fn associate(
        self,
        stream: tokio::net::TcpStream,
        from: SocketAddr,
        stop: CancellationToken,
    ) {
        // One round trip an instance: without this each waits for the acknowledgement of the last small packet.
        let _ = stream.set_nodelay(true);
        let until_asked = tokio::time::Instant::now() + self.bounds.until_asked;
        let wire: Box<dyn line::Wire> = match self.tls.clone() {
            None => Box::new(stream),
            Some(acceptor) => {
                match tokio::time::timeout_at(until_asked, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => Box::new(stream),
                    Ok(Err(error)) => {
                        tracing::warn!(address = %from.ip(), %error, "a device was not let in by TLS");
                        count("no_tls");
                        return;
                    }
                    Err(_) => return count("silent"),
                }
            }
        };
        let outcome = association::run(&self, wire, from, until_asked, &stop).await;
        match outcome {
            Ok(end) => count(end.word()),
            Err(error) => {
                tracing::warn!(address = %from.ip(), %error, "an association broke");
                count("broken");
            }
        }
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("portal_dicom_associations_total", "outcome" => outcome).increment(1);
}
