//! Systems that lack something: accounts, permissions, space, locales.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use pg_embed::{Cluster, PgEmbedError};
use support::{Home, Owner, is_alive, is_root, query, skip};

/// An account that every system has and that owns nothing.
const NOBODY: u32 = 65534;

#[test]
fn owner_process() {
    support::own_if_told();
}

#[test]
fn a_parent_that_keeps_the_server_account_out_is_named() {
    if !is_root() && skip("needs root") {
        return;
    }
    let home = Home::new();
    let barrier = home.path().join("closed");
    fs::create_dir(&barrier).unwrap();
    fs::set_permissions(&barrier, Permissions::from_mode(0o700)).unwrap();
    let options = support::options(barrier.join("below/data"));
    let error = Cluster::start(&options).unwrap_err();
    let named = barrier.canonicalize().unwrap();
    assert!(
        matches!(error, PgEmbedError::ParentNotTraversable { ref parent, .. } if *parent == named),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("chmod o+x {}", named.display())),
        "{error}"
    );

    fs::set_permissions(&barrier, Permissions::from_mode(0o711)).unwrap();
    Cluster::start(&options).unwrap();
}

#[test]
fn programs_that_the_server_account_may_not_run_are_named() {
    if !is_root() && skip("needs root") {
        return;
    }
    let home = Home::new();
    let closed = home.path().join("closed");
    fs::create_dir(&closed).unwrap();
    for program in ["postgres", "initdb"] {
        fs::write(
            closed.join(program),
            "#!/bin/sh\necho 'postgres (PostgreSQL) 15.1'\n",
        )
        .unwrap();
        fs::set_permissions(closed.join(program), Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    let mut options = home.options();
    options.binaries = Some(closed);
    let error = Cluster::start(&options).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::BinariesUnreachable { .. }),
        "{error}"
    );
}

#[test]
fn an_ordinary_user_runs_it_as_themselves() {
    if !is_root()
        && skip("needs root to become somebody else; the other tests run as an ordinary user then")
    {
        return;
    }
    let home = Home::new();
    fs::create_dir(home.data_dir()).unwrap();
    chown(home.data_dir(), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut owner = Owner::launch(&home.data_dir(), Some(NOBODY));
    let pid = owner.outcome().unwrap();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains(&format!("Uid:\t{NOBODY}")), "{status}");
    owner.kill();
    support::wait_until(
        "the server ends",
        std::time::Duration::from_secs(20),
        || !is_alive(pid),
    );

    // Root then keeps to the owner of the cluster.
    let cluster = Cluster::start(&home.options()).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", cluster.postmaster_pid())).unwrap();
    assert!(status.contains(&format!("Uid:\t{NOBODY}")), "{status}");
    cluster.stop().unwrap();

    // And somebody else is told whose it is.
    chown(home.data_dir(), Some(1), Some(1)).unwrap();
    for name in ["portal.lock", "postgres.lock"] {
        chown(home.data_dir().join(name), Some(1), Some(1)).unwrap();
    }
    let error = Owner::launch(&home.data_dir(), Some(1))
        .outcome()
        .unwrap_err();
    assert!(
        error.contains(&format!("belongs to user id {NOBODY}")) && error.contains("chown -R"),
        "{error}"
    );
}

#[test]
fn a_user_without_an_entry_in_the_user_database_is_told() {
    if !is_root() && skip("needs root to become somebody else") {
        return;
    }
    const UNLISTED: u32 = 54_321;
    let home = Home::new();
    fs::create_dir(home.data_dir()).unwrap();
    chown(home.data_dir(), Some(UNLISTED), Some(UNLISTED)).unwrap();
    let error = Owner::launch(&home.data_dir(), Some(UNLISTED))
        .outcome()
        .unwrap_err();
    assert!(
        error.contains("user id 54321 has no entry") && error.contains("useradd"),
        "{error}"
    );
}

