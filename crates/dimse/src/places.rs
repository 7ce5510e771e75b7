//! How many connections there may be, in all and from one address, so that whoever opens thousands and says nothing takes no
//! room from the others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Places for connections.
#[derive(Debug, Clone)]
pub struct Places {
    taken: Arc<Mutex<Taken>>,
    all: usize,
    from_one: usize,
}

impl Places {
    /// So many in all, and so many of them from one address.
    #[must_use]
    pub fn new(all: usize, from_one: usize) -> Self {
        Self {
            taken: Arc::default(),
            all,
            from_one,
        }
    }

    /// A place, until it is dropped; `None` when there is none, in all or for this address. An address that speaks for
    /// many, as a proxy does, has no share of its own.
    #[must_use]
    pub fn take(&self, address: IpAddr, speaks_for_many: bool) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let from_here = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.all >= self.all || (from_here >= self.from_one && !speaks_for_many) {
            return None;
        }
        taken.all += 1;
        *taken.by_address.entry(address).or_default() += 1;
        Some(Place {
            taken: Arc::clone(&self.taken),
            address,
        })
    }
}

/// A connection's place, given back when it ends.
#[derive(Debug)]
pub struct Place {
    taken: Arc<Mutex<Taken>>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(from_here) = taken.by_address.get_mut(&self.address) {
            *from_here -= 1;
            if *from_here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}
