//! Real clusters from start to stop.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpgid, getpgrp};
use pg_embed::{Cluster, PgEmbedError};
use support::{Home, is_alive, is_root, query, send, server_uid, skip, try_query, wait_until};

#[test]
fn a_new_cluster_serves_and_keeps_its_data_over_a_restart() {
    let home = Home::new();
    let begin = Instant::now();
    let cluster = Cluster::start(&home.options()).unwrap();
    println!("cold start: {:?}", begin.elapsed());
    let settings = query(
        &cluster,
        "select current_setting('data_checksums'), current_setting('server_encoding'), datcollate,
                current_setting('listen_addresses'), current_setting('fsync'), current_setting('synchronous_commit'),
                current_setting('timezone')
         from pg_database where datname = 'postgres'",
    );
    assert_eq!(settings, "on|UTF8|C.UTF-8||on|on|UTC");
    let version = format!("{}%04d", cluster.server_version().major);
    assert!(query(&cluster, "show server_version_num").starts_with(&version[..2]));
    query(
        &cluster,
        "create table kept (word text); insert into kept values ('Grüße')",
    );
    assert_eq!(
        Cluster::running(&home.data_dir()).unwrap().as_ref(),
        Some(cluster.address())
    );

    let pid = cluster.postmaster_pid();
    let begin = Instant::now();
    cluster.stop().unwrap();
    println!("stop: {:?}", begin.elapsed());
    assert!(!is_alive(pid));
    assert!(!home.data_dir().join("postgres/postmaster.pid").exists());
    assert_eq!(Cluster::running(&home.data_dir()).unwrap(), None);

    let begin = Instant::now();
    let cluster = Cluster::start(&home.options()).unwrap();
    println!("warm start: {:?}", begin.elapsed());
    assert_eq!(query(&cluster, "select word from kept"), "Grüße");
}

#[test]
fn nobody_else_can_enter_its_directories() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    for name in ["postgres", "run", "log"] {
        let metadata = fs::metadata(home.data_dir().join(name)).unwrap();
        assert_eq!(
            (metadata.mode() & 0o777, metadata.uid()),
            (0o700, server_uid()),
            "{name}"
        );
    }
    assert_eq!(
        cluster.socket_directory(),
        home.data_dir().canonicalize().unwrap().join("run")
    );
    let socket = fs::metadata(cluster.socket_directory().join(".s.PGSQL.5432")).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.mode() & 0o777, 0o700);
    // TCP is refused even where an operator opens the address.
    let rules = query(
        &cluster,
        "select count(*) from pg_hba_file_rules where type = 'host' and auth_method <> 'reject'",
    );
    assert_eq!(rules, "0");
}

#[test]
fn a_root_portal_runs_it_as_the_server_account_with_no_rights_of_root() {
    if !is_root() && skip("needs root") {
        return;
    }
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", cluster.postmaster_pid())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(field("Uid:"), vec![server_uid().to_string(); 4]);
    assert!(!field("Gid:").contains(&"0".to_owned()));
    assert_eq!(field("Groups:"), Vec::<String>::new());
    assert_eq!(field("CapEff:"), ["0000000000000000"]);
    // The data directory stays the portal's own: only the three directories below it are handed over.
    assert_eq!(fs::metadata(home.data_dir()).unwrap().uid(), 0);
}

#[test]
fn its_url_survives_a_path_full_of_special_characters() {
    let home = Home::new();
    let options = support::options(home.path().join("a b\"c\\d'e%20&f=g#ü"));
    let cluster = Cluster::start(&options).unwrap();
    let url = cluster.url("postgres", "postgres");
    assert_eq!(try_query(&url, "select 1").unwrap(), "1");
    assert_eq!(Path::new(&host_of(&url)), cluster.socket_directory());
    assert!(cluster.socket_directory().starts_with(home.path()));
}

