//! Tells the processes of a cluster's server from all others. A process number in a file proves nothing: after a
//! reboot it may belong to anybody.

use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The processes that run a PostgreSQL server on this cluster, as far as they are visible from here: the executable
/// is `postgres` and the working directory, which the server and all its children keep, is the cluster.
#[cfg(target_os = "linux")]
pub(crate) fn servers_in(cluster: &Path) -> io::Result<Vec<u32>> {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let wanted = match fs::metadata(cluster) {
        Ok(metadata) => (metadata.dev(), metadata.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut servers = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // Processes that end meanwhile or that we may not look into are not ours.
        let Ok(directory) = fs::metadata(entry.path().join("cwd")) else {
            continue;
        };
        let Ok(program) = fs::read_link(entry.path().join("exe")) else {
            continue;
        };
        // After an upgrade of the package the link reads `postgres (deleted)`.
        let is_server = program
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("postgres"));
        if is_server && (directory.dev(), directory.ino()) == wanted {
            servers.push(pid);
        }
    }
    Ok(servers)
}

/// The processes that run a PostgreSQL server on this cluster: without `/proc`, those whose command line starts
/// `postgres` with the cluster as `-D`. The server's children are not among them; the server's lock covers those.
#[cfg(not(target_os = "linux"))]
pub(crate) fn servers_in(cluster: &Path) -> io::Result<Vec<u32>> {
    let output = std::process::Command::new("ps")
        .args(["-axww", "-o", "pid=,command="])
        .output()?;
    let listing = String::from_utf8_lossy(&output.stdout);
    let wanted = format!("-D {}", cluster.display());
    let lines = listing
        .lines()
        .filter_map(|line| line.trim().split_once(' '));
    let servers = lines.filter(|(_, command)| {
        let program = command.split(" -").next().unwrap_or_default();
        let arguments = command.split_once(&wanted).map(|(_, rest)| rest);
        program.ends_with("postgres")
            && arguments.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    Ok(servers.filter_map(|(pid, _)| pid.parse().ok()).collect())
}

/// Sends a signal; a process that has ended already is no error.
pub(crate) fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    match kill(as_pid(pid)?, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether any process has this number.
pub(crate) fn exists(pid: u32) -> bool {
    as_pid(pid).is_ok_and(|pid| !matches!(kill(pid, None), Err(Errno::ESRCH)))
}

/// Refuses 0 and what would wrap to a negative number: as a target they mean whole groups of processes.
fn as_pid(pid: u32) -> io::Result<Pid> {
    match i32::try_from(pid) {
        Ok(number) if number > 0 => Ok(Pid::from_raw(number)),
        _ => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_address_groups_are_refused() {
        for pid in [0, u32::MAX, 1 << 31] {
            assert!(signal(pid, Signal::SIGURG).is_err());
            assert!(!exists(pid));
        }
        assert!(exists(std::process::id()));
    }

    #[test]
    fn a_process_that_merely_works_in_the_directory_is_no_server() {
        let directory = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("20")
            .current_dir(directory.path())
            .spawn()
            .expect("sleep is there");
        let servers = servers_in(directory.path());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(servers.unwrap(), Vec::<u32>::new());
    }
}
