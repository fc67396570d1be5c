//! The process: answers for a backend until the other side is gone.

mod objects;
mod server;
mod tensors;

use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use futures::executor::ThreadPool;
use godwit_backend::{Backend, Error, Result};
use rustix::net::SocketType;
use rustix::net::sockopt::socket_type;

use self::server::Server;
use crate::peer::Peer;
use crate::wire::{Answer, Ask, Reply, WireError};

/// Runs, loads and reads in the making; what computes has threads of its own.
const THREADS: usize = 2;

/// Opens a backend and answers for it, on the socket that a [`Worker`](crate::Worker) has put in the place of
/// standard input. Returns when the other side is gone; the program ends then, whatever still runs.
///
/// # Errors
///
/// `Unavailable` when no worker has started this process, or the system refuses a thread; `Internal` when the
/// other side is not understood. That the backend could not be opened is the other side's to tell.
pub fn serve(open: impl FnOnce() -> Result<Arc<dyn Backend>>) -> Result<()> {
    let input = io::stdin();
    if socket_type(&input).ok() != Some(SocketType::SEQPACKET) {
        return Err(Error::unavailable("this is started by a program, and answers to that alone"));
    }
    let refused = |error: io::Error| {
        Error::unavailable("the system refused what a worker process needs").with_source(error)
    };
    let socket = input.as_fd().try_clone_to_owned().map_err(refused)?;
    let peer = Arc::new(Peer::new(socket).map_err(refused)?);
    let threads = ThreadPool::builder().pool_size(THREADS).name_prefix("godwit-worker-").create();
    let threads = threads.map_err(refused)?;
    let lost = |error: io::Error| {
        Error::internal("what the other side of a worker process says is not understood")
            .with_source(error)
    };
    let (backend, outcome) = match open() {
        Ok(backend) => (Some(backend), Ok(Reply::Ready)),
        Err(error) => (None, Err(WireError::from(error))),
    };
    peer.send(&Answer { call: 0, outcome }).map_err(lost)?;
    let server = backend.map(|backend| Arc::new(Server::new(peer.clone(), backend, threads)));
    while let Some(ask) = peer.receive::<Ask>().map_err(lost)? {
        if let Some(server) = &server {
            server.take(ask).map_err(lost)?;
        }
    }
    Ok(())
}