fn host_of(url: &str) -> String {
    let parsed = url::Url::parse(url).unwrap();
    parsed
        .query_pairs()
        .find(|(name, _)| name == "host")
        .unwrap()
        .1
        .into_owned()
}

#[test]
fn a_path_that_clients_would_split_at_its_comma_is_avoided() {
    let home = Home::new();
    let cluster = Cluster::start(&support::options(home.path().join("Müller, Meier"))).unwrap();
    assert_eq!(query(&cluster, "select 1"), "1");
    let place = cluster.socket_directory().to_owned();
    cluster.stop().unwrap();
    fs::remove_dir(place).unwrap();
}

#[test]
fn a_data_directory_deep_down_gets_its_socket_in_a_short_place() {
    let home = Home::new();
    let deep = home.path().join("d".repeat(60)).join("e".repeat(60));
    let options = support::options(&deep);
    let cluster = Cluster::start(&options).unwrap();
    let place = cluster.socket_directory().to_owned();
    assert!(
        place.as_os_str().len() < 60 && !place.starts_with(home.path()),
        "{}",
        place.display()
    );
    assert_eq!(
        (
            fs::metadata(&place).unwrap().mode() & 0o777,
            fs::metadata(&place).unwrap().uid()
        ),
        (0o700, server_uid())
    );
    assert_eq!(query(&cluster, "select 1"), "1");
    assert_eq!(
        Cluster::running(&deep).unwrap().as_ref(),
        Some(cluster.address())
    );
    cluster.stop().unwrap();
    let cluster = Cluster::start(&options).unwrap();
    assert_eq!(cluster.socket_directory(), place);
    cluster.stop().unwrap();
    fs::remove_dir(&place).unwrap();
}

#[test]
fn the_thread_that_started_it_may_end() {
    let home = Home::new();
    let options = home.options();
    let cluster = thread::spawn(move || Cluster::start(&options))
        .join()
        .unwrap()
        .unwrap();
    thread::sleep(Duration::from_millis(500));
    assert!(cluster.is_running());
    assert_eq!(query(&cluster, "select 1"), "1");
}

#[test]
fn an_interrupt_in_the_terminal_does_not_reach_it() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    let pid = Pid::from_raw(cluster.postmaster_pid().try_into().unwrap());
    assert_eq!(getpgid(Some(pid)).unwrap(), pid);
    assert_ne!(getpgid(Some(pid)).unwrap(), getpgrp());
}

#[test]
fn letting_it_go_stops_it() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    let pid = cluster.postmaster_pid();
    drop(cluster);
    assert!(!is_alive(pid));
    assert!(!home.data_dir().join("postgres/postmaster.pid").exists());
}

#[test]
fn a_shutdown_does_not_wait_for_sessions() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    let url = cluster.url("postgres", "postgres");
    let session = thread::spawn(move || try_query(&url, "select pg_sleep(60)"));
    wait_until("the session is there", Duration::from_secs(20), || {
        query(
            &cluster,
            "select count(*) from pg_stat_activity where query like '%pg_sleep(60)' and wait_event = 'PgSleep'",
        ) == "1"
    });
    let begin = Instant::now();
    cluster.stop().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert!(session.join().unwrap().is_err());
}

#[test]
fn a_shutdown_that_hangs_becomes_an_immediate_one() {
    let home = Home::new();
    let mut options = home.options();
    options.stop_timeout = Duration::from_millis(300);
    let cluster = Cluster::start(&options).unwrap();
    query(
        &cluster,
        "create table kept (word text); insert into kept values ('kept')",
    );
    // A checkpointer that is stopped cannot write the checkpoint which a clean shutdown waits for.
    let checkpointer = query(
        &cluster,
        "select pid from pg_stat_activity where backend_type = 'checkpointer'",
    );
    send(checkpointer.parse().unwrap(), Signal::SIGSTOP);
    let pid = cluster.postmaster_pid();
    cluster.stop().unwrap();
    assert!(!is_alive(pid));
    let cluster = Cluster::start(&options).unwrap();
    assert_eq!(query(&cluster, "select word from kept"), "kept");
}

