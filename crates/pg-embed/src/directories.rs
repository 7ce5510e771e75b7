//! The data directory: what lies where, who owns it, and whether the server's account can reach it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::fcntl::OFlag;
use nix::unistd::Uid;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::command;
use crate::error::PgEmbedError;

/// Begins the name of a directory in which `initdb` works.
const INITIALISING: &str = "postgres.initialising-";

/// The places in one data directory, as canonical paths.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) data_dir: PathBuf,
}

impl Layout {
    /// Makes the data directory when it is absent: for the portal alone, except that root lets the server's account
    /// pass through (0711).
    pub(crate) fn prepare(data_dir: &Path) -> Result<Self, PgEmbedError> {
        if !data_dir.exists() {
            fs::create_dir_all(data_dir)
                .map_err(PgEmbedError::io("create the directory", data_dir))?;
            let mode = if Uid::effective().is_root() {
                0o711
            } else {
                0o700
            };
            fs::set_permissions(data_dir, Permissions::from_mode(mode))
                .map_err(PgEmbedError::io("set the mode of", data_dir))?;
        }
        Self::of(data_dir)
    }

    /// The places in a data directory that exists.
    pub(crate) fn of(data_dir: &Path) -> Result<Self, PgEmbedError> {
        let data_dir = data_dir
            .canonicalize()
            .map_err(PgEmbedError::io("open the directory", data_dir))?;
        if !data_dir.is_dir() {
            return Err(PgEmbedError::NotADirectory { path: data_dir });
        }
        let unusable = |reason| PgEmbedError::UnusablePath {
            path: data_dir.clone(),
            reason,
        };
        let text = data_dir
            .to_str()
            .ok_or_else(|| unusable("it is not UTF-8"))?;
        if text.chars().any(char::is_control) {
            return Err(unusable("it contains a control character"));
        }
        Ok(Self { data_dir })
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.data_dir.join("run")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.data_dir.join("log")
    }

    /// Where finished pieces of the write-ahead log wait for the portal, if it keeps them.
    pub(crate) fn outgoing_wal(&self) -> PathBuf {
        self.data_dir.join("wal-outgoing")
    }

    pub(crate) fn portal_lock(&self) -> PathBuf {
        self.data_dir.join("portal.lock")
    }

    pub(crate) fn server_lock(&self) -> PathBuf {
        self.data_dir.join("postgres.lock")
    }

    pub(crate) fn postmaster_file(&self) -> PathBuf {
        self.cluster().join("postmaster.pid")
    }

    /// Where this process makes a new cluster.
    pub(crate) fn initialising(&self) -> PathBuf {
        self.data_dir
            .join(format!("{INITIALISING}{}", std::process::id()))
    }

    /// What killed processes left of their `initdb`.
    pub(crate) fn abandoned(&self) -> Result<Vec<PathBuf>, PgEmbedError> {
        let entries = fs::read_dir(&self.data_dir)
            .map_err(PgEmbedError::io("read the directory", &self.data_dir))?;
        let mut abandoned = Vec::new();
        for entry in entries {
            let entry = entry.map_err(PgEmbedError::io("read the directory", &self.data_dir))?;
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(INITIALISING)
            {
                abandoned.push(entry.path());
            }
        }
        Ok(abandoned)
    }
}

/// A cluster that an earlier run has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExistingCluster {
    /// Major version of the binaries it needs.
    pub(crate) major: u32,
    /// User id it belongs to.
    pub(crate) owner: u32,
}

impl ExistingCluster {
    /// Looks at the cluster's place; `None` when nothing, or only an empty directory, is there.
    pub(crate) fn find(layout: &Layout) -> Result<Option<Self>, PgEmbedError> {
        let directory = layout.cluster();
        let metadata = match fs::symlink_metadata(&directory) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PgEmbedError::io("look at", &directory)(error)),
        };
        if !metadata.is_dir() {
            return Err(PgEmbedError::NotADirectory { path: directory });
        }
        let own = Uid::effective();
        if !own.is_root() && metadata.uid() != own.as_raw() {
            let account = Account::resolve(None)?.name;
            return Err(PgEmbedError::WrongOwner {
                path: directory,
                owner: metadata.uid(),
                account,
            });
        }
        let not_a_cluster = |reason| PgEmbedError::NotACluster {
            directory: directory.clone(),
            reason,
        };
        match read_small_file(&directory.join("PG_VERSION")) {
            Ok(text) => {
                let major = text
                    .trim()
                    .parse()
                    .map_err(|_| not_a_cluster("its PG_VERSION holds no number".into()))?;
                Ok(Some(Self {
                    major,
                    owner: metadata.uid(),
                }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut entries = fs::read_dir(&directory)
                    .map_err(PgEmbedError::io("read the directory", &directory))?;
                if entries.next().is_some() {
                    Err(not_a_cluster("it has no PG_VERSION".into()))
                } else {
                    Ok(None)
                }
            }
            Err(error) => Err(PgEmbedError::io("read", &directory.join("PG_VERSION"))(
                error,
            )),
        }
    }
}

