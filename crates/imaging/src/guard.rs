//! Decoding where a panic or a hang costs one request and not the server.
//!
//! A decoder runs on a thread of its own; when it panics the thread ends with a typed error, and
//! when it takes too long the thread is left behind. Threads left behind are counted, and no
//! further ones are started beyond [`MAXIMUM_RUNNING`], so that hostile files cannot pile up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::{ImagingError, Limits, Raster};

/// Guarded threads at one time, those left behind included.
pub const MAXIMUM_RUNNING: usize = 64;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Counts a thread for as long as it lives.
struct Running;

impl Running {
    fn enter() -> Result<Self, ImagingError> {
        let running = RUNNING.fetch_add(1, Ordering::AcqRel);
        let entered = Self;
        if running >= MAXIMUM_RUNNING {
            return Err(ImagingError::Busy { running });
        }
        Ok(entered)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Runs `work` on a thread that may panic or be left behind. Blocks the caller for at most
/// `time_limit`; call it from a blocking context.
///
/// # Errors
/// What `work` returns; [`ImagingError::DecoderFailed`] when it panicked,
/// [`ImagingError::TimedOut`], [`ImagingError::Busy`].
pub fn run_guarded<T, F>(time_limit: Duration, work: F) -> Result<T, ImagingError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, ImagingError> + Send + 'static,
{
    let running = Running::enter()?;
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("imaging".to_owned())
        .spawn(move || {
            let _running = running;
            // Nothing of the work outlives a panic but the message.
            let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                Err(ImagingError::decoder("image", "it panicked on these bytes"))
            });
            // The receiver may have given up.
            let _ = sender.send(outcome);
        })
        .map_err(|error| {
            ImagingError::decoder("image", format!("no thread could be started: {error}"))
        })?;
    receiver.recv_timeout(time_limit).unwrap_or_else(|_| {
        Err(ImagingError::TimedOut {
            milliseconds: u64::try_from(time_limit.as_millis()).unwrap_or(u64::MAX),
        })
    })
}

/// [`crate::decode`] under [`run_guarded`].
///
/// # Errors
/// As both.
pub fn decode_guarded(
    bytes: Arc<[u8]>,
    frame: u32,
    limits: Limits,
    time_limit: Duration,
) -> Result<Raster, ImagingError> {
    run_guarded(time_limit, move || crate::decode(&bytes, frame, &limits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_and_a_hang_are_errors() {
        let second = Duration::from_secs(1);
        assert_eq!(run_guarded(second, || Ok(7)), Ok(7));
        let panicked = run_guarded::<(), _>(second, || panic!("as a broken decoder does"));
        assert_eq!(panicked.unwrap_err().code(), "decoder_failed");
        let hung = run_guarded(Duration::from_millis(20), || {
            std::thread::sleep(Duration::from_millis(300));
            Ok(())
        });
        assert_eq!(hung.unwrap_err().code(), "timed_out");
    }
}
