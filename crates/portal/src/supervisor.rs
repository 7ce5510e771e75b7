//! Telling a supervisor (systemd, `Type=notify`) when the portal is ready and when it stops: a
//! datagram to the socket named by `NOTIFY_SOCKET`, as in sd_notify(3). Without one, nothing.

use std::{
    ffi::OsStr,
    io,
    os::unix::net::{SocketAddr, UnixDatagram},
};

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Requests are answered, or jobs taken.
    Ready,
    /// No new ones are.
    Stopping,
}

/// Tells it. Nobody listening is worth a line in the log, not the portal's end.
pub(crate) fn tell(state: State) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else {
        return;
    };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, ?state, "the supervisor could not be told");
    }
}

fn send(socket: &OsStr, state: State) -> io::Result<()> {
    let message: &[u8] = match state {
        State::Ready => b"READY=1",
        State::Stopping => b"STOPPING=1",
    };
    UnixDatagram::unbound()?.send_to_addr(message, &address(socket)?)?;
    Ok(())
}

/// A leading `@` stands for the abstract name space, which only Linux has.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = socket.as_encoded_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(socket)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::linux::net::SocketAddrExt;

    use super::*;

    #[test]
    fn a_supervisor_is_told_by_path_and_by_abstract_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("medical-portal-test-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&name).unwrap();
        for (listening, socket, state, message) in [
            (
                UnixDatagram::bind(&path).unwrap(),
                path.clone().into_os_string(),
                State::Ready,
                "READY=1",
            ),
            (
                UnixDatagram::bind_addr(&abstract_address).unwrap(),
                format!("@{name}").into(),
                State::Stopping,
                "STOPPING=1",
            ),
        ] {
            send(&socket, state).unwrap();
            let mut buffer = [0; 64];
            let length = listening.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], message.as_bytes());
        }
        assert!(send(OsStr::new("/nowhere/notify"), State::Ready).is_err());
    }
}
