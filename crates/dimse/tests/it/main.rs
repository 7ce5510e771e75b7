//! DICOM over the network with dcmtk as the device, and with devices that do not keep to the protocol.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod bad_devices;
mod devices;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use db::{Actor, dicom_peers};
use dimse::{Bounds, Dimse};
use domain::{Role, UserId};
use intake::Intake;
use testkit::TestApp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the portal is called.
pub(crate) const PORTAL: &str = "PORTAL";
/// The device on the list.
pub(crate) const DEVICE: &str = "CR ROOM 1";

/// A portal that devices send to.
pub(crate) struct Listening {
    pub(crate) app: TestApp,
    pub(crate) address: SocketAddr,
    pub(crate) account: UserId,
    stop: CancellationToken,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) async fn start() -> Listening {
    start_with(|dimse| dimse).await
}

/// With other bounds, or over TLS.
pub(crate) async fn start_with(change: impl FnOnce(Dimse) -> Dimse) -> Listening {
    let app = TestApp::start().await;
    let account = add_device(&app, DEVICE, &["127.0.0.0/8".to_owned()]).await;
    let intake = Intake::new(
        app.database.clone(),
        app.blobs.clone(),
        decoding::Decoders::in_threads(),
    );
    let service = change(Dimse::new(
        app.database.clone(),
        app.blobs.clone(),
        intake,
        PORTAL,
    ));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(service.serve(listener, stop.clone(), Duration::from_secs(5)));
    Listening {
        app,
        address,
        account,
        stop,
    }
}

pub(crate) async fn add_device(app: &TestApp, title: &str, addresses: &[String]) -> UserId {
    let mut tx = app.database.begin(&Actor::command_line()).await.unwrap();
    let (id, _) = db::accounts::create_service(&mut tx, Role::Radiologist, title)
        .await
        .unwrap();
    assert!(
        dicom_peers::add(&mut tx, title, id, addresses)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    id
}

/// Short bounds, so that a test need not wait.
pub(crate) fn short() -> Bounds {
    Bounds {
        associations: 60,
        from_one_address: 40,
        until_asked: Duration::from_millis(700),
        silence: Duration::from_millis(700),
    }
}

impl Listening {
    /// Runs a tool of dcmtk against the portal.
    pub(crate) async fn dcmtk(&self, tool: &str, options: &[&str], files: &[PathBuf]) -> Output {
        let port = self.address.port().to_string();
        tokio::process::Command::new(tool)
            .args(["-v", "-aet", DEVICE, "-aec", PORTAL])
            .args(options)
            .args(["127.0.0.1", &port])
            .args(files)
            .output()
            .await
            .unwrap_or_else(|error| panic!("{tool} (Debian's dcmtk, see make test-setup): {error}"))
    }

    /// How many films there are, by the machinery's own count.
    pub(crate) async fn stored(&self) -> i64 {
        let mut superuser = self.app.test_database.superuser().await;
        sqlx::query_scalar("SELECT count(*) FROM report_images")
            .fetch_one(&mut superuser)
            .await
            .unwrap()
    }
}

/// What a tool said.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Writes films of patients that nobody has registered.
pub(crate) fn films(folder: &Path, count: u32) -> Vec<PathBuf> {
    let write = |seed: u32| {
        let path = folder.join(format!("{seed}.dcm"));
        std::fs::write(&path, testkit::dicom_film(seed, &format!("MRN-{seed}"))).unwrap();
        path
    };
    (1..=count).map(write).collect()
}
