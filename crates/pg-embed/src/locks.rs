//! The two lock files of a data directory. Both are kernel locks (`flock`): they end with their holders, so none can
//! be stale. A lock ends when the last copy of its file is closed; nothing here unlocks early.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use crate::directories::Layout;
use crate::error::PgEmbedError;

/// A glance of [`is_portal_there`] holds the lock for an instant; a start waits that long before it gives up.
const GLANCE: Duration = Duration::from_millis(500);

/// A file whose lock can be taken.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    pub(crate) fn open(path: &Path) -> Result<Self, PgEmbedError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)
            .map_err(PgEmbedError::io("open the lock file", path))?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Takes the lock if it is free; taking it again while it is held changes nothing.
    pub(crate) fn try_take(&self) -> Result<bool, PgEmbedError> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(PgEmbedError::io("lock", &self.path)(error)),
        }
    }

    /// A second handle on the same lock, to be left to a child.
    pub(crate) fn share(&self) -> Result<File, PgEmbedError> {
        self.file
            .try_clone()
            .map_err(PgEmbedError::io("copy the handle of", &self.path))
    }
}

/// Takes the portal's lock and writes this process's number into it.
///
/// # Errors
/// [`PgEmbedError::InUse`] with the holder's process number when another portal has it.
pub(crate) fn take_portal_lock(layout: &Layout) -> Result<LockFile, PgEmbedError> {
    let mut lock = LockFile::open(&layout.portal_lock())?;
    let begin = Instant::now();
    while !lock.try_take()? {
        if begin.elapsed() > GLANCE {
            let mut text = String::new();
            let _ = (&lock.file).take(32).read_to_string(&mut text);
            return Err(PgEmbedError::InUse {
                data_dir: layout.data_dir.clone(),
                holder: text.trim().parse().ok(),
            });
        }
        thread::sleep(Duration::from_millis(20));
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut lock.file).map_err(PgEmbedError::io("write", &layout.portal_lock()))?;
    Ok(lock)
}

/// Whether a portal works on the data directory just now.
pub(crate) fn is_portal_there(layout: &Layout) -> Result<bool, PgEmbedError> {
    if !layout.portal_lock().exists() {
        return Ok(false);
    }
    let lock = LockFile::open(&layout.portal_lock())?;
    match lock.file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(PgEmbedError::io("lock", &lock.path)(error)),
    }
}
