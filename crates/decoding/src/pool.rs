//! The parent's side: children, one file at a time each.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::Shutdown,
    os::{
        fd::OwnedFd,
        unix::{fs::FileExt as _, net::UnixStream, process::ExitStatusExt},
    },
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use imaging::{ImagingError, Limits};
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::protocol::{self, Answer, Operation, Request};

/// A child opens that many files and is then replaced, so that what one leaves behind does not pile up.
const FILES_EACH: u32 = 500;

/// Told to the allocator of a child (glibc's): memory of up to 32 MiB that a film took is kept for the next one, since
/// fresh pages cost a twentieth of the time of a picture. A child opens one file at a time, so that is all it keeps.
const KEPT_MEMORY: [(&str, &str); 2] = [
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "33554432"),
];

/// How a child is started: a program that calls [`crate::child::serve`].
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// What it is told.
    pub arguments: Vec<String>,
}

impl Program {
    fn start(&self) -> io::Result<DecodingChild> {
        let (ours, theirs) = UnixStream::pair()?;
        let shared = File::from(memfd_create(c"film", MFdFlags::MFD_CLOEXEC)?);
        let process = Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .envs(KEPT_MEMORY)
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(shared.try_clone()?))
            .stderr(Stdio::null())
            .spawn()?;
        Ok(DecodingChild {
            process,
            socket: ours,
            shared,
            files: 0,
        })
    }
}

/// Killed and waited for when it is dropped.
#[derive(Debug)]
struct DecodingChild {
    process: Child,
    socket: UnixStream,
    /// What both see: the file that is asked about. The child may not write (its largest file has no bytes).
    shared: File,
    files: u32,
}

impl DecodingChild {
    /// Puts a file where the child sees it.
    fn show(&self, bytes: &[u8]) -> io::Result<()> {
        self.shared.set_len(bytes.len() as u64)?;
        self.shared.write_all_at(bytes, 0)
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    fn end(&mut self) -> Option<ExitStatus> {
        // A child whose socket has closed is about to end by itself, and then says why.
        for _ in 0..20 {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.process.kill();
        self.process.wait().ok()
    }
}

impl Drop for DecodingChild {
    fn drop(&mut self) {
        // Whatever comes of it, the process is gone afterwards.
        let _ = self.socket.shutdown(Shutdown::Both);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Debug, Default)]
struct Room {
    idle: Vec<DecodingChild>,
    busy: usize,
}

/// At most `size` children at a time.
#[derive(Debug)]
pub(crate) struct Pool {
    program: Arc<Program>,
    size: usize,
    time_limit: Duration,
    room: Mutex<Room>,
    freed: Condvar,
}

/// A place among the busy ones, given back when it is dropped.
struct Place<'a>(&'a Pool);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
        self.0.freed.notify_one();
    }
}

impl Pool {
    pub(crate) fn new(program: Arc<Program>, size: usize, time_limit: Duration) -> Self {
        Self {
            program,
            size,
            time_limit,
            room: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// The same program and size, with another time a file may take.
    pub(crate) fn with_time_limit(&self, time_limit: Duration) -> Self {
        Self::new(Arc::clone(&self.program), self.size, time_limit)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Room> {
        // The counters are right even when a thread panicked while it held them.
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a child, waiting for one to be free no longer than a file may take.
    pub(crate) fn ask(
        &self,
        operation: &Operation,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<(Answer, Vec<u8>), ImagingError> {
        let (_place, idle) = self.enter()?;
        let mut child = match idle {
            Some(child) => child,
            None => self.program.start().map_err(|error| {
                tracing::error!(%error, program = %self.program.path.display(), "no decoder could be started");
                protocol::failed(format!("no process could be started for it: {error}"))
            })?,
        };
        let deadline = Instant::now() + self.time_limit;
        let mut line = Line {
            socket: &child.socket,
            deadline,
        };
        let request = Request {
            operation: operation.clone(),
            length: bytes.len() as u64,
            limits: *limits,
        };
        let said = child
            .show(bytes)
            .and_then(|()| protocol::write(&mut line, &request, &[]))
            .and_then(|()| {
                protocol::read(&mut line, |_: &Result<Answer, ImagingError>| {
                    protocol::longest_answer(limits)
                })
            });
        match said {
            Ok((answer, payload)) => {
                child.files += 1;
                if child.files < FILES_EACH {
                    self.lock().idle.push(child);
                }
                answer.map(|answer| (answer, payload))
            }
            Err(error) => Err(self.why(&mut child, &error, deadline)),
        }
    }

    fn enter(&self) -> Result<(Place<'_>, Option<DecodingChild>), ImagingError> {
        let room = self.lock();
        let (mut room, waited) = self
            .freed
            .wait_timeout_while(room, self.time_limit, |room| room.busy >= self.size)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(ImagingError::Busy { running: room.busy });
        }
        room.busy += 1;
        let mut idle = None;
        while let Some(mut child) = room.idle.pop() {
            if child.is_alive() {
                idle = Some(child);
                break;
            }
        }
        Ok((Place(self), idle))
    }

    /// What became of a child that gave no answer.
    fn why(&self, child: &mut DecodingChild, error: &io::Error, deadline: Instant) -> ImagingError {
        if Instant::now() >= deadline {
            return ImagingError::TimedOut {
                milliseconds: u64::try_from(self.time_limit.as_millis()).unwrap_or(u64::MAX),
            };
        }
        let status = child.end();
        tracing::warn!(?status, %error, "a decoder was lost");
        let end = match status.map(|status| (status.signal(), status.code())) {
            Some((Some(signal), _)) => format!("signal {signal}"),
            Some((None, Some(code))) => format!("exit status {code}"),
            _ => error.to_string(),
        };
        protocol::failed(format!(
            "the process that opened it crashed or wanted more memory than it may have ({end})"
        ))
    }
}

/// A socket that is waited for until a moment.
struct Line<'a> {
    socket: &'a UnixStream,
    deadline: Instant,
}

impl Line<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

impl Read for Line<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(self.left()?)?;
        let mut socket = self.socket;
        socket.read(buffer)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(self.left()?)?;
        let mut socket = self.socket;
        socket.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
