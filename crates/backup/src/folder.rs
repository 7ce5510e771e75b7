//! A folder as a destination. An object is written beside its name, made durable and renamed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;

use crate::{
    BackupError,
    store::{Lock, Object, Store, Upload},
};

/// How long another one's work at the destination is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Begins the names of files on their way in.
const INCOMING: &str = ".incoming-";

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn not_writable(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
        let place = path.display().to_string();
        move |error| BackupError::NotWritable {
            place,
            reason: reason(&error),
        }
    }

    fn not_readable(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
        let place = path.display().to_string();
        move |error| BackupError::NotReadable {
            place,
            reason: reason(&error),
        }
    }

    fn sweep_in(folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                Self::sweep_in(&entry.path())?;
            } else if entry.file_name().to_string_lossy().starts_with(INCOMING) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn walk(&self, folder: &Path, into: &mut Vec<Object>) -> Result<(), BackupError> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(Self::not_readable(folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(Self::not_readable(folder))?;
            let path = entry.path();
            let metadata = match entry.metadata() {
                // Pruned meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata.map_err(Self::not_readable(&path))?,
            };
            if metadata.is_dir() {
                self.walk(&path, into)?;
            } else if let Ok(name) = path.strip_prefix(&self.root)
                && let Some(name) = name.to_str()
                && metadata.is_file()
                && !entry.file_name().to_string_lossy().starts_with(INCOMING)
            {
                into.push(Object {
                    name: name.to_owned(),
                    size: metadata.len(),
                    modified: metadata
                        .modified()
                        .map_err(Self::not_readable(&path))?
                        .into(),
                });
            }
        }
        Ok(())
    }
}

/// The system's word, with the remedy's beginning where it is plain.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

impl Store for Folder {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn write(&self, name: &str) -> Result<Box<dyn Upload>, BackupError> {
        let target = self.root.join(name);
        let folder = target.parent().unwrap_or(&self.root).to_owned();
        make_durable(&folder).map_err(Self::not_writable(&folder))?;
        let file = tempfile::Builder::new()
            .prefix(INCOMING)
            .tempfile_in(&folder)
            .map_err(Self::not_writable(&folder))?;
        Ok(Box::new(FolderUpload { file, target }))
    }

    fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, BackupError> {
        let path = self.root.join(name);
        match File::open(&path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BackupError::Missing {
                name: name.to_owned(),
            }),
            Err(error) => Err(Self::not_readable(&path)(error)),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<Object>, BackupError> {
        let mut objects = Vec::new();
        self.walk(&self.root.join(prefix), &mut objects)?;
        objects.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(objects)
    }

    fn delete(&self, name: &str) -> Result<(), BackupError> {
        let path = self.root.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.map_err(Self::not_writable(&path))?,
        }
        // Folders that this leaves empty go too; one that is not empty stays, and says so.
        let mut folder = path.parent();
        while let Some(parent) = folder.filter(|parent| *parent != self.root) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
            folder = parent.parent();
        }
        Ok(())
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.root)
    }

    fn has_locks(&self) -> bool {
        true
    }

    fn sweep(&self) -> Result<(), BackupError> {
        for part in ["backups", "blobs"] {
            let folder = self.root.join(part);
            if folder.is_dir() {
                Self::sweep_in(&folder).map_err(Self::not_writable(&folder))?;
            }
        }
        Ok(())
    }

    fn lock(&self, exclusive: bool) -> Result<Lock, BackupError> {
        let path = self.root.join(".lock");
        if exclusive {
            make_durable(&self.root).map_err(Self::not_writable(&self.root))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(exclusive)
            .create(exclusive)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = match file {
            // A copy on a medium that cannot be written has nobody who would delete from it.
            Err(error) if !exclusive && error.kind() == io::ErrorKind::NotFound => {
                return Ok(Lock::default());
            }
            file => file.map_err(Self::not_writable(&path))?,
        };
        let begin = Instant::now();
        loop {
            let taken = if exclusive {
                file.try_lock()
            } else {
                file.try_lock_shared()
            };
            match taken {
                Ok(()) => return Ok(Lock { _file: Some(file) }),
                Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(BackupError::Busy {
                        place: self.place(),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(Self::not_writable(&path)(error)),
            }
        }
    }
}

/// Makes a folder, for its owner alone, with those above it, so that it survives a power cut.
pub(crate) fn make_durable(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_durable(parent)?;
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        sync(parent)?;
    }
    Ok(())
}

/// Writes a folder's entries to the disk.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

struct FolderUpload {
    file: NamedTempFile,
    target: PathBuf,
}

impl Write for FolderUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Upload for FolderUpload {
    fn finish(self: Box<Self>) -> Result<(), BackupError> {
        let Self { mut file, target } = *self;
        let folder = target.parent().map(Path::to_owned).unwrap_or_default();
        file.flush()
            .and_then(|()| file.as_file().sync_all())
            .map_err(Folder::not_writable(&target))?;
        file.persist(&target)
            .map_err(|error| Folder::not_writable(&target)(error.error))?;
        sync(&folder).map_err(Folder::not_writable(&folder))
    }
}
