//! Control ids of what the portal writes (MSH-10): at most 20 characters, as versions before 2.7 want them.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, Utc};

/// Gives ids that do not come twice from one portal.
#[derive(Debug, Clone, Default)]
pub(crate) struct ControlIds(Arc<AtomicU32>);

impl ControlIds {
    pub(crate) fn next(&self, now: DateTime<Utc>) -> String {
        let count = self.0.fetch_add(1, Ordering::Relaxed) % 100_000;
        format!("{}-{count:05}", now.timestamp_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_differ() {
        let ids = ControlIds::default();
        let now = DateTime::from_timestamp(4_000_000_000, 0).unwrap();
        let (one, other) = (ids.next(now), ids.clone().next(now));
        assert_ne!(one, other);
        assert!(one.len() <= 20, "{one}");
    }
}
