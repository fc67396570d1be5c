use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use godwit_backend::{BufferMut, Shape, Tensors};
use smallvec::SmallVec;

use crate::ov::{Completion, HostTensor};

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

/// The state of a request, shared with the library's thread.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    waker: Option<Waker>,
    /// Left by a caller who did not wait.
    abandoned: Option<Held>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No run is in progress.
    #[default]
    Idle,
    /// A run is in progress.
    Running,
    /// The run has ended, and its outcome has not been taken.
    Finished,
}

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase
    }

    pub(crate) fn start(&self) {
        self.lock().phase = Phase::Running;
    }

    /// The outcome of the run has been taken.
    pub(crate) fn set_idle(&self) {
        self.lock().phase = Phase::Idle;
    }

    /// Ready when no run is in progress.
    pub(crate) fn poll_finished(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.phase != Phase::Running {
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
        if state.phase == Phase::Running {
            state.abandoned = Some(held);
        }
    }
}

impl Completion for InFlight {
    fn finished(&self) {
        let mut state = self.lock();
        state.phase = Phase::Finished;
        let (waker, abandoned) = (state.waker.take(), state.abandoned.take());
        drop(state);
        drop(abandoned);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
