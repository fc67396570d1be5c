use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::{Error, ErrorKind, Result, Tensors};

/// A boxed, sendable future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The outcome of [`ExecutionContext::run`](crate::ExecutionContext::run): known already, or awaited.
///
/// A plain boxed future would allocate once per layer and per inference. The short runs for which that
/// matters are finished by the time `run` returns, so they are carried by value.
#[must_use = "a run is cancelled when it is dropped"]
pub struct Run<'a>(State<'a>);

#[allow(
    clippy::large_enum_variant,
    reason = "boxing the outcome is the allocation this type avoids"
)]
enum State<'a> {
    Ready(Result<Tensors>),
    Pending(BoxFuture<'a, Result<Tensors>>),
    Taken,
}

impl<'a> Run<'a> {
    /// A finished run.
    pub fn ready(outcome: Result<Tensors>) -> Self {
        Self(State::Ready(outcome))
    }

    /// A run under way; dropping `future` must cancel it.
    pub fn pending(future: impl Future<Output = Result<Tensors>> + Send + 'a) -> Self {
        Self(State::Pending(Box::pin(future)))
    }

    /// Whether the outcome is already known.
    pub fn is_ready(&self) -> bool {
        matches!(self.0, State::Ready(_))
    }

    /// The outcome, or the run itself if it has to be awaited.
    #[allow(clippy::result_large_err, reason = "the other half is the run itself, not a failure")]
    pub fn try_ready(self) -> std::result::Result<Result<Tensors>, Self> {
        match self.0 {
            State::Ready(outcome) => Ok(outcome),
            state => Err(Self(state)),
        }
    }

    /// Applies `f` to the outcome, at once if it is known: how a policy wraps a run without a box.
    pub fn map<F>(self, f: F) -> Self
    where
        F: FnOnce(Result<Tensors>) -> Result<Tensors> + Send + 'a,
    {
        match self.0 {
            State::Ready(outcome) => Self::ready(f(outcome)),
            State::Pending(future) => Self::pending(async move { f(future.await) }),
            State::Taken => Self(State::Taken),
        }
    }
}

impl Future for Run<'_> {
    type Output = Result<Tensors>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Pending(future) => future.as_mut().poll(cx),
            state => match std::mem::replace(state, State::Taken) {
                State::Ready(outcome) => Poll::Ready(outcome),
                _ => Poll::Ready(Err(Error::new(
                    ErrorKind::Internal,
                    "a finished run was awaited again",
                ))),
            },
        }
    }
}

impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Ready(_) => "Run::Ready",
            State::Pending(_) => "Run::Pending",
            State::Taken => "Run::Taken",
        })
    }
}
