//! The server's process: how it is spawned, waited for and told to end.

use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::command::{self, OnPortalDeath};
use crate::directories::Layout;
use crate::error::PgEmbedError;
use crate::locks::LockFile;
use crate::options::ClusterOptions;
use crate::postmaster_file::PostmasterFile;
use crate::settings;

/// The server's main process and the thread that has spawned it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) child: Child,
    /// Ends the keeper when dropped.
    release: Option<mpsc::Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the server from a thread that lives as long as it does: the kernel sends the death signal when the
    /// spawning *thread* ends, and the caller's may be one of a pool.
    pub(crate) fn spawn(
        layout: &Layout,
        binaries: &Binaries,
        account: &Account,
        socket_directory: &Path,
        server_lock: &LockFile,
        options: &ClusterOptions,
    ) -> Result<Self, PgEmbedError> {
        let program = binaries.server();
        let outgoing = layout.outgoing_wal();
        let statistics = binaries.has_library("pg_stat_statements");
        let mut command = command::as_account(&program, account, &layout.data_dir);
        command.arg("-D").arg(layout.cluster());
        command.args(settings::arguments(
            socket_directory,
            &layout.log(),
            statistics,
            outgoing.is_dir().then_some(outgoing.as_path()),
            &options.extra_settings,
        ));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command::bind_to_portal(
            &mut command,
            OnPortalDeath::ShutDown,
            Some(server_lock.share()?),
        );

        let (hand_over, handed_over) = mpsc::sync_channel(1);
        let (release, released) = mpsc::channel::<()>();
        let keep = move || {
            let spawned = command.spawn();
            // The command holds a copy of the server's lock, which must end with the server.
            drop(command);
            let _ = hand_over.send(spawned);
            let _ = released.recv();
        };
        let io = || PgEmbedError::io("run", &program);
        let keeper = thread::Builder::new()
            .name("postgres-keeper".to_owned())
            .spawn(keep)
            .map_err(io())?;
        let child = handed_over
            .recv()
            .map_err(|_| io()(std::io::ErrorKind::Interrupted.into()))?
            .map_err(io())?;
        Ok(Self {
            child,
            release: Some(release),
            keeper: Some(keeper),
        })
    }

    /// Waits for the end of the main process; `None` when the time is up.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if begin.elapsed() > limit {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the keeper, once there is nothing to keep.
    pub(crate) fn release(&mut self) {
        self.release.take();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }

    /// Whether [`Server::release`] was called.
    pub(crate) fn is_released(&self) -> bool {
        self.release.is_none()
    }

    /// Waits until the server says in `postmaster.pid` that it accepts connections: it needs no client and no login,
    /// and tells a server that still recovers from one that hangs.
    pub(crate) fn wait_until_ready(
        &mut self,
        layout: &Layout,
        timeout: Duration,
    ) -> Result<(), NotReady> {
        let path = layout.postmaster_file();
        let begin = Instant::now();
        loop {
            let file = PostmasterFile::read(&path);
            let file =
                file.map_err(|error| NotReady::Failed(PgEmbedError::io("read", &path)(error)))?;
            if file.is_some_and(|file| file.pid == self.child.id() && file.is_ready) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait().ok().flatten() {
                return Err(NotReady::Ended(Some(status)));
            }
            if begin.elapsed() > timeout {
                return Err(NotReady::Ended(None));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Why a server that was started is not ready.
pub(crate) enum NotReady {
    /// It ended, or its time is up (`None`).
    Ended(Option<ExitStatus>),
    /// It cannot be told.
    Failed(PgEmbedError),
}
