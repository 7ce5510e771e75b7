//! The same work on many things, a few at a time.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

use crate::BackupError;

/// As many as keep a store busy that answers in tens of milliseconds; a disk is content with them.
const THREADS: usize = 4;

/// Does `work` on every item and gives the results in the items' order. Stops early at the first
/// error, which it gives.
pub(crate) fn map<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R, BackupError> + Sync,
) -> Result<Vec<R>, BackupError> {
    let count = items.len();
    let items = Mutex::new(items.into_iter().enumerate());
    let results: Mutex<(Vec<Option<R>>, Option<BackupError>)> =
        Mutex::new((std::iter::repeat_with(|| None).take(count).collect(), None));
    let run = || loop {
        let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((index, item)) = next else { return };
        let result = work(item);
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(result) => results.0[index] = Some(result),
            Err(error) => {
                results.1.get_or_insert(error);
            }
        }
        if results.1.is_some() {
            return;
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS.min(count) {
            scope.spawn(run);
        }
    });
    let (results, error) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    match error {
        Some(error) => Err(error),
        None => Ok(results.into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_an_error_stops_the_rest() {
        let doubled = map((0..100).collect(), |number| Ok(number * 2)).unwrap();
        assert_eq!(
            doubled,
            (0..100).map(|number| number * 2).collect::<Vec<_>>()
        );
        let failed = map((0..100).collect(), |number| {
            if number == 3 {
                Err(BackupError::CutOff("three".to_owned()))
            } else {
                Ok(number)
            }
        });
        assert!(matches!(failed, Err(BackupError::CutOff(_))));
    }
}
