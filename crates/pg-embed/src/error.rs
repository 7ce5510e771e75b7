//! What can go wrong with the cluster, each with the way out.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::version::{OLDEST_MAJOR, ServerVersion};

/// Why the cluster could not be started or stopped. The text names the fault and the remedy and is meant for the
/// operator's terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PgEmbedError {
    /// No server of a usable version is installed where systems put them.
    #[error(
        "no PostgreSQL server of version {OLDEST_MAJOR} or newer was found{}\n{INSTALL}",
        too_old_note(.too_old)
    )]
    BinariesMissing {
        /// Servers that were found but are older than the portal supports.
        too_old: Vec<(PathBuf, ServerVersion)>,
    },

    /// The directory given with `--pg-bin` lacks a program.
    #[error("{} has no program `{program}`: --pg-bin must name the directory that holds `postgres` and `initdb`, \
             e.g. /usr/lib/postgresql/17/bin", .directory.display())]
    BinariesIncomplete {
        /// The directory that was given.
        directory: PathBuf,
        /// The program that is not there.
        program: String,
    },

    /// The server given with `--pg-bin` is older than the portal supports.
    #[error("{} holds PostgreSQL {version}, the portal needs {OLDEST_MAJOR} or newer\n{INSTALL}", .directory.display())]
    BinariesTooOld {
        /// The directory that was given.
        directory: PathBuf,
        /// What it holds.
        version: ServerVersion,
    },

    /// `postgres --version` failed or answered something else.
    #[error("{} does not run as a PostgreSQL server: {reason}. Reinstall PostgreSQL, or choose another with --pg-bin",
            .program.display())]
    BinaryUnusable {
        /// The program that was run.
        program: PathBuf,
        /// What it answered.
        reason: String,
    },

    /// The account the server must run as may not run the programs.
    #[error("the account `{account}` may not run {}: PostgreSQL refuses root, so the portal runs it as `{account}`. \
             Install PostgreSQL where every account can run it, or open the path: chmod a+rx on the directory and its parents",
            .program.display())]
    BinariesUnreachable {
        /// The program.
        program: PathBuf,
        /// The account.
        account: String,
    },

    /// The cluster was made by another major version than the binaries that are there.
    #[error("the database in {} was made by PostgreSQL {cluster}, which is not installed here (found: {}).\n\
             Install PostgreSQL {cluster} next to it (Debian, Ubuntu: apt install postgresql-{cluster}) or name its directory with --pg-bin; \
             both versions can be installed side by side.\n\
             To move to a newer version: back up with the old version, start on an empty data directory with the new one and restore, \
             or run pg_upgrade.", .directory.display(), available_note(.available))]
    MajorVersionMismatch {
        /// The cluster.
        directory: PathBuf,
        /// Major version the cluster needs.
        cluster: u32,
        /// What is there instead, newest first.
        available: Vec<ServerVersion>,
    },

    /// Something that is no cluster lies in the cluster's place.
    #[error("{} is not empty and not a complete PostgreSQL cluster ({reason}). Move it away or restore it from a backup; \
             the portal does not overwrite it", .directory.display())]
    NotACluster {
        /// The directory.
        directory: PathBuf,
        /// What gives it away.
        reason: String,
    },

    /// The portal runs as root and there is no account to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and this system has no account `{account}` to run it as. \
             Install the distribution's PostgreSQL package, which makes it, or make it yourself \
             (useradd --system --home-dir /var/lib/postgresql --shell /usr/sbin/nologin postgres), \
             or run the portal as an ordinary user"
    )]
    AccountMissing {
        /// Name or number that was looked up.
        account: String,
    },

    /// The portal's own account is not in the user database, which initdb and postgres insist on.
    #[error(
        "user id {uid} has no entry in the user database (/etc/passwd), without which PostgreSQL does not run. \
             Add one (useradd --uid {uid} …; in a container: an /etc/passwd line), or run the portal as a user that has one"
    )]
    NoPasswdEntry {
        /// The effective user id of the portal.
        uid: u32,
    },

    /// A directory belongs to somebody else.
    #[error("{} belongs to user id {owner}, not to `{account}`. Run the portal as its owner, \
             or hand it over: chown -R {account} {}", .path.display(), .path.display())]
    WrongOwner {
        /// The directory.
        path: PathBuf,
        /// User id it belongs to.
        owner: u32,
        /// The account that needs it.
        account: String,
    },

    /// A path that must be a directory of ours is a link or a file.
    #[error("{} is not a directory (a symbolic link is not followed here). Remove it and start again", .path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },

    /// The file system does not keep Unix permissions.
    #[error("the mode of {} stays {mode:04o} where PostgreSQL insists on 0700: its file system does not keep Unix \
             permissions. Put the data directory on a local Unix file system", .path.display())]
    PermissionsNotKept {
        /// The directory.
        path: PathBuf,
        /// Its permission bits after they were set to 0700.
        mode: u32,
    },

    /// A parent of the data directory keeps the server's account out.
    #[error("the account `{account}`, which PostgreSQL runs as because it refuses root, cannot pass {} and so cannot reach {}. \
             Choose a data directory elsewhere (e.g. /var/lib/medical-portal), run the portal as an ordinary user, \
             or let the account pass: setfacl -m u:{account}:x {}  (or chmod o+x {})",
            .parent.display(), .data_dir.display(), .parent.display(), .parent.display())]
    ParentNotTraversable {
        /// The directory that keeps it out.
        parent: PathBuf,
        /// The data directory.
        data_dir: PathBuf,
        /// The account.
        account: String,
    },

    /// The data directory's path cannot be handed to PostgreSQL.
    #[error(
        "the path {path:?} cannot hold a PostgreSQL cluster: {reason}. Choose another data directory"
    )]
    UnusablePath {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// No place for the socket.
    #[error(
        "no safe place for the server's socket: {reason}. Choose a data directory whose path is shorter than {limit} bytes"
    )]
    NoSocketDirectory {
        /// Why each place was refused.
        reason: String,
        /// Longest data directory that can hold the socket itself.
        limit: usize,
    },

    /// Another portal works on this data directory.
    #[error("the data directory {} is in use by another portal ({}). Stop it first, or give this one a directory of its own",
            .data_dir.display(), holder_note(.holder))]
    InUse {
        /// The data directory.
        data_dir: PathBuf,
        /// The process that holds it, when it has written its number.
        holder: Option<u32>,
    },

    /// A server of an earlier run does not end.
    #[error("a PostgreSQL server of an earlier run still works on {} and did not end within {} s ({}). \
             Stop it, or the container it runs in, and start again; do not delete postmaster.pid",
            .directory.display(), .waited.as_secs(), pids_note(.pids))]
    EarlierServerRunning {
        /// The cluster.
        directory: PathBuf,
        /// Its processes, as far as they can be seen from here.
        pids: Vec<u32>,
        /// How long they were waited for.
        waited: Duration,
    },

    /// A setting was refused.
    #[error("the server setting `{name}` cannot be set: {reason}")]
    SettingRefused {
        /// Its name.
        name: String,
        /// Why.
        reason: &'static str,
    },

    /// `initdb` failed or took too long.
    #[error("initdb could not make the database: {status}{}\n{output}", remedy_note(.output))]
    InitialisationFailed {
        /// How it ended.
        status: String,
        /// The last lines of its output.
        output: String,
    },

    /// The server ended, or was not ready in time, during its start.
    #[error("PostgreSQL did not start: {status}{}\nLast lines of its log:\n{log}", remedy_note(.log))]
    StartFailed {
        /// How it ended.
        status: String,
        /// The last lines of its log.
        log: String,
    },

    /// The server had ended before it was told to.
    #[error("PostgreSQL had ended on its own: {status}{}\nLast lines of its log:\n{log}", remedy_note(.log))]
    EndedUnexpectedly {
        /// How it ended.
        status: String,
        /// The last lines of its log.
        log: String,
    },

    /// The server did not end even at an immediate shutdown.
    #[error("PostgreSQL (process {pid}) did not end within {} s; its storage may be hanging. \
             The next start waits for it", .waited.as_secs())]
    StopTimedOut {
        /// The server.
        pid: u32,
        /// How long it was waited for.
        waited: Duration,
    },

    /// The operating system refused something.
    #[error("could not {action} {}: {source}{}", .path.display(), io_remedy(.source))]
    Io {
        /// What was tried, e.g. `create the directory`.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl PgEmbedError {
    /// Puts action and path around a system error; for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

const INSTALL: &str = "Install it:\n  \
    Debian, Ubuntu:  apt install postgresql\n  \
    Fedora, RHEL:    dnf install postgresql-server\n  \
    macOS:           brew install postgresql@17\n\
    or name the directory that holds `postgres` and `initdb` with --pg-bin, or set DATABASE_URL to use a server that runs already.\n\
    Looked in: /usr/lib/postgresql/*/bin, /usr/pgsql-*/bin, /usr/libexec/postgresql*, Homebrew's postgresql@* and PATH.";

fn too_old_note(too_old: &[(PathBuf, ServerVersion)]) -> String {
    if too_old.is_empty() {
        return ".".to_owned();
    }
    let found: Vec<_> = too_old
        .iter()
        .map(|(directory, version)| format!("{version} in {}", directory.display()))
        .collect();
    format!(" (too old: {}).", found.join(", "))
}

fn available_note(available: &[ServerVersion]) -> String {
    let found: Vec<_> = available.iter().map(ToString::to_string).collect();
    found.join(", ")
}

fn holder_note(holder: &Option<u32>) -> String {
    holder.map_or_else(
        || "its process number is not known yet".to_owned(),
        |pid| format!("process {pid}"),
    )
}

fn pids_note(pids: &[u32]) -> String {
    if pids.is_empty() {
        return "its processes are not visible from here, it may run in another container"
            .to_owned();
    }
    let pids: Vec<_> = pids.iter().map(ToString::to_string).collect();
    format!("processes {}", pids.join(", "))
}

/// The remedy for what PostgreSQL's own output complains about, where there is a plain one.
fn remedy_note(output: &str) -> &'static str {
    const REMEDIES: [(&str, &str); 4] = [
        (
            "No space left on device",
            ". The file system is full: free space or move the data directory",
        ),
        (
            "Disk quota exceeded",
            ". The disk quota is used up: raise it or move the data directory",
        ),
        (
            "Permission denied",
            ". A file or directory is not accessible to the server's account: check owner and mode",
        ),
        (
            "could not create shared memory segment",
            ". The system refuses shared memory: raise the limit of the container or host, or lower shared_buffers",
        ),
    ];
    REMEDIES
        .iter()
        .find(|(complaint, _)| output.contains(complaint))
        .map_or("", |(_, remedy)| remedy)
}

fn io_remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            ". Make it accessible to the account the portal runs as, or choose another data directory"
        }
        io::ErrorKind::StorageFull => {
            ". The file system is full: free space or choose another data directory"
        }
        io::ErrorKind::QuotaExceeded => {
            ". The disk quota is used up: raise it or choose another data directory"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            ". The file system is read-only: choose another data directory"
        }
        _ => "",
    }
}
