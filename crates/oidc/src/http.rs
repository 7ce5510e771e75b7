//! The way to the provider: https with the system's certificates, bounded in time and size. No redirect is followed.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::{Host, Url};

use crate::OidcError;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const LARGEST: usize = 1 << 20;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// Asks providers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Http {
    pub(crate) fn new() -> Result<Self, OidcError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(PATIENCE));
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(OidcError::Certificates)?
            // Plain http is refused by `checked`, but to this machine.
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self(Client::builder(TokioExecutor::new()).build(https)))
    }

    pub(crate) async fn get(&self, url: &Url) -> Result<Answer, OidcError> {
        self.send(url, Method::GET, None, Bytes::new()).await
    }

    /// Posts a form.
    pub(crate) async fn post(
        &self,
        url: &Url,
        authorization: Option<&str>,
        form: String,
    ) -> Result<Answer, OidcError> {
        self.send(url, Method::POST, authorization, form.into())
            .await
    }

    async fn send(
        &self,
        url: &Url,
        method: Method,
        authorization: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, OidcError> {
        let unreachable = |source: Box<dyn std::error::Error + Send + Sync>| {
            let host = url.host_str().unwrap_or_default().to_owned();
            OidcError::Unreachable { host, source }
        };
        let mut request = Request::builder()
            .method(&method)
            .uri(url.as_str())
            .header(header::ACCEPT, "application/json");
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request
            .body(Full::new(body))
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

/// An address of a provider that cannot be read on the way.
pub(crate) fn checked(text: &str, what: &'static str) -> Result<Url, OidcError> {
    let url = Url::parse(text).map_err(|_| OidcError::Address(what))?;
    let is_here = match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_fine = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    if is_fine && url.fragment().is_none() && url.username().is_empty() {
        Ok(url)
    } else {
        Err(OidcError::Address(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_reached_over_tls_or_on_this_machine() {
        for fine in [
            "https://login.example.org/realms/hospital",
            "http://127.0.0.1:3000",
            "http://localhost:3000",
        ] {
            assert!(checked(fine, "the issuer").is_ok(), "{fine}");
        }
        for open in [
            "http://login.example.org",
            "http://127.0.0.1.example.org",
            "ftp://127.0.0.1",
            "https://user@login.example.org",
            "login.example.org",
        ] {
            assert!(checked(open, "the issuer").is_err(), "{open}");
        }
    }
}
