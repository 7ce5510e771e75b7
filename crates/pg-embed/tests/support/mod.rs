//! Data directories, queries and killable owners for the tests of real clusters.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::{Uid, User};
use pg_embed::{Cluster, ClusterOptions};

/// A directory that the server's account can reach, removed at the end.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        Self(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The data directory of the cluster under test.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(crate) fn options(&self) -> ClusterOptions {
        options(self.data_dir())
    }
}

/// Options for a data directory. `PG_EMBED_TEST_BINARIES` names the installation to test with instead of the
/// system's newest.
pub(crate) fn options(data_dir: impl Into<PathBuf>) -> ClusterOptions {
    let mut options = ClusterOptions::new(data_dir);
    options.binaries = std::env::var_os("PG_EMBED_TEST_BINARIES").map(PathBuf::from);
    options
}

pub(crate) fn is_root() -> bool {
    Uid::effective().is_root()
}

/// Prints why a test does nothing here; always true.
pub(crate) fn skip(reason: &str) -> bool {
    println!("skipped: {reason}");
    true
}

/// The user id that the files of a new cluster get.
pub(crate) fn server_uid() -> u32 {
    if is_root() {
        User::from_name("postgres").unwrap().unwrap().uid.as_raw()
    } else {
        Uid::effective().as_raw()
    }
}

/// Runs SQL through psql with the URL that applications get; rows as lines, columns divided by `|`.
pub(crate) fn try_query(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set",
            "ON_ERROR_STOP=1",
            "--dbname",
            url,
        ])
        .args(["--command", sql])
        .output()
        .expect("psql is installed");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

pub(crate) fn query(cluster: &Cluster, sql: &str) -> String {
    try_query(&cluster.url("postgres", "postgres"), sql).unwrap()
}

/// Polls until `condition` holds.
pub(crate) fn wait_until(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(
            begin.elapsed() < limit,
            "still waiting after {limit:?}: {what}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process exists and has not merely not been reaped yet.
pub(crate) fn is_alive(pid: u32) -> bool {
    let status = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&status.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

pub(crate) fn send(pid: u32, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap());
    nix::sys::signal::kill(pid, signal).unwrap();
}

/// Tells [`owner_process`] to act, on which data directory.
const OWNED: &str = "PG_EMBED_TEST_OWNED";

/// What the folders of [`program`] are called before the process number.
const PREFIX: &str = "pg-embed-test-";

/// This test program, where every user can run it: the folder it was built in may be closed to others.
fn program() -> &'static Path {
    static PROGRAM: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    PROGRAM.get_or_init(|| {
        let parent = std::env::temp_dir();
        // No test can say that it is the last one, so each program clears up after those before it.
        for entry in fs::read_dir(&parent).unwrap().flatten() {
            let name = entry.file_name();
            let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let program = folder.join("tests");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        program
    })
}

/// Another process that owns a cluster: this test program again, running [`owner_process`] alone.
pub(crate) struct Owner {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Owner {
    /// Starts the process, as another user if given. It begins to start the cluster at once.
    pub(crate) fn launch(data_dir: &Path, uid: Option<u32>) -> Self {
        let mut command = Command::new(program());
        command
            .args(["owner_process", "--exact", "--nocapture"])
            .env(OWNED, data_dir)
            .current_dir("/");
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        Self::of(command)
    }

    /// Runs `command`, which must end up in [`owner_process`].
    pub(crate) fn of(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// A shell command line that runs the process.
    pub(crate) fn command_line(data_dir: &Path) -> String {
        let program = program();
        format!(
            "{OWNED}='{}' exec '{}' owner_process --exact --nocapture",
            data_dir.display(),
            program.display()
        )
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The server's process number, or the error of the start.
    pub(crate) fn outcome(&mut self) -> Result<u32, String> {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(
                self.output.read_line(&mut line).unwrap() > 0,
                "the owner ended without a word"
            );
            if let Some((_, pid)) = line.split_once("started:") {
                return Ok(pid.trim().parse().unwrap());
            }
            if let Some((_, error)) = line.split_once("failed:") {
                return Err(error.trim().to_owned());
            }
        }
    }

    /// Ends the process as `kill -9` does: it gets no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lets it stop its cluster, which ends the process.
    pub(crate) fn dismiss(mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the owner does; an ordinary test run passes through. Each test file has a test of this name that calls it.
pub(crate) fn own_if_told() {
    let Some(data_dir) = std::env::var_os(OWNED) else {
        return;
    };
    match Cluster::start(&options(data_dir)) {
        Ok(cluster) => {
            println!("\nstarted:{}", cluster.postmaster_pid());
            std::io::stdout().flush().unwrap();
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            cluster.stop().unwrap();
        }
        Err(error) => println!("\nfailed:{}", error.to_string().replace('\n', " ")),
    }
}
