//! What killed portals, other portals and earlier runs leave behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pg_embed::{Cluster, PgEmbedError};
use support::{Home, Owner, is_alive, is_root, query, send, server_uid, wait_until};

#[test]
fn owner_process() {
    support::own_if_told();
}

/// Starts a cluster in another process and fills it.
fn owned_cluster(home: &Home) -> (Owner, u32) {
    let mut owner = Owner::launch(&home.data_dir(), None);
    let pid = owner.outcome().unwrap();
    let address = Cluster::running(&home.data_dir())
        .unwrap()
        .expect("it is running");
    support::try_query(
        &address.url("postgres", "postgres"),
        "create table kept (word text); insert into kept values ('kept')",
    )
    .unwrap();
    (owner, pid)
}

#[test]
fn the_server_ends_with_a_killed_portal() {
    if !cfg!(target_os = "linux") && support::skip("the kernel's death signal is Linux's") {
        return;
    }
    let home = Home::new();
    let (mut owner, pid) = owned_cluster(&home);
    owner.kill();
    wait_until("the server ends", Duration::from_secs(20), || {
        !is_alive(pid)
    });
    assert!(
        !home.data_dir().join("postgres/postmaster.pid").exists(),
        "it shut down cleanly"
    );
    let cluster = Cluster::start(&home.options()).unwrap();
    assert_eq!(query(&cluster, "select word from kept"), "kept");
}

#[test]
fn a_portal_that_comes_back_at_once_waits_for_the_old_server() {
    let home = Home::new();
    let (mut owner, pid) = owned_cluster(&home);
    owner.kill();
    let cluster = Cluster::start(&home.options()).unwrap();
    assert!(!is_alive(pid));
    assert_eq!(query(&cluster, "select word from kept"), "kept");
}

#[test]
fn the_lock_of_a_server_that_lingers_is_respected() {
    let home = Home::new();
    let (mut owner, pid) = owned_cluster(&home);
    // A checkpointer that is stopped holds up the clean shutdown. (Stopping the main process would not do: the kernel
    // wakes stopped process groups when their parent dies.)
    let url = Cluster::running(&home.data_dir())
        .unwrap()
        .unwrap()
        .url("postgres", "postgres");
    let checkpointer = "select pid from pg_stat_activity where backend_type = 'checkpointer'";
    let checkpointer = support::try_query(&url, checkpointer)
        .unwrap()
        .parse()
        .unwrap();
    send(checkpointer, Signal::SIGSTOP);
    owner.kill();
    let options = home.options();
    let start = thread::spawn(move || Cluster::start(&options));
    thread::sleep(Duration::from_millis(1500));
    assert!(
        !start.is_finished() && is_alive(pid),
        "nobody may come in while it is there"
    );
    let lock = fs::File::open(home.data_dir().join("postgres.lock")).unwrap();
    assert!(lock.try_lock().is_err(), "the server itself holds the lock");
    drop(lock);
    send(checkpointer, Signal::SIGCONT);
    let cluster = start.join().unwrap().unwrap();
    assert_eq!(query(&cluster, "select word from kept"), "kept");
}

#[test]
fn a_second_portal_is_told_who_has_the_directory() {
    let home = Home::new();
    let mut first = Owner::launch(&home.data_dir(), None);
    first.outcome().unwrap();
    let error = Cluster::start(&home.options()).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::InUse { holder: Some(holder), .. } if holder == first.pid()),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("process {}", first.pid())),
        "{error}"
    );
    first.dismiss();

    let cluster = Cluster::start(&home.options()).unwrap();
    let error = Cluster::start(&home.options()).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::InUse { holder: Some(holder), .. } if holder == std::process::id()),
        "{error}"
    );
    assert_eq!(query(&cluster, "select 1"), "1");
}

#[test]
fn a_lock_file_without_a_holder_does_not_block() {
    let home = Home::new();
    fs::create_dir(home.data_dir()).unwrap();
    fs::write(
        home.data_dir().join("portal.lock"),
        format!("{}\n", std::process::id()),
    )
    .unwrap();
    fs::write(home.data_dir().join("postgres.lock"), "").unwrap();
    assert_eq!(Cluster::running(&home.data_dir()).unwrap(), None);
    Cluster::start(&home.options()).unwrap();
}

/// A process of the server's account that has nothing to do with it.
struct Stranger(Child);

impl Stranger {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        if is_root() {
            command.uid(server_uid());
        }
        Self(command.arg("120").current_dir("/").spawn().unwrap())
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_process_number_that_now_is_a_strangers_does_not_block() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    query(
        &cluster,
        "create table kept (word text); insert into kept values ('kept')",
    );
    let directory = home.data_dir().join("postgres");
    let file = fs::read_to_string(directory.join("postmaster.pid")).unwrap();
    let socket_lock = cluster.socket_directory().join(".s.PGSQL.5432.lock");
    let old = cluster.postmaster_pid().to_string();
    cluster.stop().unwrap();

