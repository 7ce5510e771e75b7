//! How many connections of browsers and programs there may be, in all and from one address.

use std::{
    future::{Ready, ready},
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum_server::accept::Accept;
use dimse::{Place, Places};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Connections in all.
const ALL: usize = 4096;
/// Connections from one address of another machine. Behind a proxy every connection is the proxy's,
/// which has a bound of its own (`ops/proxy`).
const FROM_ONE: usize = 512;

/// Counts connections and closes those beyond the bounds at once.
#[derive(Debug, Clone)]
pub(crate) struct Bounded {
    places: Places,
    proxies: Arc<[ipnet::IpNet]>,
}

impl Bounded {
    /// With these proxies, which speak for many.
    pub(crate) fn new(proxies: &[ipnet::IpNet]) -> Self {
        Self {
            places: Places::new(ALL, FROM_ONE),
            proxies: proxies.into(),
        }
    }

    fn admit(&self, address: IpAddr) -> Option<Place> {
        let speaks_for_many =
            address.is_loopback() || self.proxies.iter().any(|net| net.contains(&address));
        self.places.take(address, speaks_for_many)
    }
}

impl<S> Accept<TcpStream, S> for Bounded {
    type Stream = Counted;
    type Service = S;
    type Future = Ready<io::Result<(Counted, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let admitted = stream.peer_addr().and_then(|peer| {
            let place = self.admit(peer.ip().to_canonical()).ok_or_else(|| {
                metrics::counter!("portal_connections_refused_total").increment(1);
                io::Error::other("too many connections")
            })?;
            stream.set_nodelay(true)?;
            Ok(place)
        });
        ready(admitted.map(|place| {
            let counted = Counted {
                stream,
                _place: place,
            };
            (counted, service)
        }))
    }
}

/// A connection that counts for as long as it is open.
#[derive(Debug)]
pub(crate) struct Counted {
    stream: TcpStream,
    _place: Place,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_its_share_and_no_more() {
        let bounded = Bounded::new(&["10.0.0.0/8".parse().unwrap()]);
        let hold = |address: &str, many: usize| -> Vec<Option<Place>> {
            (0..many)
                .map(|_| bounded.admit(address.parse().unwrap()))
                .collect()
        };
        let flood = hold("192.0.2.1", FROM_ONE + 1);
        assert_eq!(flood.iter().filter(|place| place.is_none()).count(), 1);
        assert!(bounded.admit("192.0.2.2".parse().unwrap()).is_some());
        let proxy = hold("10.1.1.1", FROM_ONE + 1);
        assert!(proxy.iter().all(Option::is_some));
        drop(flood);
        assert!(bounded.admit("192.0.2.1".parse().unwrap()).is_some());
        let _all = hold("10.2.2.2", ALL);
        assert!(bounded.admit("192.0.2.3".parse().unwrap()).is_none());
    }
}
