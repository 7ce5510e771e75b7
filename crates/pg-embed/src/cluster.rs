//! A running cluster: from the empty directory to the accepted connection, and back.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::account::Account;
use crate::binaries::{self, Binaries};
use crate::directories::{self, ExistingCluster, Layout};
use crate::error::PgEmbedError;
use crate::initialise;
use crate::locks::{self, LockFile};
use crate::log::{self, LogMark, OutputTail};
use crate::options::ClusterOptions;
use crate::postmaster_file::PostmasterFile;
use crate::processes;
use crate::recovery;
use crate::server::{NotReady, Server};
use crate::settings;
use crate::socket;
use crate::version::ServerVersion;

/// The role that `initdb` makes; migrations and the portal's own roles are set up by it.
pub(crate) const SUPERUSER: &str = "postgres";

/// How long an immediate shutdown may take; the server kills its own children after 5 s.
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(15);

/// What stands for itself in a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Where a running cluster accepts connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterAddress {
    socket_directory: PathBuf,
    port: u16,
}

impl ClusterAddress {
    /// The directory of the socket; only the cluster's account and root can enter it.
    pub fn socket_directory(&self) -> &Path {
        &self.socket_directory
    }

    /// Part of the socket's name; there is no TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection URL for `sqlx`, `tokio-postgres` and `psql`. It holds no secret.
    pub fn url(&self, user: &str, database: &str) -> String {
        let escape = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
        format!(
            "postgres:///{}?host={}&port={}&user={}",
            escape(database),
            escape(&self.socket_directory.to_string_lossy()),
            self.port,
            escape(user)
        )
    }
}

/// The portal's own PostgreSQL, running until [`Cluster::stop`], the end of this value, or the end of the portal.
#[derive(Debug)]
pub struct Cluster {
    address: ClusterAddress,
    binaries: Binaries,
    pid: u32,
    server: Mutex<Server>,
    log_mark: LogMark,
    stop_timeout: Duration,
    // Dropped last and in this order: a successor must not come in while the server is still known to this one.
    _server_lock: LockFile,
    _portal_lock: LockFile,
}

impl Cluster {
    /// Starts the cluster of a data directory, making it when there is none, and returns when it accepts connections.
    /// Takes about two seconds for a new one. Blocks; a server that an earlier run left behind is waited for.
    ///
    /// # Errors
    /// See [`PgEmbedError`]; each names its remedy. Nothing keeps running after an error.
    pub fn start(options: &ClusterOptions) -> Result<Self, PgEmbedError> {
        settings::check_extra(&options.extra_settings)?;
        let layout = Layout::prepare(&options.data_dir)?;
        let portal_lock = locks::take_portal_lock(&layout)?;
        let existing = ExistingCluster::find(&layout)?;
        let account = Account::resolve(existing.map(|cluster| cluster.owner))?;
        let home = layout.cluster();
        let wanted = existing.map(|cluster| (home.as_path(), cluster.major));
        if let Some(cluster) = existing.filter(|cluster| cluster.owner != account.uid) {
            return Err(PgEmbedError::WrongOwner {
                path: home,
                owner: cluster.owner,
                account: account.name,
            });
        }
        let binaries = binaries::find_for(options.binaries.as_deref(), wanted)?;
        directories::check_reachable(&layout, &binaries, &account)?;

        let server_lock = LockFile::open(&layout.server_lock())?;
        recovery::end_earlier_server(&layout, &server_lock)?;
        initialise::sweep(&layout)?;
        if existing.is_none() {
            initialise::initialise(&layout, &binaries, &account, options.start_timeout)?;
        }
        directories::ensure_private(&home, &account)?;
        directories::ensure_private(&layout.log(), &account)?;
        if layout.outgoing_wal().is_dir() {
            directories::ensure_private(&layout.outgoing_wal(), &account)?;
        }
        log::remove_old(&layout.log());
        let socket_directory = socket::prepare_directory(&layout, &account)?;
        recovery::set_aside_stale(&layout.postmaster_file())?;
        recovery::set_aside_stale(&socket::lock_file_in(&socket_directory))?;

        let log_mark = LogMark::set(&layout.log());
        let mut server = Server::spawn(
            &layout,
            &binaries,
            &account,
            &socket_directory,
            &server_lock,
            options,
        )?;
        let output = server.child.stderr.take().map(OutputTail::of);
        let ready = server.wait_until_ready(&layout, options.start_timeout);
        let address = ClusterAddress {
            socket_directory,
            port: settings::PORT,
        };
        let pid = server.child.id();
        let server = Mutex::new(server);
        let stop_timeout = options.stop_timeout;
        let cluster = Self {
            address,
            binaries,
            pid,
            server,
            log_mark,
            stop_timeout,
            _server_lock: server_lock,
            _portal_lock: portal_lock,
        };
        match ready {
            Ok(()) => Ok(cluster),
            Err(NotReady::Failed(error)) => Err(error),
            Err(NotReady::Ended(status)) => Err(cluster.start_failure(status, output)),
        }
    }

