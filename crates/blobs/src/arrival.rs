//! A file that comes over a network. Threads that may wait for the disk hash, encrypt and write what has come while more
//! of it comes; the task that receives it waits only where they are a mebibyte behind.

use bytes::Bytes;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use crate::{BlobError, BlobStore, Staged, Staging};

/// How much of a file is held in memory, at least or at most.
struct Room {
    bytes: usize,
    /// A part keeps the buffer alive that it was cut from, however short it is.
    parts: usize,
}

/// So much is worth a thread's while.
const BATCH: Room = Room {
    bytes: 64 << 10,
    parts: 64,
};
/// While a batch is written so much of the next one is gathered; then the sender has to wait.
const MOST: Room = Room {
    bytes: 1 << 20,
    parts: 1024,
};

/// A file on its way in, as an async task takes it. No thread is held while its sender is slow. Dropped, it leaves
/// nothing.
#[derive(Debug)]
pub struct Arrival {
    store: BlobStore,
    limit: u64,
    /// What has come and is not written.
    waiting: Vec<Bytes>,
    bytes: usize,
    /// What was begun with the first batch, with the thread that writes the last one.
    writing: Option<JoinHandle<Result<Staging, BlobError>>>,
    /// Why what comes now is thrown away.
    fault: Option<BlobError>,
}

impl BlobStore {
    /// Begins to take a file of at most `limit` bytes in, as [`BlobStore::stage`] does, for a task that receives it.
    #[must_use]
    pub fn receive(&self, limit: u64) -> Arrival {
        Arrival {
            store: self.clone(),
            limit,
            waiting: Vec::new(),
            bytes: 0,
            writing: None,
            fault: None,
        }
    }
}

impl Arrival {
    /// Takes the next part. Whether it could be written is told by [`Arrival::finish`].
    pub async fn take(&mut self, part: Bytes) {
        if self.fault.is_some() {
            return;
        }
        self.bytes += part.len();
        self.waiting.push(part);
        let is_idle = self.writing.as_ref().is_none_or(JoinHandle::is_finished);
        let room = if is_idle { BATCH } else { MOST };
        if self.bytes < room.bytes && self.waiting.len() < room.parts {
            return;
        }
        match self.written().await {
            Ok(before) => self.writing = Some(spawn_blocking(self.batch(before))),
            Err(error) => {
                self.waiting.clear();
                self.fault = Some(error);
            }
        }
    }

    /// The whole file is here.
    ///
    /// # Errors
    /// When it is larger than its limit, or the disk does not take it.
    pub async fn finish(mut self) -> Result<Staged, BlobError> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        let before = self.written().await?;
        let write = self.batch(before);
        ended(spawn_blocking(|| write()?.finish()).await)
    }

    /// As [`Arrival::finish`]; none where the file is larger than its limit.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn finish_within_limit(self) -> Result<Option<Staged>, BlobError> {
        match self.finish().await {
            Ok(staged) => Ok(Some(staged)),
            Err(BlobError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the batches before became, when the last of them is written.
    async fn written(&mut self) -> Result<Option<Staging>, BlobError> {
        match self.writing.take() {
            Some(writing) => ended(writing.await).map(Some),
            None => Ok(None),
        }
    }

    /// Writes what is waiting.
    fn batch(
        &mut self,
        before: Option<Staging>,
    ) -> impl FnOnce() -> Result<Staging, BlobError> + Send + use<> {
        self.bytes = 0;
        let parts = std::mem::take(&mut self.waiting);
        let (store, limit) = (self.store.clone(), self.limit);
        move || {
            let mut staging = before.map_or_else(|| store.stage(limit), Ok)?;
            parts.iter().try_for_each(|part| staging.write(part))?;
            Ok(staging)
        }
    }
}

fn ended<T>(ended: Result<Result<T, BlobError>, JoinError>) -> Result<T, BlobError> {
    ended.unwrap_or_else(|error| Err(BlobError::Interrupted(error)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Digest,
        tests::{encrypted, incoming_files},
    };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_film_arrives_however_the_network_cuts_it(
            seed: u8,
            cuts in prop::collection::vec(prop_oneof![1usize..40, 10_000usize..400_000], 0..40),
        ) {
            let length = cuts.iter().sum();
            let bytes: Vec<u8> = (0..length).map(|at| seed ^ (at % 251) as u8).collect();
            let (_folder, store) = encrypted();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let staged = runtime.block_on(async {
                let mut arrival = store.receive(length as u64);
                let mut left = Bytes::from(bytes.clone());
                for cut in cuts {
                    arrival.take(left.split_to(cut)).await;
                    prop_assert!(arrival.bytes < MOST.bytes && arrival.waiting.len() < MOST.parts);
                }
                Ok(arrival.finish().await.unwrap())
            })?;
            prop_assert_eq!(staged.digest(), Digest::of(&bytes));
            prop_assert_eq!(&staged.read().unwrap()[..], &bytes[..]);
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_at_the_end_and_leaves_nothing() {
        let (_folder, store) = encrypted();
        for parts in [1, 3, 200] {
            let sent = async || {
                let mut arrival = store.receive(99_999);
                for _ in 0..parts {
                    arrival.take(Bytes::from(vec![7; 100_000])).await;
                }
                arrival
            };
            let refused = sent().await.finish_within_limit().await;
            assert!(matches!(refused, Ok(None)), "{refused:?}");
            let refused = sent().await.finish().await;
            assert!(
                matches!(refused, Err(BlobError::TooLarge { limit: 99_999 })),
                "{refused:?}"
            );
        }
        assert_eq!(incoming_files(&store), 0);
    }

    #[tokio::test]
    async fn a_sender_that_breaks_off_leaves_nothing() {
        let (_folder, store) = encrypted();
        let mut arrival = store.receive(u64::MAX);
        arrival.take(Bytes::from(vec![7; BATCH.bytes])).await;
        while incoming_files(&store) == 0 {
            tokio::task::yield_now().await;
        }
        drop(arrival);
        while incoming_files(&store) > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn a_disk_that_takes_nothing_is_named_at_the_end() {
        let (folder, store) = encrypted();
        std::fs::remove_dir(folder.path().join("blobs/incoming")).unwrap();
        let mut arrival = store.receive(u64::MAX);
        for _ in 0..30 {
            arrival.take(Bytes::from(vec![7; 100_000])).await;
        }
        assert!(matches!(arrival.finish().await, Err(BlobError::Io { .. })));
    }
}
