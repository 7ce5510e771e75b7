//! Answering on a socket, in the clear or over TLS. The certificate is read again when its file
//! changes, so that renewing it needs no restart.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use axum::Router;
use axum_server::{
    Server,
    accept::DefaultAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use hyper_util::rt::TokioTimer;
use tokio_util::sync::CancellationToken;

use crate::connections::Bounded;

/// How long a connection may take to send its first request's head.
const FIRST_REQUEST: Duration = Duration::from_secs(15);
/// How long later requests' heads may take; longer than proxies keep a connection for another request.
const NEXT_REQUEST: Duration = Duration::from_secs(75);
/// Largest head of a request, in bytes.
const LARGEST_HEAD: u32 = 64 << 10;
/// Requests that one connection of HTTP/2 may have open.
const STREAMS: u32 = 100;

/// How often the certificate's file is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The files of a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    /// The chain, PEM.
    pub(crate) chain: PathBuf,
    /// The private key, PEM.
    pub(crate) key: PathBuf,
}

/// How the portal answers.
#[derive(Clone)]
pub(crate) struct Listening {
    tls: Option<(RustlsConfig, Certificate)>,
}

impl Listening {
    /// In the clear, or with a certificate. TLS 1.2 and 1.3 with rustls' own choice of suites.
    pub(crate) async fn new(certificate: Option<Certificate>) -> Result<Self> {
        let Some(certificate) = certificate else {
            return Ok(Self { tls: None });
        };
        // Refused only when some other part chose a provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = RustlsConfig::from_pem_file(&certificate.chain, &certificate.key)
            .await
            .with_context(|| {
                format!(
                    "cannot use the certificate {} with the key {}",
                    certificate.chain.display(),
                    certificate.key.display()
                )
            })?;
        note_end(&certificate.chain);
        Ok(Self {
            tls: Some((config, certificate)),
        })
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Answers until `stop`, then lets open requests end for `drain`. `streams` is told first, so
    /// that event streams end too.
    pub(crate) async fn serve(
        self,
        listener: std::net::TcpListener,
        router: Router,
        connections: Bounded,
        stop: CancellationToken,
        streams: CancellationToken,
        drain: Duration,
    ) -> std::io::Result<()> {
        let handle = axum_server::Handle::new();
        let stopping = tokio::spawn({
            let (handle, stop) = (handle.clone(), stop.clone());
            async move {
                stop.cancelled().await;
                streams.cancel();
                handle.graceful_shutdown(Some(drain));
            }
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let outcome = match self.tls {
            None => {
                bounded(axum_server::from_tcp(listener)?)
                    .acceptor(connections)
                    .handle(handle)
                    .serve(service)
                    .await
            }
            Some((config, certificate)) => {
                let renewing = tokio::spawn(renew(config.clone(), certificate, stop));
                let tls = RustlsAcceptor::new(config).acceptor(connections);
                let outcome = bounded(axum_server::from_tcp(listener)?)
                    .acceptor(tls)
                    .handle(handle)
                    .serve(service)
                    .await;
                renewing.abort();
                outcome
            }
        };
        stopping.abort();
        outcome
    }
}

/// Bounds what a client may take its time for.
fn bounded(server: Server<SocketAddr, DefaultAcceptor>) -> Server<SocketAddr, DefaultAcceptor> {
    let mut server = server.first_request_timeout(FIRST_REQUEST);
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(NEXT_REQUEST)
        .max_buf_size(LARGEST_HEAD as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(LARGEST_HEAD)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(FIRST_REQUEST);
    server
}

/// Answers in the clear only to send browsers to https, until `stop`.
pub(crate) async fn redirect(
    listener: std::net::TcpListener,
    https: SocketAddr,
    connections: Bounded,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let handle = axum_server::Handle::new();
    let stopping = tokio::spawn({
        let handle = handle.clone();
        async move {
            stop.cancelled().await;
            handle.shutdown();
        }
    });
    let outcome = bounded(axum_server::from_tcp(listener)?)
        .acceptor(connections)
        .handle(handle)
        .serve(crate::redirect::router(https).into_make_service())
        .await;
    stopping.abort();
    outcome
}

/// Reads the certificate again whenever one of its files has changed.
async fn renew(config: RustlsConfig, certificate: Certificate, stop: CancellationToken) {
    let changed = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    let stamp = |certificate: &Certificate| -> [Option<SystemTime>; 2] {
        [changed(&certificate.chain), changed(&certificate.key)]
    };
    let mut known = stamp(&certificate);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
        let now = stamp(&certificate);
        if now == known {
            continue;
        }
        match config
            .reload_from_pem_file(&certificate.chain, &certificate.key)
            .await
        {
            Ok(()) => {
                known = now;
                note_end(&certificate.chain);
                tracing::info!("the certificate was renewed");
            }
            // Perhaps only one of the two files is there yet; the old one goes on.
            Err(error) => {
                tracing::warn!(%error, "the new certificate cannot be used; the old one stays");
            }
        }
    }
}

fn note_end(chain: &Path) {
    match check::certificate_end(chain) {
        Ok(end) => {
            metrics::gauge!("portal_certificate_end_timestamp_seconds").set(end.timestamp() as f64);
        }
        Err(error) => tracing::warn!(%error, "it is not known when the certificate ends"),
    }
}
