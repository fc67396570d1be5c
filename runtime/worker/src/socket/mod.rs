//! Messages over a socket of packets: JSON, cut where it is longer than a packet. Files travel one way, from the host
//! to its worker, with the last packet of a message.

mod host;
mod worker;

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;

pub(crate) use self::host::{Event, HostSocket, Inbox};
pub(crate) use self::worker::WorkerSocket;

/// The longest packet.
const PACKET: usize = 32 << 10;

/// Files that go with one message, at most.
pub(crate) const FILES: usize = 64;

/// What a packet begins with.
const CONTINUED: u8 = b'c';
const LAST: u8 = b'e';

/// The packets of a message.
fn packets(message: &impl Serialize) -> io::Result<Vec<Vec<u8>>> {
    let text = serde_json::to_vec(message)?;
    let chunks = text.chunks(PACKET - 1);
    let last = chunks.len().saturating_sub(1);
    let packet = |(index, chunk): (usize, &[u8])| {
        let tag = if index == last { LAST } else { CONTINUED };
        std::iter::once(tag).chain(chunk.iter().copied()).collect()
    };
    Ok(chunks.enumerate().map(packet).collect())
}

/// Puts packets together again.
#[derive(Debug)]
struct Assembly {
    text: Vec<u8>,
    /// Bytes that a message may have.
    most: usize,
}

impl Assembly {
    fn new(most: usize) -> Self {
        Self { text: Vec::new(), most }
    }

    /// Takes a packet, and gives the message that it was the last of.
    fn take(&mut self, packet: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let (&tag, text) = packet.split_first().ok_or(io::ErrorKind::InvalidData)?;
        if self.text.len() + text.len() > self.most {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
        }
        self.text.extend_from_slice(text);
        match tag {
            CONTINUED => Ok(None),
            LAST => Ok(Some(std::mem::take(&mut self.text))),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn send(
    socket: impl AsFd,
    packet: &[u8],
    files: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(Errno::INVAL);
    }
    loop {
        let parts = [IoSlice::new(packet)];
        match sendmsg(&socket, &parts, &mut beside, flags | SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            other => return other.map(|_| ()),
        }
    }
}

/// A packet and the files with it; none of either when the other side is gone.
fn receive(
    socket: impl AsFd,
    buffer: &mut [u8],
    files: &mut Vec<OwnedFd>,
    flags: RecvFlags,
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let got = loop {
        let mut parts = [IoSliceMut::new(buffer)];
        match recvmsg(&socket, &mut parts, &mut beside, flags | RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            // It went with something unread of ours.
            Err(Errno::CONNRESET) => return Ok(0),
            other => break other?,
        }
    };
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(given) = message {
            files.extend(given);
        }
    }
    if got.flags.contains(ReturnFlags::TRUNC) {
        return Err(Errno::MSGSIZE);
    }
    Ok(got.bytes)
}

#[cfg(test)]
mod tests;