    /// Where the cluster of `data_dir` accepts connections, when a portal on this machine runs it just now; `None`
    /// otherwise. For administrative commands next to a serving portal.
    ///
    /// # Errors
    /// [`PgEmbedError::Io`] when the directory is not accessible to the caller's account.
    pub fn running(data_dir: &Path) -> Result<Option<ClusterAddress>, PgEmbedError> {
        if !data_dir.exists() {
            return Ok(None);
        }
        let layout = Layout::of(data_dir)?;
        if !locks::is_portal_there(&layout)? {
            return Ok(None);
        }
        let path = layout.postmaster_file();
        let file = PostmasterFile::read(&path).map_err(PgEmbedError::io("read", &path))?;
        Ok(file
            .filter(|file| file.is_ready && processes::exists(file.pid))
            .and_then(|file| {
                Some(ClusterAddress {
                    socket_directory: file.socket_directory?,
                    port: file.port?,
                })
            }))
    }

    /// Where it accepts connections.
    pub fn address(&self) -> &ClusterAddress {
        &self.address
    }

    /// The directory of the socket; only the cluster's account and root can enter it.
    pub fn socket_directory(&self) -> &Path {
        self.address.socket_directory()
    }

    /// Part of the socket's name; there is no TCP port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The role with all rights.
    pub fn superuser(&self) -> &str {
        SUPERUSER
    }

    /// A connection URL for `sqlx`, `tokio-postgres` and `psql`. It holds no secret.
    pub fn url(&self, user: &str, database: &str) -> String {
        self.address.url(user, database)
    }

    /// The installation that runs the cluster; `pg_dump` and its kin are in it.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The version of the server.
    pub fn server_version(&self) -> ServerVersion {
        self.binaries.version()
    }

    /// The process number of the server's main process.
    pub fn postmaster_pid(&self) -> u32 {
        self.pid
    }

    /// Whether the server's main process lives. It restarts crashed children itself, so its own end is rare: killed
    /// by an operator or for want of memory.
    pub fn is_running(&self) -> bool {
        matches!(self.lock_server().child.try_wait(), Ok(None))
    }

    /// Ends all sessions, writes a checkpoint and waits for the server's end. After `stop_timeout` the shutdown becomes
    /// an immediate one, from which the next start recovers without loss.
    ///
    /// # Errors
    /// [`PgEmbedError::EndedUnexpectedly`] when it had failed before, [`PgEmbedError::StopTimedOut`] when it hangs.
    pub fn stop(self) -> Result<(), PgEmbedError> {
        self.shut_down()
    }

    fn shut_down(&self) -> Result<(), PgEmbedError> {
        let mut server = self.lock_server();
        let earlier = server
            .child
            .try_wait()
            .map_err(PgEmbedError::io("wait for", &self.binaries.server()))?;
        if let Some(status) = earlier {
            server.release();
            if status.success() {
                return Ok(());
            }
            let log = log::join(&self.log_mark.since());
            return Err(PgEmbedError::EndedUnexpectedly {
                status: status.to_string(),
                log,
            });
        }
        for (signal, limit) in [
            (Signal::SIGINT, self.stop_timeout),
            (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN),
        ] {
            processes::signal(self.pid, signal)
                .map_err(PgEmbedError::io("stop", &self.binaries.server()))?;
            if server.wait(limit).is_some() {
                server.release();
                return Ok(());
            }
            tracing::warn!(pid = self.pid, %signal, seconds = limit.as_secs(), "PostgreSQL has not ended in time");
        }
        server.release();
        Err(PgEmbedError::StopTimedOut {
            pid: self.pid,
            waited: self.stop_timeout + IMMEDIATE_SHUTDOWN,
        })
    }

    fn lock_server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what is left of a start that failed and tells why it did.
    fn start_failure(self, status: Option<ExitStatus>, output: Option<OutputTail>) -> PgEmbedError {
        let status = status.map_or_else(
            || "it was not ready in time".to_owned(),
            |status| status.to_string(),
        );
        if let Err(error) = self.shut_down() {
            tracing::debug!(%error, "the server of a failed start had ended");
        }
        let mut lines = output.map(OutputTail::after_end).unwrap_or_default();
        lines.extend(self.log_mark.since());
        PgEmbedError::StartFailed {
            status,
            log: log::join(&lines),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let is_stopped = self.lock_server().is_released();
        if !is_stopped && let Err(error) = self.shut_down() {
            tracing::error!(%error, "PostgreSQL could not be stopped");
        }
    }
}
