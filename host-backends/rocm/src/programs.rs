use std::sync::{Arc, Mutex as Lock, PoisonError};

use async_lock::OnceCell;
use godwit_backend::{Result, Shape};
use smallvec::SmallVec;

/// Dimensions of all inputs.
pub(crate) type Dims = SmallVec<[Shape; 4]>;

/// One that is there, or that somebody makes.
type Cell<T> = Arc<OnceCell<Arc<T>>>;

/// What a model was compiled to, by the dimensions of its inputs; the least recently used goes first.
#[derive(Debug)]
pub(crate) struct Programs<T> {
    most: usize,
    /// The most recently used last.
    kept: Lock<Vec<(Dims, Cell<T>)>>,
}

impl<T> Programs<T> {
    /// At most `most` are kept, and at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), kept: Lock::default() }
    }

    /// The one for `dims`, which `make` makes unless it is there. Whoever asks meanwhile waits for it.
    pub(crate) async fn get<F>(&self, dims: &Dims, make: impl FnOnce() -> F) -> Result<Arc<T>>
    where
        F: Future<Output = Result<T>>,
    {
        let cell = self.cell(dims);
        let made = cell.get_or_try_init(|| async { Ok(Arc::new(make().await?)) }).await;
        if made.is_err() {
            // So that no failure takes the place of a program.
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|(_, other)| !Arc::ptr_eq(other, &cell) || other.is_initialized());
        }
        made.cloned()
    }

    fn cell(&self, dims: &Dims) -> Cell<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, _)| other == dims);
        let entry = match at {
            Some(at) => kept.remove(at),
            None => (dims.clone(), Arc::default()),
        };
        if kept.len() >= self.most {
            kept.remove(0);
        }
        let cell = entry.1.clone();
        kept.push(entry);
        cell
    }
}

#[cfg(test)]
mod tests {
    use std::cell;

    use futures::executor::block_on;
    use futures::future::join;
    use godwit_backend::Error;

    use super::*;

    fn dims(size: usize) -> Dims {
        [Shape::from([size])].into_iter().collect()
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let programs = Programs::new(2);
        let made = cell::Cell::new(0);
        let get = |size: usize| {
            let make = || async {
                made.set(made.get() + 1);
                Ok(size)
            };
            *block_on(programs.get(&dims(size), make)).unwrap()
        };
        for size in [1, 2, 1, 3, 1] {
            assert_eq!(get(size), size);
        }
        assert_eq!(made.get(), 3);
        get(2);
        assert_eq!(made.get(), 4);
    }

    #[test]
    fn one_is_made_for_all_who_ask_and_a_failure_is_forgotten() {
        let programs = Programs::new(2);
        let made = cell::Cell::new(0);
        let make = || async {
            made.set(made.get() + 1);
            futures::future::ready(()).await;
            Ok(made.get())
        };
        let one = dims(1);
        let both = join(programs.get(&one, make), programs.get(&one, make));
        let (first, second) = block_on(both);
        assert_eq!((*first.unwrap(), *second.unwrap()), (1, 1));
        let fails = || async { Err(Error::failed("as planned")) };
        block_on(programs.get(&dims(2), fails)).unwrap_err();
        assert_eq!(*block_on(programs.get(&dims(2), make)).unwrap(), 2);
        assert_eq!(*block_on(programs.get(&dims(1), make)).unwrap(), 1);
    }
}
