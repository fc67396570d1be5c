use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::channel::oneshot;
use godwit_backend::{DType, Device, Error, GraphInfo, Result, Shape};

use super::link::Link;
use crate::peer::Loaned;
use crate::wire::{Ask, Kept, Request};

/// What was asked for, with handles in the place of numbers: dropping them gives everything back, wherever an
/// answer gets lost.
#[derive(Debug)]
pub(super) enum Got {
    Ready,
    Devices(Vec<Device>),
    Graph(Handle, Box<GraphInfo>),
    Context(Handle),
    Outputs(Vec<Output>),
    Bytes(Loaned),
}

impl Got {
    /// The error for an answer to something else.
    pub(super) fn confused(&self) -> Error {
        Error::internal("the worker process answered something else than was asked")
    }
}

#[derive(Debug)]
pub(super) struct Output {
    pub(super) dtype: DType,
    pub(super) shape: Shape,
    pub(super) location: OutputLocation,
}

#[derive(Debug)]
pub(super) enum OutputLocation {
    Shared(Loaned),
    Resident(Handle),
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

/// An answer that is waited for. Dropping it tells the process that nobody does any more.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) link: Arc<Link>,
    pub(super) number: u64,
    pub(super) answer: oneshot::Receiver<Result<Got>>,
    pub(super) is_over: bool,
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
            self.link.tell(&Ask { call: self.number, what: Request::Cancel });
        }
    }
}
