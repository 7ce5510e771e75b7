//! How the S3 client speaks HTTP: hyper with rustls on ring and the system's certificates.
//! `object_store`'s own way through reqwest would bring a second cryptographic library, or make
//! every other user of reqwest install a provider first.

use std::time::Duration;

use futures::StreamExt;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as Tcp},
    rt::TokioExecutor,
};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
        HttpResponse, HttpResponseBody, HttpService,
    },
};

/// A request that has no answer by then is tried again: a part has 8 MiB.
const REQUEST: Duration = Duration::from_secs(60);
/// Nothing of an answer for so long: it is cut off.
const SILENCE: Duration = Duration::from_secs(60);

/// Makes the client.
#[derive(Debug)]
pub(crate) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let builder = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error),
            })?;
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(Duration::from_secs(10)));
        tcp.set_nodelay(true);
        // Plain HTTP is refused before this, except where it was allowed.
        let https = builder.https_or_http().enable_http1().wrap_connector(tcp);
        Ok(HttpClient::new(Hyper(
            Client::builder(TokioExecutor::new()).build(https),
        )))
    }
}

#[derive(Debug)]
struct Hyper(Client<HttpsConnector<Tcp>, HttpRequestBody>);

fn interrupted(error: hyper_util::client::legacy::Error) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error)
}

#[async_trait::async_trait]
impl HttpService for Hyper {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = tokio::time::timeout(REQUEST, self.0.request(request))
            .await
            .map_err(|elapsed| HttpError::new(HttpErrorKind::Timeout, elapsed))?
            .map_err(interrupted)?;
        let (parts, body) = answer.into_parts();
        let frames = futures::stream::unfold(Some(body), |body| async {
            let mut body = body?;
            match tokio::time::timeout(SILENCE, body.frame()).await {
                Err(elapsed) => Some((Err(HttpError::new(HttpErrorKind::Timeout, elapsed)), None)),
                Ok(None) => None,
                Ok(Some(Ok(frame))) => Some((Ok(frame), Some(body))),
                Ok(Some(Err(error))) => {
                    Some((Err(HttpError::new(HttpErrorKind::Interrupted, error)), None))
                }
            }
        });
        // Fused: a body may be asked again after its end.
        let body = http_body_util::StreamBody::new(Box::pin(frames.fuse()));
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }
}
