//! Makes a new cluster. All work is done under a temporary name, and the finished cluster gets its own by one rename:
//! whatever carries the name `postgres` is complete.
//!
//! A cluster that a power cut could tear is none to keep patients' data in, so all of it is on the disk before the
//! rename. On Linux one `syncfs` does it: on a busy disk 0.03 s, where the thousand separate `fsync` of `initdb` took
//! 3 s. Elsewhere `initdb` does it itself.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cluster::SUPERUSER;
use crate::command::{self, OnPortalDeath};
use crate::directories::{self, Layout};
use crate::error::PgEmbedError;
use crate::log::{self, OutputTail};
use crate::settings;

/// Sorts by code point, the same on every system and after every upgrade of its libraries. The second is for systems
/// that lack the first, e.g. macOS; there `upper()` and the like know ASCII only.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Removes what killed processes left of their `initdb`.
pub(crate) fn sweep(layout: &Layout) -> Result<(), PgEmbedError> {
    for directory in layout.abandoned()? {
        tracing::warn!(directory = %directory.display(), "the rest of an interrupted initdb is removed");
        remove(&directory)?;
    }
    Ok(())
}

/// Makes the cluster and gives it its name.
///
/// # Errors
/// [`PgEmbedError::InitialisationFailed`] with the last lines of `initdb`.
pub(crate) fn initialise(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
    timeout: Duration,
) -> Result<(), PgEmbedError> {
    let directory = layout.initialising();
    let result = fill(&directory, layout, binaries, account, timeout);
    if result.is_err() {
        // The cause is what matters to the caller; the sweep at the next start removes what this leaves.
        let _ = remove(&directory);
    }
    result
}

fn fill(
    directory: &Path,
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
    timeout: Duration,
) -> Result<(), PgEmbedError> {
    let mut failure = None;
    for locale in LOCALES {
        directories::ensure_private(directory, account)?;
        match run(directory, layout, binaries, account, locale, timeout)? {
            None => {
                failure = None;
                break;
            }
            Some(failed) => {
                let is_locale_missing = failed.output.contains("locale");
                failure = Some(failed);
                if !is_locale_missing {
                    break;
                }
                remove(directory)?;
            }
        }
    }
    if let Some(failed) = failure {
        return Err(PgEmbedError::InitialisationFailed {
            status: failed.status,
            output: failed.output,
        });
    }
    write_configuration(&directory.join("postgresql.conf"))?;
    directories::sync_file_system(directory)?;
    fs::rename(directory, layout.cluster())
        .map_err(PgEmbedError::io("give its name to", &layout.cluster()))?;
    directories::sync(&layout.data_dir)
}

struct Failure {
    status: String,
    output: String,
}

fn run(
    directory: &Path,
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
    locale: &str,
    timeout: Duration,
) -> Result<Option<Failure>, PgEmbedError> {
    let program = binaries.directory().join("initdb");
    let mut command = command::as_account(&program, account, &layout.data_dir);
    command.arg("-D").arg(directory).args([
        "--username",
        SUPERUSER,
        "--encoding=UTF8",
        &format!("--locale={locale}"),
        "--data-checksums",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    ]);
    if cfg!(target_os = "linux") {
        command.arg("--no-sync");
    }
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    // This thread waits for it below, so the death signal fires only when the portal dies.
    command::bind_to_portal(&mut command, OnPortalDeath::Kill, None);
    let mut child = command.spawn().map_err(PgEmbedError::io("run", &program))?;
    let output = child.stderr.take().map(OutputTail::of);
    let status = wait(&mut child, timeout).map_err(PgEmbedError::io("wait for", &program))?;
    if status.is_some_and(|status| status.success()) {
        return Ok(None);
    }
    let lines = output.map(OutputTail::after_end).unwrap_or_default();
    let status = status.map_or_else(
        || format!("not done after {} s", timeout.as_secs()),
        |status| status.to_string(),
    );
    Ok(Some(Failure {
        status,
        output: log::join(&lines),
    }))
}

/// Waits for the end of a child, or kills it when its time is up (`None`).
fn wait(child: &mut Child, timeout: Duration) -> io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begin.elapsed() > timeout {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn write_configuration(path: &Path) -> Result<(), PgEmbedError> {
    let append = || -> io::Result<()> {
        let flags = OFlag::O_NOFOLLOW.bits();
        let mut file = OpenOptions::new()
            .append(true)
            .custom_flags(flags)
            .open(path)?;
        file.write_all(settings::INITIAL.as_bytes())?;
        file.sync_all()
    };
    append().map_err(PgEmbedError::io("write", path))
}

/// Removes a directory with all it holds. The last child of a killed `initdb` may still add a file meanwhile.
fn remove(directory: &Path) -> Result<(), PgEmbedError> {
    let begin = Instant::now();
    loop {
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error)
                if error.kind() == io::ErrorKind::DirectoryNotEmpty
                    && begin.elapsed() < Duration::from_secs(5) =>
            {
                thread::sleep(Duration::from_millis(50));
            }
            result => return result.map_err(PgEmbedError::io("remove", directory)),
        }
    }
}
