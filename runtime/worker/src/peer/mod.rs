//! One end of the connection: messages over a socket, bytes in shared memory.
//!
//! A packet that is a message begins with its tag and the numbers of the segments that are given back with it,
//! each of eight bytes, after their count in two; the rest is JSON. To give back with the next message costs
//! nobody a wake-up.

mod mapping;
mod outbox;
mod segments;

use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard};

use godwit_backend::Error;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, Shutdown, recvmsg, shutdown,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::mapping::Mapping;
use self::outbox::{Outbox, Packet};
use self::segments::SegmentPool;
pub(crate) use self::segments::{Lease, Loaned};
use crate::lock::lock;
use crate::wire::Span;

/// The longest packet; a longer message lies in a segment.
const LONGEST: usize = 32 << 10;

/// What a packet is, in its first byte.
mod tag {
    pub(super) const MESSAGE: u8 = b'm';
    pub(super) const LONG_MESSAGE: u8 = b'l';
    pub(super) const NEW_SEGMENT: u8 = b'n';
    pub(super) const FORGET: u8 = b'f';
}

#[derive(Debug)]
pub(crate) struct Peer {
    socket: Arc<OwnedFd>,
    outbox: Arc<Outbox>,
    /// The segments of this side.
    own: Arc<SegmentPool>,
    /// Those of the other side.
    theirs: Mutex<HashMap<u64, Arc<Mapping>>>,
    /// Where a packet is read into.
    buffer: Mutex<Box<[u8]>>,
}

impl Peer {
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        let socket = Arc::new(socket);
        let outbox = Outbox::start(socket.clone())?;
        let own = Arc::new(SegmentPool::new(outbox.clone()));
        let buffer = Mutex::new(vec![0; LONGEST + 1].into());
        Ok(Self { socket, outbox, own, theirs: Mutex::default(), buffer })
    }

    /// Room for `len` bytes that the next message can lend.
    pub(crate) fn lease(&self, len: usize) -> io::Result<Lease> {
        SegmentPool::lease(&self.own, len)
    }

    /// Sends a message, in the order of the calls. That the other side is gone is learned by receiving.
    pub(crate) fn send(&self, message: &impl Serialize) -> io::Result<()> {
        let mut bytes = self.outbox.head(tag::MESSAGE);
        let head = bytes.len();
        serde_json::to_writer(&mut bytes, message)?;
        if bytes.len() > LONGEST {
            let text = bytes.split_off(head);
            let mut lease = self.lease(text.len())?;
            let span = lease.put(&text)?;
            lease.lend();
            if let Some(tag) = bytes.first_mut() {
                *tag = tag::LONG_MESSAGE;
            }
            serde_json::to_writer(&mut bytes, &span)?;
        }
        self.outbox.send(Packet { bytes, file: None });
        Ok(())
    }

    /// The next message; none when the other side is gone. What concerns segments is seen to on the way.
    pub(crate) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<T>> {
        let mut buffer = lock(&self.buffer);
        loop {
            let Some((bytes, file)) = self.packet(&mut buffer)? else { return Ok(None) };
            let (&kind, body) = bytes.split_first().ok_or(io::ErrorKind::InvalidData)?;
            match (kind, file) {
                (tag::MESSAGE, None) => {
                    return Ok(Some(serde_json::from_slice(self.take_back(body)?)?));
                }
                (tag::LONG_MESSAGE, None) => {
                    let span = serde_json::from_slice(self.take_back(body)?)?;
                    let loaned = self.claim(&span)?;
                    let mut text = vec![0; loaned.len()];
                    loaned.copy_to(&mut text);
                    return Ok(Some(serde_json::from_slice(&text)?));
                }
                (tag::NEW_SEGMENT, Some(file)) => {
                    let mapping = Arc::new(Mapping::of(&file)?);
                    self.theirs().insert(number(body)?, mapping);
                }
                (tag::FORGET, None) => drop(self.theirs().remove(&number(body)?)),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }

    /// Takes back what a message gives back, and gives the rest of it.
    fn take_back<'a>(&self, body: &'a [u8]) -> io::Result<&'a [u8]> {
        let wrong = || io::Error::from(io::ErrorKind::InvalidData);
        let (count, rest) = body.split_first_chunk::<2>().ok_or_else(wrong)?;
        let count = usize::from(u16::from_le_bytes(*count));
        let (numbers, rest) = rest.split_at_checked(count * 8).ok_or_else(wrong)?;
        numbers.chunks_exact(8).try_for_each(|id| number(id).map(|id| self.own.take_back(id)))?;
        Ok(rest)
    }

    fn packet<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<(&'a [u8], Option<OwnedFd>)>> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let got = loop {
            let mut parts = [IoSliceMut::new(buffer)];
            match recvmsg(&self.socket, &mut parts, &mut beside, RecvFlags::CMSG_CLOEXEC) {
                Err(rustix::io::Errno::INTR) => {}
                // It went with something unread of ours.
                Err(rustix::io::Errno::CONNRESET) => return Ok(None),
                other => break other?,
            }
        };
        let file = beside.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut files) => files.next(),
            _ => None,
        });
        if got.bytes == 0 {
            return Ok(None);
        }
        if got.flags.contains(ReturnFlags::TRUNC) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Some((buffer.get(..got.bytes).unwrap_or_default(), file)))
    }

    /// The bytes of a span, until they are dropped. Each span of a message is claimed once.
    pub(crate) fn claim(&self, span: &Span) -> io::Result<Loaned> {
        let mapping = self.theirs().get(&span.segment).cloned();
        let mapping = mapping.ok_or(io::ErrorKind::InvalidData)?;
        Loaned::new(mapping, span, self.outbox.clone()).ok_or(io::ErrorKind::InvalidData.into())
    }

    /// Ends the connection: both sides receive its end.
    pub(crate) fn hang_up(&self) {
        // It fails where the connection has ended already.
        let _ = shutdown(self.socket.as_fd(), Shutdown::Both);
        self.outbox.close();
    }

    fn theirs(&self) -> MutexGuard<'_, HashMap<u64, Arc<Mapping>>> {
        lock(&self.theirs)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// Why nothing more can be lent.
pub(crate) fn no_memory(error: io::Error) -> Error {
    Error::out_of_memory("the host has no memory left to share").with_source(error)
}

fn number(body: &[u8]) -> io::Result<u64> {
    let bytes = body.try_into().map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests;
