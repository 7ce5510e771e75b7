//! The trail handed to a collector as it grows: DICOM audit messages (PS3.15 A.5) in syslog messages (RFC 5424) over
//! TLS (RFC 5425), as PS3.15 A.6 and IHE ITI-20 want it.
//!
//! What is handed over goes seal by seal, since seals miss no row whichever order rows commit in. Syslog knows no
//! receipts: a seal counts as handed over when the collector has closed the connection after us, which it does only
//! once it has read everything (else its system answers with a reset). What is in doubt is sent again, so that a row
//! may come twice and none is left out.

use std::{path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use db::{Actor, Database, audit_deliveries, audit_seals};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use uuid::Uuid;

use crate::{TrailError, entry, formats::audit_message};

/// Facility 10 (security), severity 5 (notice).
const PRIORITY: u8 = 10 * 8 + 5;
/// How long a step of a conversation may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a collector may take to close.
const CLOSING: Duration = Duration::from_secs(5);
/// How long one portal is at it without a word.
const LEASE: chrono::Duration = chrono::Duration::minutes(5);

/// Where audit messages go.
pub struct Collector {
    /// `host:port`.
    address: String,
    name: ServerName<'static>,
    connector: TlsConnector,
    /// Which machine they come from.
    host: String,
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The collector has every row that is sealed; so many were sent now.
    All(u64),
    /// Another portal is at it.
    ByAnother,
}

/// Why a collector did not take messages, and since when.
#[derive(Debug, thiserror::Error)]
#[error("the collector {collector} does not take audit messages since {since}: {source}")]
pub struct NotTaken {
    /// Which.
    pub collector: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What went wrong this time.
    #[source]
    pub source: std::io::Error,
}

/// What ended a delivery.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The collector.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The portal's own database.
    #[error(transparent)]
    Db(#[from] db::DbError),
}

fn unusable(what: &Path, reason: impl std::fmt::Display) -> TrailError {
    TrailError::BadKey {
        path: what.to_owned(),
        reason: reason.to_string(),
    }
}

impl Collector {
    /// A collector at `host:port`, known by a certificate of `authorities` (PEM), or of an authority that this system
    /// trusts. `identity`: the portal's own certificate chain and key (PEM), where the collector asks for it.
    ///
    /// # Errors
    /// When the address is none or a file cannot be used.
    pub fn new(
        address: &str,
        authorities: Option<&Path>,
        identity: Option<(&Path, &Path)>,
        host: &str,
    ) -> Result<Self, TrailError> {
        let not_an_address = || TrailError::Collector {
            address: address.to_owned(),
            reason: "write it as host:port, such as audit.example.org:6514".to_owned(),
        };
        let (name, port) = address.rsplit_once(':').ok_or_else(not_an_address)?;
        port.parse::<u16>().map_err(|_| not_an_address())?;
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned()).map_err(|_| not_an_address())?;
        let config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| TrailError::Collector {
                    address: address.to_owned(),
                    reason: error.to_string(),
                })?
                .with_root_certificates(roots(authorities)?);
        let config = match identity {
            None => config.with_no_client_auth(),
            Some((chain, key)) => {
                let certificates = certificates(chain)?;
                let private =
                    PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
                config
                    .with_client_auth_cert(certificates, private)
                    .map_err(|error| unusable(chain, error))?
            }
        };
        Ok(Self {
            address: address.to_owned(),
            name,
            connector: TlsConnector::from(Arc::new(config)),
            host: host
                .chars()
                .filter(char::is_ascii_graphic)
                .take(255)
                .collect(),
        })
    }

    /// Hands over what is sealed and was not handed over. Stopped half-way, it goes on from there.
    ///
    /// # Errors
    /// When the collector does not take it, or the database does not answer.
    pub async fn deliver(&self, database: &Database) -> Result<Delivered, DeliveryError> {
        let mut tx = database.begin(&Actor::worker()).await?;
        let taken = audit_deliveries::take(&mut tx, &self.address, LEASE).await?;
        tx.commit().await?;
        let Some(mut after) = taken else {
            return Ok(Delivered::ByAnother);
        };
        let mut count = 0;
        loop {
            let mut tx = database.begin(&Actor::worker()).await?;
            let Some(seal) = audit_seals::seals(&mut tx, after, 1).await?.pop() else {
                audit_deliveries::leave(&mut tx, &self.address, false).await?;
                tx.commit().await?;
                return Ok(Delivered::All(count));
            };
            let entries = entry::entries(&seal.entries).unwrap_or_default();
            let ids: Vec<Uuid> = entries.iter().map(|entry| entry.log_id).collect();
            let rows = audit_seals::rows(&mut tx, seal.first_at, seal.last_at, &ids).await?;
            drop(tx);
            let mut frames = Vec::new();
            for row in &rows {
                let message = audit_message(row, &self.host);
                frames.extend(frame(row.created_at, &self.host, &message));
            }
            if let Err(source) = self.send(&frames).await {
                let mut tx = database.begin(&Actor::worker()).await?;
                let now = tx.now();
                let since = audit_deliveries::leave(&mut tx, &self.address, true).await?;
                tx.commit().await?;
                return Err(DeliveryError::NotTaken(NotTaken {
                    collector: self.address.clone(),
                    since: since.unwrap_or(now),
                    source,
                }));
            }
            after = seal.number;
            count += rows.len() as u64;
            let mut tx = database.begin(&Actor::worker()).await?;
            audit_deliveries::delivered(&mut tx, &self.address, after, LEASE).await?;
            tx.commit().await?;
        }
    }

    /// Sends, and waits until the collector has closed after us.
    async fn send(&self, frames: &[u8]) -> std::io::Result<()> {
        let mut stream = timeout(PATIENCE, self.connect()).await??;
        timeout(PATIENCE, async {
            stream.write_all(frames).await?;
            stream.flush().await?;
            stream.shutdown().await
        })
        .await??;
        let mut rest = Vec::new();
        match timeout(CLOSING, stream.read_to_end(&mut rest)).await {
            Ok(Ok(_)) => Ok(()),
            // It closed without TLS' own farewell; its system had taken everything.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(()),
            Ok(Err(error)) => Err(error),
            // It keeps its side open, as TLS 1.3 lets it, and refused nothing meanwhile.
            Err(_) => Ok(()),
        }
    }

    async fn connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(&self.address).await?;
        self.connector.connect(self.name.clone(), stream).await
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrailError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(path, error))
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, TrailError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(path) => {
            let (added, _) = roots.add_parsable_certificates(certificates(path)?);
            if added == 0 {
                return Err(unusable(path, "there is no certificate in it"));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

/// A message with its length before it (RFC 5425 4.3).
fn frame(at: DateTime<Utc>, host: &str, message: &str) -> Vec<u8> {
    let host = if host.is_empty() { "-" } else { host };
    let text = format!(
        "<{PRIORITY}>1 {} {host} medical-portal - DICOM+RFC3881 - \u{feff}{message}",
        at.to_rfc3339_opts(SecondsFormat::Micros, true)
    );
    let mut frame = format!("{} ", text.len()).into_bytes();
    frame.extend_from_slice(text.as_bytes());
    frame
}
