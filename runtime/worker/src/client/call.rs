use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::channel::oneshot;
use godwit_backend::{Device, GraphInfo, Result};

use super::link::Link;
use crate::Confinement;
use crate::wire::{Ask, Kept, Request};

/// What was asked for, with handles in the place of numbers: dropping them gives everything back, wherever an
/// answer gets lost.
#[derive(Debug)]
pub(super) enum Got {
    Ready(Confinement),
    Devices(Vec<Device>),
    Graph(Handle, Box<GraphInfo>),
    Context(Handle),
    Done,
}

/// Something that the process keeps for as long as this lives.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) link: Arc<Link>,
    kept: Kept,
}

impl Handle {
    pub(super) fn new(link: Arc<Link>, kept: Kept) -> Self {
        Self { link, kept }
    }

    pub(super) fn id(&self) -> u64 {
        match self.kept {
            Kept::Graph(id) | Kept::Context(id) | Kept::Buffer(id) => id,
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.link.tell(&Ask { call: 0, what: Request::Drop(self.kept) });
    }
}

/// An answer that is waited for. Dropping it tells the process that nobody does any more, and ends the process if it
/// goes on with it.
#[derive(Debug)]
pub(super) struct Call {
    link: Arc<Link>,
    number: u64,
    answer: oneshot::Receiver<Result<Got>>,
    is_over: bool,
}

impl Call {
    pub(super) fn new(
        link: Arc<Link>,
        number: u64,
        answer: oneshot::Receiver<Result<Got>>,
    ) -> Self {
        Self { link, number, answer, is_over: false }
    }

    /// The answer, if it is what `expected` takes.
    pub(super) async fn answer<T>(self, expected: impl FnOnce(Got) -> Option<T>) -> Result<T> {
        let link = self.link.clone();
        expected(self.await?).ok_or_else(|| {
            link.violated("it answered something else than was asked");
            link.lost()
        })
    }
}

impl Future for Call {
    type Output = Result<Got>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = std::task::ready!(self.answer.poll_unpin(cx));
        self.is_over = true;
        Poll::Ready(answer.unwrap_or_else(|_| Err(self.link.lost())))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_over {
            self.link.cancel(self.number);
        }
    }
}
