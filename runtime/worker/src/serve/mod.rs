//! The process: answers for a backend until the other side is gone.

mod objects;
mod server;
mod slot;

use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use futures::executor::ThreadPool;
use godwit_backend::{Backend, Error, Result};
use rustix::net::SocketType;
use rustix::net::sockopt::socket_type;

use self::server::Server;
use crate::socket::WorkerSocket;
use crate::wire::{Ask, Reply, Said, WireError};
use crate::{Profile, confine};

/// Loads and reads under way; a context runs on a thread of its own, and what computes has others.
const THREADS: usize = 2;

/// Opens a backend and answers for it, on the socket that a [`Worker`](crate::Worker) has put in the place of
/// standard input. Returns when the other side is gone; the program ends then, whatever still runs.
///
/// To be called before this process has any other thread: it is [confined](Profile) first, and again once the backend
/// is open, before the first model arrives.
///
/// # Errors
///
/// `Unavailable` when no worker has started this process, or the system refuses a thread; `Internal` when the
/// other side is not understood. That the backend could not be opened is the other side's to tell.
pub fn serve(profile: &Profile, open: impl FnOnce() -> Result<Arc<dyn Backend>>) -> Result<()> {
    let input = io::stdin();
    if socket_type(&input).ok() != Some(SocketType::SEQPACKET) {
        return Err(Error::unavailable("this is started by a program, and answers to that alone"));
    }
    let refused = |error: io::Error| {
        Error::unavailable("the system refused what a worker process needs").with_source(error)
    };
    let lost = |error: io::Error| {
        Error::internal("what the other side of a worker process says is not understood")
            .with_source(error)
    };
    // First of all: it closes what this process has inherited.
    let begun = confine::begin(profile);
    let socket = WorkerSocket::new(input.as_fd().try_clone_to_owned().map_err(refused)?);
    let opened = open().and_then(|backend| Ok((backend, confine::finish(profile, begun)?)));
    let (backend, outcome) = match opened {
        Ok((backend, confinement)) => (Some(backend), Ok(Reply::Ready(confinement))),
        Err(error) => (None, Err(WireError::from(error))),
    };
    socket.send(&Said::Answer(0, outcome)).map_err(lost)?;
    let Some(backend) = backend else {
        // The other side reads the reason, and goes.
        let _ = socket.receive::<Ask>();
        return Ok(());
    };
    let threads = ThreadPool::builder().pool_size(THREADS).name_prefix("godwit-worker-").create();
    let server = Arc::new(Server::new(socket, backend, threads.map_err(refused)?));
    while let Some((ask, files)) = server.socket.receive::<Ask>().map_err(lost)? {
        server.take(ask, files);
    }
    Ok(())
}
