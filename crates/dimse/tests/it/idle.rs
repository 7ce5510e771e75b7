//! Ten thousand associations that are silent cost nothing but themselves.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use dimse::Bounds;

use crate::{bad_devices::request, said, start_with};

/// Open associations.
const MANY: usize = 10_000;
/// Tells the devices, in a process of their own, whom to call.
const ADDRESS: &str = "PORTAL_SILENT_DEVICES_CALL";

/// What this program has in memory, in KiB.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap()
}

/// Raises the limit of open files as far as this system lets it; says how many there may be.
fn open_files() -> u64 {
    let (_, most) = rlimit::Resource::NOFILE.get().unwrap();
    rlimit::Resource::NOFILE.set(most, most).unwrap();
    most
}

#[test]
#[ignore = "the devices of the other test, in a process of their own, since each end takes an open file"]
fn silent_devices() {
    let Ok(address) = std::env::var(ADDRESS) else {
        return;
    };
    open_files();
    let request = request();
    let open: Vec<TcpStream> = (0..MANY)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(&request).unwrap();
            let mut head = [0; 6];
            stream.read_exact(&mut head).unwrap();
            assert_eq!(head[0], 2, "the association is accepted");
            stream
        })
        .collect();
    println!("all {} are open", open.len());
    // Until the other test has seen enough.
    let _ = std::io::stdin().read(&mut [0]);
}

/// The devices, ended with the test.
struct Devices(Child);

impl Devices {
    fn call(address: std::net::SocketAddr) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "idle::silent_devices",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(ADDRESS, address.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn wait_until_all_are_open(&mut self) {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let open = format!("all {MANY} are open");
        assert!(
            lines.map_while(Result::ok).any(|line| line.contains(&open)),
            "an association was not accepted"
        );
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_silent_associations_cost_little_and_hold_nobody_up() {
    let most = open_files();
    if most < MANY as u64 + 1_000 {
        eprintln!("skipped: this system allows {most} open files, and the test needs {MANY}");
        return;
    }
    let portal = start_with(|dimse| {
        dimse.with_bounds(Bounds {
            associations: MANY + 50,
            from_one_address: MANY + 50,
            until_asked: Duration::from_secs(120),
            silence: Duration::from_secs(300),
        })
    })
    .await;
    let before = memory();
    let mut devices = Devices::call(portal.address);
    let devices = tokio::task::spawn_blocking(move || {
        devices.wait_until_all_are_open();
        devices
    })
    .await
    .unwrap();
    let each = memory().saturating_sub(before) * 1024 / MANY;
    println!("{MANY} associations: {each} bytes each");
    assert!(each < 32 << 10, "{each} bytes each");
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let films = crate::films(folder.path(), 1);
    let sent = portal.dcmtk("storescu", &[], &films).await;
    assert!(sent.status.success(), "{}", said(&sent));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    drop(devices);
}