    // As after a power cut and a reboot: both of PostgreSQL's lock files are there, the number is somebody else's.
    let mut stranger = Stranger::new();
    let stale = file.replacen(&old, &stranger.0.id().to_string(), 1);
    fs::write(directory.join("postmaster.pid"), &stale).unwrap();
    fs::write(&socket_lock, &stale).unwrap();
    let cluster = Cluster::start(&home.options()).unwrap();
    assert_eq!(query(&cluster, "select word from kept"), "kept");
    assert!(
        stranger.0.try_wait().unwrap().is_none(),
        "the stranger is left alone"
    );
    cluster.stop().unwrap();

    // The number of no process, and a file that a full disk left empty.
    fs::write(
        directory.join("postmaster.pid"),
        file.replacen(&old, "4194303", 1),
    )
    .unwrap();
    fs::write(&socket_lock, "").unwrap();
    let cluster = Cluster::start(&home.options()).unwrap();
    assert_eq!(query(&cluster, "select word from kept"), "kept");
}

#[test]
fn a_server_that_was_started_by_hand_is_ended_first() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    query(
        &cluster,
        "create table kept (word text); insert into kept values ('kept')",
    );
    let program = cluster.binaries().directory().join("postgres");
    cluster.stop().unwrap();

    let directory = home.data_dir().join("postgres");
    let mut command = Command::new(program);
    if is_root() {
        command.uid(server_uid());
    }
    command
        .arg("-D")
        .arg(&directory)
        .args(["-c", "listen_addresses=", "-c"]);
    command.arg(format!(
        "unix_socket_directories={}",
        home.data_dir().join("run").display()
    ));
    let mut by_hand = command
        .stderr(Stdio::null())
        .current_dir("/")
        .spawn()
        .unwrap();
    wait_until("it is ready", Duration::from_secs(30), || {
        fs::read_to_string(directory.join("postmaster.pid"))
            .is_ok_and(|text| text.contains("ready"))
    });
    let options = home.options();
    let start = thread::spawn(move || Cluster::start(&options));
    assert!(by_hand.wait().unwrap().success(), "it shut down cleanly");
    let cluster = start.join().unwrap().unwrap();
    assert_eq!(query(&cluster, "select word from kept"), "kept");
}

#[test]
fn a_killed_initialisation_leaves_nothing_to_trip_over() {
    let home = Home::new();
    let is_initialising = |data_dir: &Path| {
        let names = fs::read_dir(data_dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        names
            .into_iter()
            .find(|path| path.to_string_lossy().contains("postgres.initialising-"))
    };
    let mut owner = Owner::launch(&home.data_dir(), None);
    wait_until("initdb works", Duration::from_secs(20), || {
        is_initialising(&home.data_dir()).is_some_and(|directory| directory.join("base").exists())
    });
    owner.kill();
    assert!(
        !home.data_dir().join("postgres").exists(),
        "a half-made cluster does not carry the name"
    );
    assert!(
        is_initialising(&home.data_dir()).is_some(),
        "the test came too late"
    );

    let cluster = Cluster::start(&home.options()).unwrap();
    assert_eq!(query(&cluster, "select 1"), "1");
    assert_eq!(is_initialising(&home.data_dir()), None);
}

#[test]
fn an_empty_directory_in_the_clusters_place_is_used() {
    let home = Home::new();
    fs::create_dir_all(home.data_dir().join("postgres")).unwrap();
    let cluster = Cluster::start(&home.options()).unwrap();
    assert_eq!(query(&cluster, "select 1"), "1");
}

#[test]
fn what_is_no_cluster_is_not_touched() {
    let home = Home::new();
    let directory = home.data_dir().join("postgres");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("notes.txt"), "mine").unwrap();
    let error = Cluster::start(&home.options()).unwrap_err();
    assert!(matches!(error, PgEmbedError::NotACluster { .. }), "{error}");
    assert_eq!(
        fs::read_to_string(directory.join("notes.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn a_cluster_of_another_version_is_refused_with_instructions() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    let installed = cluster.server_version();
    cluster.stop().unwrap();
    fs::write(home.data_dir().join("postgres/PG_VERSION"), "99\n").unwrap();
    let begin = Instant::now();
    let error = Cluster::start(&home.options()).unwrap_err();
    assert!(
        matches!(
            error,
            PgEmbedError::MajorVersionMismatch { cluster: 99, .. }
        ),
        "{error}"
    );
    let text = error.to_string();
    for part in [
        "postgresql-99",
        "--pg-bin",
        "pg_upgrade",
        &installed.to_string(),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(begin.elapsed() < Duration::from_secs(5));
    fs::write(
        home.data_dir().join("postgres/PG_VERSION"),
        format!("{}\n", installed.major),
    )
    .unwrap();
    Cluster::start(&home.options()).unwrap();
}