#[test]
fn a_system_without_the_server_account_is_told_how_to_make_it() {
    if !is_root() && skip("needs root to hide the account") {
        return;
    }
    let home = Home::new();
    let accounts = home.path().join("passwd");
    let listed = fs::read_to_string("/etc/passwd").unwrap();
    let without: Vec<_> = listed
        .lines()
        .filter(|line| !line.starts_with("postgres:"))
        .collect();
    fs::write(&accounts, without.join("\n") + "\n").unwrap();
    let script = format!(
        "mount --bind '{}' /etc/passwd && {}",
        accounts.display(),
        Owner::command_line(&home.data_dir())
    );
    let is_possible = Command::new("unshare")
        .args(["--mount", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !is_possible && skip("needs a mount namespace") {
        return;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]);
    let error = Owner::of(command).outcome().unwrap_err();
    assert!(
        error.contains("no account `postgres`") && error.contains("useradd --system"),
        "{error}"
    );
}

#[test]
fn a_cluster_that_root_has_restored_is_not_started_with_the_wrong_owner() {
    if !is_root() && skip("needs root") {
        return;
    }
    let home = Home::new();
    Cluster::start(&home.options()).unwrap().stop().unwrap();
    chown(home.data_dir().join("postgres"), Some(0), Some(0)).unwrap();
    let error = Cluster::start(&home.options()).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::WrongOwner { owner: 0, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("chown -R postgres"), "{error}");
}

#[test]
fn a_link_in_the_place_of_a_directory_is_not_followed() {
    let home = Home::new();
    let target = home.path().join("target");
    fs::create_dir_all(&target).unwrap();
    fs::create_dir_all(home.data_dir()).unwrap();
    for name in ["postgres", "log", "run"] {
        let link = home.data_dir().join(name);
        symlink(&target, &link).unwrap();
        let error = Cluster::start(&home.options()).unwrap_err();
        assert!(
            matches!(error, PgEmbedError::NotADirectory { ref path } if path.ends_with(name)),
            "{name}: {error}"
        );
        fs::remove_file(&link).unwrap();
    }
    assert_eq!(
        fs::metadata(&target).unwrap().permissions().mode() & 0o777,
        0o755
    );
}

#[test]
fn a_file_in_the_place_of_the_data_directory_is_named() {
    let home = Home::new();
    fs::write(home.data_dir(), "a file").unwrap();
    let error = Cluster::start(&home.options()).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::NotADirectory { .. }),
        "{error}"
    );
    let error = Cluster::start(&support::options(home.path().join("line\nbreak"))).unwrap_err();
    assert!(
        matches!(error, PgEmbedError::UnusablePath { .. }),
        "{error}"
    );
}

#[test]
fn a_place_that_may_not_be_written_is_named() {
    if is_root() {
        let home = Home::new();
        let error = Owner::launch(&home.data_dir(), Some(NOBODY))
            .outcome()
            .unwrap_err();
        assert!(
            error.contains("could not create the directory")
                && error.contains("Make it accessible"),
            "{error}"
        );
    }
    let error = Cluster::start(&support::options("/proc/nowhere/data")).unwrap_err();
    assert!(matches!(error, PgEmbedError::Io { .. }), "{error}");
}

#[test]
fn a_full_disk_is_called_by_its_name() {
    if !is_root() && skip("needs root to mount a small file system") {
        return;
    }
    let home = Home::new();
    let disk = home.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs"])
        .arg(&disk)
        .status();
    if !mounted.is_ok_and(|status| status.success())
        && skip("a small file system cannot be mounted")
    {
        return;
    }
    let error = Cluster::start(&support::options(disk.join("data")))
        .unwrap_err()
        .to_string();
    let left: Vec<_> = fs::read_dir(disk.join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        Command::new("umount")
            .arg(&disk)
            .status()
            .unwrap()
            .success()
    );
    assert!(
        error.contains("The file system is full") && error.contains("No space left on device"),
        "{error}"
    );
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("postgres.init")),
        "{left:?}"
    );
}

#[test]
fn a_system_without_the_locale_falls_back_to_plain_c() {
    let home = Home::new();
    let real = pg_embed::binaries::find(support::options("").binaries.as_deref()).unwrap();
    let limited = home.path().join("bin");
    fs::create_dir(&limited).unwrap();
    let wrap = |program: &str, body: &str| {
        let path = limited.join(program);
        fs::write(
            &path,
            format!(
                "#!/bin/sh\n{body}\nexec '{}' \"$@\"\n",
                real.tool(program).unwrap().display()
            ),
        )
        .unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    };
    wrap("postgres", "");
    wrap(
        "initdb",
        "case \" $* \" in *C.UTF-8*) echo 'initdb: error: invalid locale name \"C.UTF-8\"' >&2; exit 1;; esac",
    );
    let mut options = home.options();
    options.binaries = Some(limited);
    let cluster = Cluster::start(&options).unwrap();
    let row = query(
        &cluster,
        "select datcollate, pg_encoding_to_char(encoding) from pg_database where datname = 'postgres'",
    );
    assert_eq!(row, "C|UTF8");
}
