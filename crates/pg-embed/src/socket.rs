//! Where the server's socket lies. A socket's path is limited to about a hundred bytes, so a data directory deep down
//! gets its socket in a short place: private, and the same at every start.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::directories::{Layout, ensure_private};
use crate::error::PgEmbedError;
use crate::settings::PORT;

/// Longest path of a socket in bytes: the kernel's field less the closing NUL.
const LONGEST_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The socket's path in `directory`, as PostgreSQL's clients and server form it.
pub(crate) fn socket_in(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}"))
}

/// The lock file that the server keeps next to its socket.
pub(crate) fn lock_file_in(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}.lock"))
}

/// A comma divides several hosts in a client's connection string, in which it cannot be escaped.
fn fits(directory: &Path) -> bool {
    let path = socket_in(directory);
    path.as_os_str().len() <= LONGEST_PATH && !path.as_os_str().as_bytes().contains(&b',')
}

/// Chooses the directory and makes it: `run` in the data directory where the path is short enough, otherwise a
/// directory named after the data directory in a place that holds for this boot.
///
/// # Errors
/// [`PgEmbedError::NoSocketDirectory`] when no place is both short and safe, e.g. when somebody else has taken the
/// name in `/tmp`.
pub(crate) fn prepare_directory(
    layout: &Layout,
    account: &Account,
) -> Result<PathBuf, PgEmbedError> {
    let run = layout.run();
    if fits(&run) {
        ensure_private(&run, account)?;
        return Ok(run);
    }
    let mut refusals = Vec::new();
    for place in short_places(account) {
        let directory = place.join(short_name(&layout.data_dir));
        if !fits(&directory) {
            continue;
        }
        match ensure_private(&directory, account) {
            Ok(()) => return Ok(directory),
            Err(error) => refusals.push(error.to_string()),
        }
    }
    let limit =
        LONGEST_PATH - (socket_in(&run).as_os_str().len() - layout.data_dir.as_os_str().len());
    Err(PgEmbedError::NoSocketDirectory {
        reason: refusals.join("; "),
        limit,
    })
}

/// Different for each data directory and the same at each start.
fn short_name(data_dir: &Path) -> String {
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    format!("medical-portal-{}", hex::encode(&digest[..8]))
}

/// Short places, best first: those in which nobody else can take our name, then `/tmp`.
fn short_places(account: &Account) -> Vec<PathBuf> {
    let mut places = Vec::new();
    if account.is_switched {
        let run = PathBuf::from("/run");
        // Root's alone to write, open to the server's account to pass.
        if fs::metadata(&run)
            .is_ok_and(|metadata| metadata.uid() == 0 && metadata.mode() & 0o023 == 0o001)
        {
            places.push(run);
        }
    } else if let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        let is_private =
            |metadata: fs::Metadata| metadata.uid() == account.uid && metadata.mode() & 0o077 == 0;
        if runtime.is_absolute() && fs::metadata(&runtime).is_ok_and(is_private) {
            places.push(runtime);
        }
    }
    places.push(PathBuf::from("/tmp"));
    places
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn own_account() -> Account {
        let (uid, gid) = (
            nix::unistd::geteuid().as_raw(),
            nix::unistd::getegid().as_raw(),
        );
        Account {
            name: "tester".into(),
            uid,
            gid,
            is_switched: false,
        }
    }

    /// A data directory whose own `run` is one byte too long or just short enough.
    fn layout(spare: isize) -> (tempfile::TempDir, Layout) {
        let base = tempfile::tempdir().unwrap();
        let fixed = base.path().as_os_str().len() + "/".len() + "/run/.s.PGSQL.5432".len();
        let length = LONGEST_PATH.checked_add_signed(-spare).unwrap() - fixed;
        let data_dir = base.path().join("d".repeat(length));
        fs::create_dir(&data_dir).unwrap();
        (base, Layout { data_dir })
    }

    #[test]
    fn the_data_directory_is_used_up_to_the_last_byte() {
        let (_base, exact) = layout(0);
        assert_eq!(
            prepare_directory(&exact, &own_account()).unwrap(),
            exact.run()
        );
        assert_eq!(socket_in(&exact.run()).as_os_str().len(), LONGEST_PATH);
    }

    #[test]
    fn a_longer_one_gets_the_same_private_place_each_time() {
        let (_base, long) = layout(-1);
        let first = prepare_directory(&long, &own_account()).unwrap();
        let second = prepare_directory(&long, &own_account()).unwrap();
        let mode = fs::metadata(&first).unwrap().permissions().mode() & 0o777;
        fs::remove_dir(&first).unwrap();
        assert_eq!(first, second);
        assert!(
            fits(&first) && !first.starts_with(&long.data_dir),
            "{}",
            first.display()
        );
        assert_eq!(mode, 0o700);
    }

    #[test]
    fn a_link_planted_in_its_place_is_refused() {
        let (base, long) = layout(-1);
        let target = base.path().join("target");
        fs::create_dir(&target).unwrap();
        let taken: Vec<PathBuf> = short_places(&own_account())
            .iter()
            .map(|place| place.join(short_name(&long.data_dir)))
            .collect();
        for path in &taken {
            symlink(&target, path).unwrap();
        }
        let result = prepare_directory(&long, &own_account());
        for path in &taken {
            fs::remove_file(path).unwrap();
        }
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains("symbolic link") && error.contains("shorter than"),
            "{error}"
        );
    }
}
