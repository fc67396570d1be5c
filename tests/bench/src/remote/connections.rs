//! A forwarder in front of a server that counts who connects.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

pub(super) struct Forwarder {
    port: u16,
    opened: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Forwarder {
    pub(super) fn start(runtime: &Runtime, upstream: u16) -> Result<Self> {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let port = listener.local_addr()?.port();
        let opened = Arc::new(AtomicUsize::new(0));
        let count = opened.clone();
        let task = runtime.spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", upstream)).await {
                        // Either side may end it.
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Ok(Self { port, opened, task })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
    }
}
