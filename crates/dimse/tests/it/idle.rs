//! Ten thousand associations that are silent cost nothing but themselves.

use std::time::{Duration, Instant};

use dimse::Bounds;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};

use crate::{bad_devices::request, said, start_with};

/// Open associations; each costs this program two descriptors.
const MANY: usize = 10_000;

/// What this program has in memory, in KiB.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_silent_associations_cost_little_and_hold_nobody_up() {
    let (_, most) = rlimit::Resource::NOFILE.get().unwrap();
    if most < 2 * MANY as u64 + 1_000 {
        eprintln!("skipped: this system allows {most} open files, and the test needs twice {MANY}");
        return;
    }
    rlimit::Resource::NOFILE.set(most, most).unwrap();
    let portal = start_with(|dimse| {
        dimse.with_bounds(Bounds {
            associations: MANY + 50,
            from_one_address: 3_000,
            until_asked: Duration::from_secs(120),
            silence: Duration::from_secs(300),
        })
    })
    .await;
    let before = memory();
    let request = request();
    let mut open = Vec::with_capacity(MANY);
    for at in 0..MANY {
        let socket = TcpSocket::new_v4().unwrap();
        let address = format!("127.0.0.{}:0", 2 + at / 2_500);
        socket.bind(address.parse().unwrap()).unwrap();
        let mut stream = socket.connect(portal.address).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut head = [0; 6];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(head[0], 2, "the association is accepted");
        open.push(stream);
    }
    let each = memory().saturating_sub(before) * 1024 / MANY;
    println!("{MANY} associations: {each} bytes each, those of the silent devices included");
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
    drop(open);
}
