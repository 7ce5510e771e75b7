//! How much one address and one session may ask for, so that nobody starves the others. Sign-in has a
//! bound of its own, by account, in `auth::login`.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{client_address, problem::Problem, state::ApiState, tokens};

/// Requests a minute, all of which may come at once.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// From one address; behind a proxy this needs `trusted_proxies`.
    pub an_address: NonZeroU32,
    /// With one session.
    pub a_session: NonZeroU32,
    /// Answers that one session may wait for at the same time; further ones queue.
    pub at_once: usize,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            an_address: const { NonZeroU32::new(12_000).expect("not zero") },
            a_session: const { NonZeroU32::new(3_000).expect("not zero") },
            at_once: 12,
        }
    }
}

/// How long a request waits for its session's earlier ones.
const PATIENCE: Duration = Duration::from_secs(30);

/// Paths that are asked without end by those who watch the portal, or that stay open.
const EXEMPT: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/api/events"];

/// A token's digest: what is counted is never the token.
type Session = [u8; 32];

/// What was asked so far.
pub struct RateLimits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    sessions: DefaultKeyedRateLimiter<Session>,
    at_once: usize,
    running: Mutex<HashMap<Session, Weak<Semaphore>>>,
    admitted: AtomicU32,
}

impl std::fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RateLimits")
    }
}

impl RateLimits {
    /// Nothing asked yet.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            addresses: RateLimiter::keyed(Quota::per_minute(rates.an_address)),
            sessions: RateLimiter::keyed(Quota::per_minute(rates.a_session)),
            at_once: rates.at_once.max(1),
            running: Mutex::default(),
            admitted: AtomicU32::new(0),
        }
    }

    fn admit(&self, address: Option<IpAddr>, session: Option<&Session>) -> Result<(), Problem> {
        let wait = |earliest: governor::NotUntil<_>| {
            let wait = earliest.wait_time_from(governor::clock::DefaultClock::default().now());
            Problem::TooManyRequests(i64::try_from(wait.as_secs()).unwrap_or(60) + 1)
        };
        if let Some(address) = address {
            self.addresses.check_key(&network(address)).map_err(wait)?;
        }
        if let Some(session) = session {
            self.sessions.check_key(session).map_err(wait)?;
        }
        Ok(())
    }

    async fn queue(&self, session: Session) -> Result<OwnedSemaphorePermit, Problem> {
        let semaphore = self.semaphore(session);
        tokio::time::timeout(PATIENCE, semaphore.acquire_owned())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(Problem::TooManyRequests(5))
    }

    fn semaphore(&self, session: Session) -> Arc<Semaphore> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = running.get(&session).and_then(Weak::upgrade) {
            return there;
        }
        // Sessions with nothing open are forgotten here, and so are those of made-up tokens.
        running.retain(|_, semaphore| semaphore.strong_count() > 0);
        let semaphore = Arc::new(Semaphore::new(self.at_once));
        running.insert(session, Arc::downgrade(&semaphore));
        semaphore
    }

    /// Now and then, forgets addresses and sessions (and made-up tokens) that asked for nothing lately.
    fn tidy(&self) {
        if self
            .admitted
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(4096)
        {
            self.addresses.retain_recent();
            self.sessions.retain_recent();
        }
    }
}

/// Whoever has one address of IPv6 has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let mut segments = address.segments();
            segments[4..].fill(0);
            IpAddr::V6(segments.into())
        }
    }
}

/// Lets a request through, has it wait, or refuses it with 429.
pub(crate) async fn bound(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    if EXEMPT.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let limits = &state.rate_limits;
    let address = client_address::of_request(&request);
    let session = tokens::presented(request.headers(), state.options.secure_cookies)
        .map(|presented| Sha256::digest(presented.token()).into());
    limits.tidy();
    if let Err(refused) = limits.admit(address, session.as_ref()) {
        metrics::counter!("portal_requests_refused_by_rate_total").increment(1);
        return refused.into_response();
    }
    let _turn = match session {
        None => None,
        Some(session) => match limits.queue(session).await {
            Ok(turn) => Some(turn),
            Err(refused) => return refused.into_response(),
        },
    };
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_ipv6_count_as_one_address() {
        let limits = RateLimits::new(Rates {
            an_address: NonZeroU32::new(2).unwrap(),
            ..Rates::default()
        });
        let address = |text: &str| Some(text.parse().unwrap());
        assert!(limits.admit(address("2001:db8::1"), None).is_ok());
        assert!(limits.admit(address("2001:db8::2"), None).is_ok());
        assert!(limits.admit(address("2001:db8::3"), None).is_err());
        assert!(limits.admit(address("2001:db8:0:1::1"), None).is_ok());
        assert!(limits.admit(address("192.0.2.1"), None).is_ok());
    }

    #[tokio::test]
    async fn a_session_holds_only_its_own_place() {
        let limits = RateLimits::new(Rates {
            at_once: 1,
            ..Rates::default()
        });
        let first = limits.queue([1; 32]).await.unwrap();
        let other = tokio::time::timeout(Duration::from_millis(50), limits.queue([2; 32])).await;
        assert!(other.is_ok(), "another session waits for the first");
        let own = tokio::time::timeout(Duration::from_millis(50), limits.queue([1; 32])).await;
        assert!(
            own.is_err(),
            "a session had two places where it may have one"
        );
        drop(first);
        assert!(limits.queue([1; 32]).await.is_ok());
    }
}
