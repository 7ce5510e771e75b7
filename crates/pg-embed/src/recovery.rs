//! Before a start: makes sure that no server of an earlier run is left, and sets aside what such a run left in files.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::directories::{Layout, read_small_file};
use crate::error::PgEmbedError;
use crate::locks::LockFile;
use crate::postmaster_file::PostmasterFile;
use crate::processes;

/// A server that was left behind is first given time to end by itself: the kernel has told it to already.
const OWN_ACCORD: Duration = Duration::from_secs(2);
/// Then its clean shutdown takes as long as a checkpoint does on a slow disk.
const CLEAN: Duration = Duration::from_secs(45);
/// After that it is told to drop everything; recovery at the next start makes up for it.
const IMMEDIATE: Duration = Duration::from_secs(15);

/// Waits until the last process of an earlier server is gone, telling it to end with growing force. Returns with
/// `server_lock` taken, which proves that no server which the portal has ever started here is left.
///
/// # Errors
/// [`PgEmbedError::EarlierServerRunning`] when it does not end.
pub(crate) fn end_earlier_server(
    layout: &Layout,
    server_lock: &LockFile,
) -> Result<(), PgEmbedError> {
    let cluster = layout.cluster();
    let begin = Instant::now();
    let mut force = Force::Wait;
    loop {
        let servers = processes::servers_in(&cluster)
            .map_err(PgEmbedError::io("look for servers of", &cluster))?;
        if servers.is_empty() && server_lock.try_take()? {
            return Ok(());
        }
        let waited = begin.elapsed();
        let due = Force::after(waited);
        if due == Force::GiveUp {
            return Err(PgEmbedError::EarlierServerRunning {
                directory: cluster,
                pids: servers,
                waited,
            });
        }
        if due != force {
            force = due;
            tell(layout, &servers, force)?;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// How an earlier server is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Force {
    Wait,
    CleanShutdown,
    ImmediateShutdown,
    GiveUp,
}

impl Force {
    fn after(waited: Duration) -> Self {
        if waited < OWN_ACCORD {
            Self::Wait
        } else if waited < OWN_ACCORD + CLEAN {
            Self::CleanShutdown
        } else if waited < OWN_ACCORD + CLEAN + IMMEDIATE {
            Self::ImmediateShutdown
        } else {
            Self::GiveUp
        }
    }
}

fn tell(layout: &Layout, servers: &[u32], force: Force) -> Result<(), PgEmbedError> {
    let path = layout.postmaster_file();
    let file = PostmasterFile::read(&path).map_err(PgEmbedError::io("read", &path))?;
    let main = file
        .map(|file| file.pid)
        .filter(|pid| servers.contains(pid));
    let signal = if force == Force::CleanShutdown {
        Signal::SIGINT
    } else {
        Signal::SIGQUIT
    };
    tracing::warn!(?servers, %signal, "a PostgreSQL server of an earlier run is told to end");
    // Without their main process the others have nobody to tell them, and a clean shutdown is out of reach.
    let (targets, signal) = match main {
        Some(main) => (vec![main], signal),
        None => (servers.to_vec(), Signal::SIGQUIT),
    };
    for pid in targets {
        processes::signal(pid, signal).map_err(PgEmbedError::io(
            "end the earlier server of",
            &layout.cluster(),
        ))?;
    }
    Ok(())
}

/// Sets aside a lock file of PostgreSQL's own whose process number now belongs to somebody else, on which the server
/// would refuse to start. A file whose process is gone is left for PostgreSQL to judge.
/// Sound only after [`end_earlier_server`], which proved that no server is left.
pub(crate) fn set_aside_stale(lock_file: &Path) -> Result<(), PgEmbedError> {
    let text = match read_small_file(lock_file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(PgEmbedError::io("read", lock_file)(error)),
    };
    let pid = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse::<i32>().ok())
        .map(i32::unsigned_abs);
    // An empty file, left by a full disk or a power cut, blocks PostgreSQL as well.
    if pid.is_none_or(processes::exists) {
        tracing::warn!(file = %lock_file.display(), ?pid, "a stale lock file of PostgreSQL is removed");
        fs::remove_file(lock_file).map_err(PgEmbedError::io("remove the stale file", lock_file))?;
    }
    Ok(())
}
