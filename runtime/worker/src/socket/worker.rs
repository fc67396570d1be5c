use std::io;
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use rustix::net::{RecvFlags, SendFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Assembly, PACKET, packets};
use crate::lock::lock;

/// Bytes that the host's message may have.
const LONGEST: usize = 64 << 20;

/// The worker's end. Its host always reads, so to send is to wait for a moment at most.
#[derive(Debug)]
pub(crate) struct WorkerSocket {
    socket: OwnedFd,
    sending: Mutex<()>,
}

impl WorkerSocket {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self { socket, sending: Mutex::default() }
    }

    pub(crate) fn send(&self, message: &impl Serialize) -> io::Result<()> {
        let packets = packets(message)?;
        let _whole = lock(&self.sending);
        for packet in packets {
            // Whoever receives learns that the host is gone.
            let _ = super::send(&self.socket, &packet, &[], SendFlags::empty());
        }
        Ok(())
    }

    /// The next message and the files with it; none when the host is gone. For one thread.
    pub(crate) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut buffer = vec![0; PACKET + 1];
        let (mut assembly, mut files) = (Assembly::new(LONGEST), Vec::new());
        loop {
            match super::receive(&self.socket, &mut buffer, &mut files, RecvFlags::empty())? {
                0 => return Ok(None),
                len => {
                    let packet = buffer.get(..len).unwrap_or_default();
                    if let Some(text) = assembly.take(packet)? {
                        return Ok(Some((serde_json::from_slice(&text)?, files)));
                    }
                }
            }
        }
    }
}