#[test]
fn a_server_that_was_killed_is_noticed_and_recovers() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    query(
        &cluster,
        "create table kept (word text); insert into kept values ('kept')",
    );
    send(cluster.postmaster_pid(), Signal::SIGKILL);
    wait_until("the end is noticed", Duration::from_secs(10), || {
        !cluster.is_running()
    });
    let error = cluster.stop().unwrap_err();
    assert!(
        matches!(error, PgEmbedError::EndedUnexpectedly { .. }),
        "{error}"
    );
    let cluster = Cluster::start(&home.options()).unwrap();
    assert_eq!(query(&cluster, "select word from kept"), "kept");
}

#[test]
fn the_log_reveals_no_patient() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    let url = cluster.url("postgres", "postgres");
    query(
        &cluster,
        "create table patient (name text primary key, age int check (age < 150)); insert into patient values ('Vertraulich', 1)",
    );
    for wrong in [
        "insert into patient values ('Vertraulich', 2)",
        "insert into patient values ('Vertraulich2', 200)",
        "select 'Vertraulich' from nowhere",
        "do $$ begin perform 1 / 0 /* Vertraulich */; end $$",
    ] {
        assert!(try_query(&url, wrong).is_err());
    }
    cluster.stop().unwrap();
    let logs: String = fs::read_dir(home.data_dir().join("log"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    // Errors are there, else the search below would prove nothing.
    assert!(
        logs.contains("duplicate key value") && logs.contains("division by zero"),
        "{logs}"
    );
    assert!(!logs.contains("Vertraulich"), "{logs}");
}

#[test]
fn statement_statistics_are_on_where_the_library_is_installed() {
    let home = Home::new();
    let cluster = Cluster::start(&home.options()).unwrap();
    let libraries = query(&cluster, "show shared_preload_libraries");
    if libraries.is_empty() && skip("pg_stat_statements is not installed") {
        return;
    }
    query(
        &cluster,
        "create extension pg_stat_statements; select 'Vertraulich'",
    );
    let kept = query(
        &cluster,
        "select string_agg(query, ' ') from pg_stat_statements",
    );
    assert!(
        kept.contains("select $1") && !kept.contains("Vertraulich"),
        "{kept}"
    );
}

#[test]
fn a_start_that_fails_shows_what_the_server_said() {
    let home = Home::new();
    let mut options = home.options();
    options.extra_settings = vec![("max_connections".into(), "many".into())];
    let error = Cluster::start(&options).unwrap_err();
    assert!(matches!(error, PgEmbedError::StartFailed { .. }));
    let text = error.to_string();
    assert!(
        text.contains("invalid value for parameter \"max_connections\": \"many\""),
        "{text}"
    );

    // This one comes after the log files have taken over.
    let cluster = Cluster::start(&home.options()).unwrap();
    cluster.stop().unwrap();
    fs::remove_file(home.data_dir().join("postgres/global/pg_filenode.map")).unwrap();
    fs::remove_dir_all(home.data_dir().join("postgres/pg_wal")).unwrap();
    let text = Cluster::start(&home.options()).unwrap_err().to_string();
    assert!(text.contains("pg_wal") && text.contains("FATAL"), "{text}");
}

#[test]
fn settings_that_guard_the_cluster_are_refused() {
    let home = Home::new();
    let mut options = home.options();
    options.extra_settings = vec![("listen_addresses".into(), "*".into())];
    let error = Cluster::start(&options).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::SettingRefused { ref name, .. } if name == "listen_addresses"),
        "{error}"
    );
    assert!(!home.data_dir().exists());

    options.extra_settings = vec![("work_mem".into(), "7MB".into())];
    let cluster = Cluster::start(&options).unwrap();
    assert_eq!(query(&cluster, "show work_mem"), "7MB");
}
