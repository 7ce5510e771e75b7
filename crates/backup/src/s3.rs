//! An S3-compatible store as a destination. Every object is whole or absent there, so nothing needs
//! renaming; there are no locks, so what is younger than a day is never taken for left behind.

use std::{
    io::{self, Read, Write},
    sync::Arc,
    time::Duration,
};

use bytes::{Buf, Bytes};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    BackoffConfig, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    buffered::BufWriter, path::Path,
};
use tokio::{io::AsyncWriteExt, runtime::Handle};
use url::Url;

use crate::{
    BackupError,
    s3_http::Connector,
    store::{Lock, Object, Store, Upload},
};

/// A part of an upload; larger objects are sent in several.
const PART: usize = 8 << 20;

/// A store that answers with 5xx or not at all is asked again, waiting up to 5 s in between.
const RETRIES: usize = 6;

/// Where credentials may come from; without any, the client would ask a cloud's own metadata service
/// and fail late and obscurely.
const CREDENTIALS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// A bucket, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    place: String,
    runtime: Handle,
}

impl S3 {
    /// Opens `s3://BUCKET/PREFIX`. Nothing is asked of the store yet.
    pub(crate) fn open(address: &str) -> Result<Self, BackupError> {
        let shown = address.rsplit('@').next().unwrap_or_default();
        let bad = |reason: &str| BackupError::BadDestination {
            address: format!("s3://{}", shown.trim_start_matches("s3://")),
            reason: reason.to_owned(),
        };
        let url = Url::parse(address).map_err(|error| bad(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(bad(
                "credentials are given in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never in the address",
            ));
        }
        let bucket = url
            .host_str()
            .filter(|bucket| !bucket.is_empty())
            .ok_or_else(|| bad("it names no bucket"))?;
        if !CREDENTIALS
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        {
            return Err(bad(
                "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ));
        }
        let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
            .iter()
            .find_map(|name| std::env::var(name).ok());
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_http_connector(Connector)
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(100),
                    max_backoff: Duration::from_secs(5),
                    base: 2.0,
                },
                max_retries: RETRIES,
                retry_timeout: Duration::from_secs(120),
            });
        if let Some(endpoint) = endpoint {
            // Plain HTTP is for this machine; elsewhere AWS_ALLOW_HTTP must say so.
            if is_loopback(&endpoint) {
                builder = builder.with_allow_http(true);
            }
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.build().map_err(|error| bad(&error.to_string()))?;
        let prefix = url.path().trim_matches('/').to_owned();
        Ok(Self {
            store: Arc::new(store),
            place: format!("s3://{bucket}/{prefix}")
                .trim_end_matches('/')
                .to_owned(),
            prefix,
            runtime: Handle::current(),
        })
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    fn not_writable(&self, name: &str) -> impl Fn(String) -> BackupError + use<> {
        let place = format!("{}/{name}", self.place);
        move |reason| BackupError::NotWritable {
            place: place.clone(),
            reason,
        }
    }

    fn not_readable(&self, name: &str, error: &object_store::Error) -> BackupError {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return BackupError::Missing {
                name: name.to_owned(),
            };
        }
        BackupError::NotReadable {
            place: format!("{}/{name}", self.place),
            reason: error.to_string(),
        }
    }
}

fn is_loopback(endpoint: &str) -> bool {
    Url::parse(endpoint).is_ok_and(|url| match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    })
}

impl Store for S3 {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn write(&self, name: &str) -> Result<Box<dyn Upload>, BackupError> {
        let writer = BufWriter::with_capacity(self.store.clone(), self.path(name), PART)
            .with_max_concurrency(4);
        Ok(Box::new(S3Upload {
            writer: Some(writer),
            runtime: self.runtime.clone(),
            error: Box::new(self.not_writable(name)),
        }))
    }

    fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, BackupError> {
        let answer = self
            .runtime
            .block_on(self.store.get(&self.path(name)))
            .map_err(|error| self.not_readable(name, &error))?;
        Ok(Box::new(S3Reader {
            stream: answer.into_stream(),
            part: Bytes::new(),
            runtime: self.runtime.clone(),
        }))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Object>, BackupError> {
        let below = self.path(prefix);
        let found: Vec<_> = self
            .runtime
            .block_on(self.store.list(Some(&below)).try_collect())
            .map_err(|error| self.not_readable(prefix, &error))?;
        let root = self.path("");
        let mut objects: Vec<Object> = found
            .into_iter()
            .map(|meta: object_store::ObjectMeta| {
                let name = meta.location.as_ref();
                Object {
                    name: name
                        .strip_prefix(root.as_ref())
                        .unwrap_or(name)
                        .trim_start_matches('/')
                        .to_owned(),
                    size: meta.size,
                    modified: meta.last_modified,
                }
            })
            .collect();
        objects.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(objects)
    }

    fn delete(&self, name: &str) -> Result<(), BackupError> {
        match self.runtime.block_on(self.store.delete(&self.path(name))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.not_writable(name)(error.to_string())),
        }
    }

    fn has_locks(&self) -> bool {
        false
    }

    fn lock(&self, _exclusive: bool) -> Result<Lock, BackupError> {
        Ok(Lock::default())
    }
}

struct S3Upload {
    /// Taken when it is finished.
    writer: Option<BufWriter>,
    runtime: Handle,
    error: Box<dyn Fn(String) -> BackupError + Send>,
}

impl Write for S3Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let writer = self.writer.as_mut().expect("it is taken at its end only");
        self.runtime.block_on(writer.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for S3Upload {
    fn finish(mut self: Box<Self>) -> Result<(), BackupError> {
        let mut writer = self.writer.take().expect("it is taken at its end only");
        self.runtime
            .block_on(writer.shutdown())
            .map_err(|error| (self.error)(error.to_string()))
    }
}

impl Drop for S3Upload {
    /// Tells the store to forget the parts of an object that will not be whole.
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            let _ = self.runtime.block_on(writer.abort());
        }
    }
}

struct S3Reader {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    part: Bytes,
    runtime: Handle,
}

impl Read for S3Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                None => return Ok(0),
                Some(part) => self.part = part.map_err(io::Error::other)?,
            }
        }
        let length = buffer.len().min(self.part.len());
        buffer[..length].copy_from_slice(&self.part[..length]);
        self.part.advance(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn secrets_in_an_address_are_refused_and_not_repeated() {
        let said = S3::open("s3://AKIA123:verysecret@bucket/prefix")
            .unwrap_err()
            .to_string();
        assert!(said.contains("AWS_SECRET_ACCESS_KEY"), "{said}");
        assert!(
            !said.contains("verysecret") && !said.contains("AKIA123"),
            "{said}"
        );
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for (endpoint, loopback) in [
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000", true),
            ("http://localhost", true),
            ("http://10.0.0.4:9000", false),
            ("http://localhost.example.org", false),
        ] {
            assert_eq!(is_loopback(endpoint), loopback, "{endpoint}");
        }
    }
}
