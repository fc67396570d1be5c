use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use godwit_backend::{BufferMut, Shape, Tensors};
use smallvec::SmallVec;

use crate::ov::{HostTensor, Landing};

/// Memory that the library may use until a run has ended.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) inputs: Tensors,
    /// Copies of small inputs, by port.
    pub(crate) staged: SmallVec<[(usize, BufferMut); 4]>,
    /// Of those that are bound: what a run writes, and its dimensions.
    pub(crate) outputs: SmallVec<[Option<(BufferMut, Shape)>; 4]>,
    /// The library's views of it.
    pub(crate) views: SmallVec<[HostTensor; 8]>,
}

/// Where the run of one request is, shared with the library's thread.
#[derive(Debug, Default)]
pub(crate) struct Flight(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    waker: Option<Waker>,
    /// Left by a caller who did not wait.
    abandoned: Option<Held>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing is under way.
    #[default]
    Ground,
    /// A run is under way.
    Air,
    /// It has ended and nobody has asked how.
    Landed,
}

impl Flight {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase
    }

    pub(crate) fn take_off(&self) {
        self.lock().phase = Phase::Air;
    }

    /// What there is to be known is known.
    pub(crate) fn ground(&self) {
        self.lock().phase = Phase::Ground;
    }

    /// Ready when no run is in the air.
    pub(crate) fn poll_landed(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.phase != Phase::Air {
            return Poll::Ready(());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Keeps `held` until the run has ended, which it may have.
    pub(crate) fn abandon(&self, held: Held) {
        let mut state = self.lock();
        if state.phase == Phase::Air {
            state.abandoned = Some(held);
        }
    }
}

impl Landing for Flight {
    fn landed(&self) {
        let mut state = self.lock();
        state.phase = Phase::Landed;
        let (waker, abandoned) = (state.waker.take(), state.abandoned.take());
        drop(state);
        drop(abandoned);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
