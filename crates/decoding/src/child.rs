//! The child's side.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::AsFd,
        unix::{fs::FileExt as _, net::UnixStream},
    },
    time::Duration,
};

use imaging::{ImagingError, Limits};
use rlimit::Resource;

use crate::{
    DECODE_TIME,
    protocol::{self, Answer, Operation, Request},
};

/// Address space a child may take, in bytes: this program mapped into it, a file of the largest
/// size, its samples of 32 bits and the picture made of them.
pub const CHILD_MEMORY: u64 = 2_000_000_000;

/// Open files a child may have: its socket, the bytes it is given, and what its runtime opens when it starts.
const OPEN_FILES: u64 = 16;

/// The largest file whose room a child keeps for the next one, in bytes.
const MOST_KEPT: usize = 32 << 20;

/// Serves the requests that come on standard input, which must be a socket, until it is closed. Standard output is none: the
/// parent puts each file there, into memory that both have, and nothing may be printed.
/// `before` sees each file before it is opened: tests misbehave there as broken decoders do.
///
/// # Errors
/// When the limits cannot be set, or the parent breaks the protocol.
pub fn serve(before: impl Fn(&[u8])) -> io::Result<()> {
    confine()?;
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let shared = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    converse(&mut &socket, &mut &socket, &shared, before)
}

fn converse(
    from: &mut impl Read,
    to: &mut impl Write,
    shared: &File,
    before: impl Fn(&[u8]),
) -> io::Result<()> {
    // Kept from file to file: fresh pages cost more than what is done with a film's header.
    let mut room = Vec::new();
    loop {
        let request = match protocol::read(from, |_: &Request| 0) {
            Ok((request, _)) => request,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let length = request.length.min(request.limits.maximum_bytes);
        let length = usize::try_from(length).map_err(io::Error::other)?;
        if length > room.len() {
            room = vec![0; length];
        }
        let bytes = &mut room[..length];
        shared.read_exact_at(bytes, 0)?;
        bound_time()?;
        before(bytes);
        match carry_out(&request.operation, bytes, &request.limits) {
            Ok((answer, payload)) => protocol::write(to, &Ok::<_, ImagingError>(answer), &payload)?,
            Err(error) => protocol::write(to, &Err::<Answer, _>(error), &[])?,
        }
        if room.len() > MOST_KEPT {
            room = Vec::new();
        }
    }
}

fn carry_out(
    operation: &Operation,
    bytes: &[u8],
    limits: &Limits,
) -> Result<(Answer, Vec<u8>), ImagingError> {
    std::panic::catch_unwind(|| protocol::carry_out(operation, bytes, limits))
        .unwrap_or_else(|_| Err(protocol::failed("it panicked on these bytes".to_owned())))
}

/// Takes away what a decoder has no need of.
fn confine() -> io::Result<()> {
    for (resource, limit) in [
        (Resource::AS, CHILD_MEMORY),
        (Resource::NOFILE, OPEN_FILES),
        (Resource::FSIZE, 0),
        (Resource::CORE, 0),
    ] {
        let (_, hard) = resource.get()?;
        let limit = limit.min(hard);
        resource.set(limit, limit)?;
    }
    #[cfg(target_os = "linux")]
    close_files_and_networks()?;
    Ok(())
}

/// From here on no path can be opened, no address be bound or connected to, and no process outside be signalled
/// (Landlock, Linux 5.13; networks from 6.7, signals from 6.12). What the kernel does not know is left out.
#[cfg(target_os = "linux")]
fn close_files_and_networks() -> io::Result<()> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, Scope,
    };
    let newest = ABI::V6;
    Ruleset::default()
        .handle_access(AccessFs::from_all(newest))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(newest)))
        .and_then(|rules| rules.scope(Scope::from_all(newest)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.no_new_privs(true).restrict_self())
        .map(drop)
        .map_err(io::Error::other)
}

/// Processor time for the next file: the kernel ends a child whose parent is no longer there to do it.
fn bound_time() -> io::Result<()> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| u64::try_from(time.tv_sec()).unwrap_or(0);
    let used = seconds(usage.user_time()) + seconds(usage.system_time());
    let (_, hard) = Resource::CPU.get()?;
    let more = (DECODE_TIME + Duration::from_secs(2)).as_secs();
    Resource::CPU.set((used + more).min(hard), hard)
}
