//! DICOM over the network with dcmtk as the device, and with devices that do not keep to the protocol.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod archive;
mod bad_devices;
mod cancelling;
mod commitment;
mod conformance;
mod devices;
mod forwarding;
mod idle;
mod priors;
mod questions;
mod retrieval;
mod worklist;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use chrono::NaiveDate;
use db::{
    Actor,
    dicom_peers::{self, Destination},
};
use dimse::{Bounds, Dimse};
use domain::{Role, UserId};
use imaging::write::{
    GreyImage, GreySamples, Identity, ObjectClass, dicom_from_grey, uid_from_u128,
};
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
    add_device_as(app, title, Role::Radiologist, addresses, None).await
}

/// A device of another role, or one that listens on a port of this machine.
pub(crate) async fn add_device_as(
    app: &TestApp,
    title: &str,
    role: Role,
    addresses: &[String],
    port: Option<u16>,
) -> UserId {
    let mut tx = app.database.begin(&Actor::command_line()).await.unwrap();
    let (id, _) = db::accounts::create_service(&mut tx, role, title)
        .await
        .unwrap();
    let listens = port.map(|port| Destination {
        ae_title: title.to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        over_tls: false,
    });
    assert!(
        dicom_peers::add(&mut tx, title, id, addresses, listens.as_ref())
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    id
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A film with what a test wants it to say.
pub(crate) struct Said<'a> {
    pub(crate) seed: u32,
    pub(crate) number: &'a str,
    pub(crate) name: &'a str,
    pub(crate) born: Option<NaiveDate>,
    pub(crate) accession: &'a str,
    pub(crate) study: Option<String>,
}

impl Said<'_> {
    pub(crate) fn film(&self) -> Vec<u8> {
        let edge = 96;
        let samples: Vec<u16> = (0..edge * edge)
            .map(|at| ((at * (7 + self.seed) + self.seed * 31) % 4096) as u16)
            .collect();
        let uid = |part: u128| uid_from_u128(u128::from(self.seed) * 1000 + part + (1 << 90));
        let identity = Identity {
            class: ObjectClass::DigitalXRay,
            patient_id: self.number.to_owned(),
            patient_name: self.name.to_owned(),
            birth_date: self.born,
            accession_number: self.accession.to_owned(),
            study_uid: self.study.clone().unwrap_or_else(|| uid(1)),
            series_uid: uid(2),
            sop_instance_uid: uid(3),
            study_date_time: NaiveDate::from_ymd_opt(2026, 3, 4)
                .and_then(|day| day.and_hms_opt(10, 11, 12)),
            study_description: "Thorax Übersicht".to_owned(),
            body_part: "CHEST".to_owned(),
            view_position: "AP".to_owned(),
            series_number: Some(1),
            instance_number: Some(1),
            ..Identity::default()
        };
        let image = GreyImage {
            width: edge,
            height: edge,
            samples: GreySamples::Sixteen {
                samples: &samples,
                bits_stored: 12,
            },
            inverted: false,
            window: None,
        };
        dicom_from_grey(&image, &identity).unwrap()
    }

    pub(crate) fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("said-{}.dcm", self.seed));
        std::fs::write(&path, self.film()).unwrap();
        path
    }
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

    /// The same under another name.
    pub(crate) async fn dcmtk_as(
        &self,
        title: &str,
        tool: &str,
        options: &[&str],
        files: &[PathBuf],
    ) -> Output {
        // Of an option that is there twice the tools take the last.
        self.dcmtk(tool, &[&["-aet", title], options].concat(), files)
            .await
    }

    /// The transfer syntaxes of what is stored, and the data sets.
    fn stored_files(&self) -> Vec<(String, Vec<u8>)> {
        let blobs = &self.app.blobs;
        let stored = blobs.list().unwrap().into_iter();
        stored
            .map(|stored| {
                let bytes = blobs.read(stored.digest).unwrap();
                let file = imaging::DicomFile::open(&bytes, &imaging::Limits::default()).unwrap();
                let data = bytes[file.data_set_at()..].to_vec();
                (file.transfer_syntax_uid().to_owned(), data)
            })
            .collect()
    }

    /// The transfer syntaxes of what is stored.
    pub(crate) fn syntaxes(&self) -> Vec<String> {
        let files = self.stored_files().into_iter();
        files.map(|(syntax, _)| syntax).collect()
    }

    /// The data sets of what is stored.
    pub(crate) fn data_sets(&self) -> Vec<Vec<u8>> {
        let files = self.stored_files().into_iter();
        files.map(|(_, data)| data).collect()
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