/// Opens a file that the server's account may have put there for reading: no link is followed.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    // O_NONBLOCK: a named pipe planted in its place must not hang the portal.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

/// The first 64 KiB of a file that [`open_regular`] opens.
pub(crate) fn read_small_file(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    open_regular(path)?
        .take(64 * 1024)
        .read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Makes sure that `path` is a directory which belongs to `account` and which nobody else can enter. One that root
/// made is handed over. Works on the opened directory, so that nobody can swap it meanwhile.
pub(crate) fn ensure_private(path: &Path, account: &Account) -> Result<(), PgEmbedError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(PgEmbedError::io("create the directory", path)(error));
        }
        _ => {}
    }
    let directory = open_directory(path)?;
    let metadata = directory
        .metadata()
        .map_err(PgEmbedError::io("look at", path))?;
    if metadata.uid() != account.uid {
        if !(account.is_switched && metadata.uid() == 0) {
            let account = account.name.clone();
            return Err(PgEmbedError::WrongOwner {
                path: path.to_owned(),
                owner: metadata.uid(),
                account,
            });
        }
        fchown(&directory, Some(account.uid), Some(account.gid))
            .map_err(PgEmbedError::io("change the owner of", path))?;
    }
    directory
        .set_permissions(Permissions::from_mode(0o700))
        .map_err(PgEmbedError::io("set the mode of", path))?;
    let mode = directory
        .metadata()
        .map_err(PgEmbedError::io("look at", path))?
        .mode()
        & 0o777;
    if mode != 0o700 {
        return Err(PgEmbedError::PermissionsNotKept {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

fn open_directory(path: &Path) -> Result<File, PgEmbedError> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
        .map_err(|error| {
            let is_other_kind = fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_dir());
            if is_other_kind {
                PgEmbedError::NotADirectory {
                    path: path.to_owned(),
                }
            } else {
                PgEmbedError::io("open the directory", path)(error)
            }
        })
}

/// Writes a directory's entries to the disk, so that a rename in it survives a power cut.
pub(crate) fn sync(path: &Path) -> Result<(), PgEmbedError> {
    open_directory(path)?
        .sync_all()
        .map_err(PgEmbedError::io("write to the disk", path))
}

/// Writes everything on the file system that holds `path` to the disk.
#[cfg(target_os = "linux")]
pub(crate) fn sync_file_system(path: &Path) -> Result<(), PgEmbedError> {
    let synced = nix::unistd::syncfs(open_directory(path)?);
    synced.map_err(|error| PgEmbedError::io("write to the disk", path)(error.into()))
}

/// Writes the directory's entries to the disk; there is no call for a whole file system that waits.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sync_file_system(path: &Path) -> Result<(), PgEmbedError> {
    sync(path)
}

/// Checks that the account can run the programs and enter the data directory, by doing so: mode bits alone would
/// overlook access lists and mount options. Only root's portal needs it; others would fail at the first file.
pub(crate) fn check_reachable(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), PgEmbedError> {
    if !account.is_switched {
        return Ok(());
    }
    let program = binaries.server();
    let can_enter = |directory: &Path| {
        let status = command::as_account(&program, account, directory)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match status {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(PgEmbedError::io("run", &program)(error)),
        }
    };
    if can_enter(&layout.data_dir)? {
        return Ok(());
    }
    if !can_enter(Path::new("/"))? {
        return Err(PgEmbedError::BinariesUnreachable {
            program,
            account: account.name.clone(),
        });
    }
    let mut parents: Vec<&Path> = layout.data_dir.ancestors().collect();
    parents.reverse();
    let mut barrier = layout.data_dir.as_path();
    for parent in parents {
        if !can_enter(parent)? {
            barrier = parent;
            break;
        }
    }
    Err(PgEmbedError::ParentNotTraversable {
        parent: barrier.to_owned(),
        data_dir: layout.data_dir.clone(),
        account: account.name.clone(),
    })
}
