//! How PostgreSQL's programs are started: as which account, in which process group, and bound to the portal's life.
//! The only room of the project with `unsafe` code.
#![allow(unsafe_code)]
#![deny(unsafe_op_in_unsafe_fn)]

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

use crate::account::Account;

/// What a child does when the portal is gone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OnPortalDeath {
    /// The server shuts down cleanly: sessions are ended, a checkpoint is written.
    ShutDown,
    /// The child is killed: nothing of what it does is kept.
    Kill,
}

impl OnPortalDeath {
    fn signal(self) -> Signal {
        match self {
            Self::ShutDown => Signal::SIGINT,
            Self::Kill => Signal::SIGKILL,
        }
    }
}

/// A command that runs `program` as `account` in `directory`, with a small environment of known content: variables
/// such as `PGOPTIONS` or `LC_ALL` of the portal's shell must not reach the server. Supplementary groups are given up
/// along with root.
pub(crate) fn as_account(program: &Path, account: &Account, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .current_dir(directory);
    // Installations outside the system's library path (Nix, unpacked archives) need it to find their own libraries.
    for name in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if account.is_switched {
        // The standard library drops all supplementary groups when root sets another user.
        command.gid(account.gid).uid(account.uid);
    }
    command
}

/// Puts the child into a process group of its own, so that Ctrl-C in the terminal reaches the portal alone, and ties
/// its life to the **thread** that spawns it: the kernel's death signal fires when that thread exits.
/// `inherited` stays open in the child, so that a lock on it lasts as long as the child and its children.
pub(crate) fn bind_to_portal(
    command: &mut Command,
    on_death: OnPortalDeath,
    inherited: Option<File>,
) {
    let portal = Pid::this();
    command.process_group(0);
    let prepare = move || {
        if let Some(file) = &inherited {
            fcntl(file, FcntlArg::F_SETFD(FdFlag::empty()))?;
        }
        // Comes after the change of account, which clears the death signal: these hooks run last before exec.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(on_death.signal())?;
        #[cfg(not(target_os = "linux"))]
        let _ = on_death.signal();
        // The portal may have died between fork and the line above, and no signal will tell.
        if getppid() != portal {
            return Err(io::Error::from(Errno::ESRCH));
        }
        Ok(())
    };
    // SAFETY: the closure runs in the forked child, where only async-signal-safe calls are sound. It makes three
    // system calls (fcntl, prctl, getppid) through thin wrappers, takes no lock and allocates nothing: its errors
    // are plain error numbers. What it captures was moved into it before the fork and is only read.
    unsafe {
        command.pre_exec(prepare);
    }
}
