//! What the server last said, for the error of a start that failed.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::directories::open_regular;

/// How many lines an error shows.
const LINES: usize = 15;
/// Longest line kept, in bytes.
const LINE_LIMIT: u64 = 1000;
/// A log file that has not been written for this long is from last week; the weekday's name comes round again.
const KEPT: Duration = Duration::from_secs(6 * 24 * 3600);

/// Collects the last lines of a child's output until the child closes it. The server does so as soon as its own log
/// files take over; a child that keeps writing is never blocked.
pub(crate) struct OutputTail {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl OutputTail {
    pub(crate) fn of(output: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&lines);
        let reader = thread::spawn(move || collect(output, &kept));
        Self {
            lines,
            reader: Some(reader),
        }
    }

    /// The lines of a child that has ended.
    pub(crate) fn after_end(mut self) -> Vec<String> {
        // A grandchild may hold the pipe open for ever; a moment is enough for what the child itself wrote.
        for _ in 0..50 {
            if self.reader.as_ref().is_none_or(JoinHandle::is_finished) {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.reader.take();
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }
}

fn collect(output: impl Read, kept: &Mutex<VecDeque<String>>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output
            .by_ref()
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let mut lines = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() == LINES {
                    lines.pop_front();
                }
                lines.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
        }
    }
}

/// Remembers how long the server's log files were before a start, so that only what came after is shown.
#[derive(Debug)]
pub(crate) struct LogMark {
    directory: PathBuf,
    lengths: BTreeMap<PathBuf, u64>,
}

impl LogMark {
    /// Takes the lengths as they are now.
    pub(crate) fn set(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            lengths: log_files(directory).collect(),
        }
    }

    /// The last lines that the server has written into its log files since.
    pub(crate) fn since(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (path, length) in log_files(&self.directory) {
            let before = self.lengths.get(&path).copied().unwrap_or(0);
            if length > before {
                lines.extend(read_between(&path, before, length).unwrap_or_default());
            }
        }
        lines.drain(..lines.len().saturating_sub(LINES));
        lines
    }
}

/// The lines between two places of a file, at most 16 KiB from its end.
fn read_between(path: &Path, from: u64, to: u64) -> io::Result<Vec<String>> {
    let from = from.max(to.saturating_sub(16 * 1024));
    let mut file = open_regular(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(to - from).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes)
        .lines()
        .map(str::to_owned)
        .collect())
}

/// The server's log files with their lengths in bytes.
fn log_files(directory: &Path) -> impl Iterator<Item = (PathBuf, u64)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let name = entry.file_name().to_str()?.to_owned();
        let is_log = name.starts_with("postgresql-") && name.ends_with(".log");
        let metadata = fs::symlink_metadata(entry.path())
            .ok()
            .filter(|metadata| is_log && metadata.is_file())?;
        Some((entry.path(), metadata.len()))
    })
}

/// Removes last week's files, which a server that is restarted every day would append to instead of truncating.
pub(crate) fn remove_old(directory: &Path) {
    for (path, _) in log_files(directory) {
        let modified = fs::symlink_metadata(&path).and_then(|metadata| metadata.modified());
        if modified
            .ok()
            .and_then(|time| time.elapsed().ok())
            .is_some_and(|age| age > KEPT)
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Joins what the child said itself and what it wrote into its log.
pub(crate) fn join(lines: &[String]) -> String {
    if lines.is_empty() {
        "(it wrote none)".to_owned()
    } else {
        lines.join("\n")
    }
}
