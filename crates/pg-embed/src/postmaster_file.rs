//! Reads `postmaster.pid`, in which a running server says who and where it is.

use std::io;
use std::path::{Path, PathBuf};

use crate::directories::read_small_file;

/// The lines of the file that matter here; the server writes them one by one while it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostmasterFile {
    /// Process number of the server.
    pub(crate) pid: u32,
    /// Line 4: part of the socket's name.
    pub(crate) port: Option<u16>,
    /// Line 5.
    pub(crate) socket_directory: Option<PathBuf>,
    /// Line 8 says `ready`: connections are accepted.
    pub(crate) is_ready: bool,
}

impl PostmasterFile {
    /// Reads the file; `None` when it is absent or does not begin with a process number.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        match read_small_file(path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        // A server in single-user mode writes its number negated.
        let pid: i32 = lines.first()?.parse().ok()?;
        let filled = |index: usize| lines.get(index).copied().filter(|line| !line.is_empty());
        Some(Self {
            pid: pid.unsigned_abs(),
            port: filled(3).and_then(|line| line.parse().ok()),
            socket_directory: filled(4).map(PathBuf::from),
            is_ready: filled(7) == Some("ready"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_a_server_that_is_ready() {
        let text =
            "4711\n/data/postgres\n1763970000\n5432\n/data/run\n\n  1234567    32768\nready   \n";
        let expected = PostmasterFile {
            pid: 4711,
            port: Some(5432),
            socket_directory: Some(PathBuf::from("/data/run")),
            is_ready: true,
        };
        assert_eq!(PostmasterFile::parse(text), Some(expected));
        assert!(
            !PostmasterFile::parse(&text.replace("ready", "starting"))
                .unwrap()
                .is_ready
        );
    }

    #[test]
    fn a_half_written_file_is_not_ready() {
        let file = PostmasterFile::parse("4711\n/data/postgres\n").unwrap();
        assert_eq!((file.pid, file.port, file.is_ready), (4711, None, false));
        assert_eq!(PostmasterFile::parse("-4711\n").unwrap().pid, 4711);
        assert_eq!(PostmasterFile::parse(""), None);
        assert_eq!(PostmasterFile::parse("no number\n"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-0-9a-z\n ./]*") {
            let _ = PostmasterFile::parse(&text);
        }
    }
}
