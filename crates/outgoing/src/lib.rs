//! Requests to other servers: providers of single sign-on, systems that are told of results. Https by the authorities that
//! this system trusts, bounded in time and size; no redirect is followed, since it could lead anywhere.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::{Host, Url};

pub use hyper::Method;
pub use url;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const LARGEST: usize = 1 << 20;

/// Why there is no answer. The texts hold no more of the address than the server's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// The server does not answer.
    #[error("{host} does not answer")]
    Unreachable {
        /// Its name.
        host: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system's certificates cannot be read.
    #[error("the system's certificates cannot be read")]
    Certificates(#[source] std::io::Error),
}

/// What a server is asked or told.
#[derive(Debug)]
pub struct Sent<'a> {
    /// How.
    pub method: Method,
    /// The value of `Authorization`, where one is shown.
    pub authorization: Option<&'a str>,
    /// The media type of the body, where there is one.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Bytes,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP's status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// Asks other servers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outgoing(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Outgoing {
    /// Trusts the authorities that this system trusts.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn new() -> Result<Self, OutgoingError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(PATIENCE));
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(OutgoingError::Certificates)?
            // Plain http is refused by `is_closed`, but to this machine.
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self(Client::builder(TokioExecutor::new()).build(https)))
    }

    /// Sends a request and reads the answer, whatever its status.
    ///
    /// # Errors
    /// When the server does not answer in time, or says more than a mebibyte.
    pub async fn send(&self, url: &Url, sent: Sent<'_>) -> Result<Answer, OutgoingError> {
        let unreachable = |source: Box<dyn std::error::Error + Send + Sync>| {
            let host = url.host_str().unwrap_or_default().to_owned();
            OutgoingError::Unreachable { host, source }
        };
        let mut request = Request::builder()
            .method(sent.method)
            .uri(url.as_str())
            .header(header::ACCEPT, "application/json");
        if let Some(content_type) = sent.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(authorization) = sent.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request
            .body(Full::new(sent.body))
            .map_err(|error| unreachable(error.into()))?;
        let asking = async {
            let response = self
                .0
                .request(request)
                .await
                .map_err(|error| unreachable(error.into()))?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), LARGEST)
                .collect()
                .await
                .map_err(unreachable)?
                .to_bytes();
            Ok(Answer { status, body })
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .map_err(|elapsed| unreachable(elapsed.into()))?
    }
}

/// Whether nobody on the way can read what is sent to an address: it is https, or on this machine. It holds no name or
/// password either, nor a fragment, which is never sent.
#[must_use]
pub fn is_closed(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_fine = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    is_fine && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_reached_over_tls_or_on_this_machine() {
        for fine in [
            "https://login.example.org/realms/hospital",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://localhost:3000",
        ] {
            assert!(is_closed(&fine.parse().unwrap()), "{fine}");
        }
        for open in [
            "http://login.example.org",
            "http://127.0.0.1.example.org",
            "ftp://127.0.0.1",
            "https://user@login.example.org",
            "https://:word@login.example.org",
            "mailto:login@example.org",
        ] {
            assert!(!is_closed(&open.parse().unwrap()), "{open}");
        }
    }
}
