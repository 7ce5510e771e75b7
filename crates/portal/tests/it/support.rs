//! Running the binary.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::runtime::Runtime;

/// The binary with a clean environment.
pub(crate) fn portal() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medical-portal"));
    for name in [
        "DATABASE_URL",
        "DATABASE_ADMIN_URL",
        "NOTIFY_SOCKET",
        "PORTAL_BACKUP_KEY_FILE",
        "PORTAL_DATA_DIR",
        "PORTAL_LISTEN",
        "PORTAL_PASSWORD",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    portal().args(arguments).output().unwrap()
}

/// What it printed on standard output, of a run that succeeded.
pub(crate) fn stdout(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A folder that the `postgres` user can reach too.
pub(crate) fn data_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

/// Runs SQL in a database.
pub(crate) fn execute(url: &str, sql: &str) {
    Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let sql = AssertSqlSafe(sql.to_owned());
        connection.execute(sql).await.unwrap();
    });
}

/// What an expression of SQL is in a database, as text.
pub(crate) fn text(url: &str, sql: &str) -> String {
    Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT ({sql})::text")))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    })
}

/// A serving portal.
pub(crate) struct Serving {
    child: Child,
    /// Where it listens.
    pub(crate) base: String,
    log: Arc<Mutex<String>>,
}

impl Serving {
    /// Starts it on a free port and waits until it says where it is.
    pub(crate) fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::start_with(data, arguments, &[])
    }

    /// As [`Serving::start`], with these in its environment.
    pub(crate) fn start_with(
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        // The accounts of the development data have passwords that everybody knows.
        let arguments = [&["--evaluation"], arguments].concat();
        Self::start_for_patients(data, &arguments, environment)
    }

    /// As [`Serving::start_with`], refusing what is unsafe for patients.
    pub(crate) fn start_for_patients(
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        let mut serving = Self::spawn("serve", data, &arguments, environment);
        let address = serving.wait_for("running at ");
        address
            .lines()
            .next()
            .unwrap()
            .trim()
            .clone_into(&mut serving.base);
        serving
    }

    /// Starts workers alone.
    pub(crate) fn start_worker(data: &Path) -> Self {
        Self::spawn("worker", data, &[], &[])
    }

    fn spawn(command: &str, data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = portal()
            .args([command, "--data-dir", data.to_str().unwrap()])
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let collect = |stream: Box<dyn std::io::Read + Send>, log: Arc<Mutex<String>>| {
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let mut log = log.lock().unwrap();
                    log.push_str(&line);
                    log.push('\n');
                }
            })
        };
        collect(Box::new(child.stdout.take().unwrap()), log.clone());
        collect(Box::new(child.stderr.take().unwrap()), log.clone());
        Self {
            child,
            base: String::new(),
            log,
        }
    }

    /// Waits until the text is printed; gives what follows it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let log = self.log.lock().unwrap().clone();
            if let Some((_, rest)) = log.split_once(text)
                && rest.contains('\n')
            {
                return rest.to_owned();
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the portal ended with {status}: {log}");
            }
            assert!(
                started.elapsed() < Duration::from_secs(120),
                "'{text}' was not printed: {log}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What was printed so far, on both streams.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ctrl-C, and waits for the end.
    pub(crate) fn interrupt(&mut self) -> std::process::ExitStatus {
        let status = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                started.elapsed() < Duration::from_secs(40),
                "it does not stop: {}",
                self.log.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small file system of its own; `None` where it cannot be mounted.
pub(crate) struct SmallDisk(pub(crate) PathBuf);

impl SmallDisk {
    pub(crate) fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
