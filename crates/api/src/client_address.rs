//! Where a request comes from: the peer, or, behind proxies that are trusted, what they say.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, request::Parts},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use crate::state::ApiState;

/// The header in which a proxy names whom it speaks for, each proxy behind the one before.
const FORWARDED: &str = "x-forwarded-for";

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ClientAddress(IpAddr);

/// Finds out once a request.
pub(crate) async fn find(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip().to_canonical());
    if let Some(peer) = peer {
        let address = behind(peer, request.headers(), &state.options.trusted_proxies);
        request.extensions_mut().insert(ClientAddress(address));
    }
    next.run(request).await
}

/// The address of whoever asks.
pub(crate) fn of(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ClientAddress>().map(|found| found.0)
}

/// As [`of`], of a whole request.
pub(crate) fn of_request(request: &Request) -> Option<IpAddr> {
    request
        .extensions()
        .get::<ClientAddress>()
        .map(|found| found.0)
}

/// The last address that is no trusted proxy's, read from the nearest on: what stands before it
/// anybody can have written.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = peer;
    let named = headers
        .get_all(FORWARDED)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect::<Vec<_>>();
    for text in named.iter().rev() {
        if !is_trusted(&nearest) {
            break;
        }
        let Ok(address) = text.parse::<IpAddr>() else {
            break;
        };
        nearest = address.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_about_their_own_peer() {
        let proxy = &["10.0.0.0/8"][..];
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], proxy), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"], proxy), "198.51.100.1");
        assert_eq!(
            seen("10.0.0.1", &["1.1.1.1, 198.51.100.1"], proxy),
            "198.51.100.1"
        );
        assert_eq!(
            seen("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"], proxy),
            "198.51.100.1"
        );
        assert_eq!(seen("10.0.0.1", &["<script>"], proxy), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[], proxy), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"], &[]), "10.0.0.1");
    }
}
