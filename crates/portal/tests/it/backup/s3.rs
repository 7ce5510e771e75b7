//! A real S3 server, in this process, that is slow and answers 500 now and then, or always.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hyper::{Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};

use super::{Clinic, images_in, noise, refusal};
use crate::support::stdout;

const ACCESS_KEY: &str = "AKIATESTTESTTEST";
const SECRET_KEY: &str = "a-secret-that-must-not-be-seen";

/// How the server behaves.
#[derive(Default)]
struct Mood {
    /// Every so-manieth request is answered with 500; 0 for none.
    fails_every: AtomicUsize,
    /// Whether every write is answered with 500.
    refuses_writes: std::sync::atomic::AtomicBool,
    requests: AtomicUsize,
}

struct Server {
    endpoint: String,
    mood: Arc<Mood>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start(root: &std::path::Path) -> Self {
        std::fs::create_dir_all(root.join("bucket")).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let mood = Arc::new(Mood::default());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = mood.clone();
        runtime.spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (service, mood) = (service.clone(), shared.clone());
                tokio::spawn(async move {
                    let answer = service_fn(move |request: Request<Incoming>| {
                        let (service, mood) = (service.clone(), mood.clone());
                        async move {
                            tokio::time::sleep(Duration::from_millis(3)).await;
                            let number = mood.requests.fetch_add(1, Ordering::Relaxed);
                            let every = mood.fails_every.load(Ordering::Relaxed);
                            let is_write = ["PUT", "POST"].contains(&request.method().as_str());
                            if (every > 0 && number % every == every - 1)
                                || (is_write && mood.refuses_writes.load(Ordering::Relaxed))
                            {
                                let mut failure = Response::new(s3s::Body::empty());
                                *failure.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                                return Ok(failure);
                            }
                            hyper::service::Service::call(&service, request).await
                        }
                    });
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(socket), answer)
                        .await;
                });
            }
        });
        Self {
            endpoint,
            mood,
            _runtime: runtime,
        }
    }

    fn credentials(&self, mut command: Command) -> Command {
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", "us-east-1");
        command
    }
}

#[test]
fn a_store_that_is_slow_and_fails_now_and_then_is_backed_up_to_and_restored_from() {
    let clinic = Clinic::new();
    let server = Server::start(&clinic.path("s3"));
    let data = clinic.data();
    let films = blobs::BlobStore::open(data.join("blobs")).unwrap();
    for number in 0..5u8 {
        films.put(&vec![number; 20_000]).unwrap();
    }
    // Larger than a part of an upload.
    films.put(&noise(1, 9_000_000)).unwrap();
    let address = "s3://bucket/clinic";
    let run = |arguments: &[&str]| {
        server
            .credentials(clinic.portal(&[&["backup"], arguments].concat()))
            .output()
            .unwrap()
    };
    let create = [
        "create",
        "--to",
        address,
        "--data-dir",
        data.to_str().unwrap(),
        "--json",
    ];

    server.mood.fails_every.store(4, Ordering::Relaxed);
    let made: serde_json::Value = serde_json::from_str(&stdout(&run(&create))).unwrap();
    let id = made["id"].as_str().unwrap();
    let again: serde_json::Value = serde_json::from_str(&stdout(&run(&create))).unwrap();
    assert!(
        again["bytes_sent"].as_u64().unwrap() * 5 < made["bytes_sent"].as_u64().unwrap(),
        "blobs that are there are not sent again: {made} {again}"
    );
    assert!(stdout(&run(&["verify", id, "--from", address])).contains("is sound"));
    let new = clinic.path("new");
    stdout(&run(&[
        "restore",
        id,
        "--from",
        address,
        "--data-dir",
        new.to_str().unwrap(),
    ]));
    assert_eq!(images_in(&new), images_in(&data));

    // Always 500: named, nothing listed, no secret said.
    server.mood.fails_every.store(0, Ordering::Relaxed);
    server.mood.refuses_writes.store(true, Ordering::Relaxed);
    let said = refusal(&run(&create));
    assert!(
        said.contains("cannot write to s3://bucket/clinic/"),
        "{said}"
    );
    assert!(!said.contains(SECRET_KEY), "{said}");
    server.mood.refuses_writes.store(false, Ordering::Relaxed);
    let list: serde_json::Value =
        serde_json::from_str(&stdout(&run(&["list", "--from", address, "--json"]))).unwrap();
    let ids: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [id, again["id"].as_str().unwrap()]);

    // Without credentials nothing is asked of anybody.
    let mut without = clinic.portal(&["backup", "list", "--from", address]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        without.env_remove(name);
    }
    let said = refusal(&without.output().unwrap());
    assert!(said.contains("set AWS_ACCESS_KEY_ID"), "{said}");
}
