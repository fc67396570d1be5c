use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::lock::lock;

/// What is sent in one piece.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    pub(super) file: Option<OwnedFd>,
}

/// The way out: sends at once where there is room, and later where there is none, always in order.
///
/// Nobody waits in it. If both sides did, each for the other to read on, they would wait forever.
#[derive(Debug)]
pub(super) struct Outbox {
    socket: Arc<OwnedFd>,
    late: Mutex<Late>,
    changed: Condvar,
    /// Segments of the other side's that were read.
    backs: Mutex<Vec<u64>>,
}

/// Segments that are given back with one message, at most: it has to stay a packet.
const BACKS: usize = 1024;

#[derive(Debug, Default)]
struct Late {
    packets: VecDeque<Packet>,
    /// The thread has one in hand.
    is_sending: bool,
    is_closed: bool,
}

impl Outbox {
    pub(super) fn start(socket: Arc<OwnedFd>) -> io::Result<Arc<Self>> {
        let outbox = Arc::new(Self {
            socket,
            late: Mutex::default(),
            changed: Condvar::default(),
            backs: Mutex::default(),
        });
        let late = outbox.clone();
        thread::Builder::new().name("godwit-worker-out".into()).spawn(move || late.send_late())?;
        Ok(outbox)
    }

    /// Gives a segment back with the next message.
    pub(super) fn give_back(&self, id: u64) {
        self.backs().push(id);
    }

    /// The beginning of a message: its tag, and what is given back with it.
    pub(super) fn head(&self, tag: u8) -> Vec<u8> {
        let mut backs = self.backs();
        let count = backs.len().min(BACKS);
        let given = backs.drain(..count);
        let mut head = vec![tag];
        head.extend(u16::try_from(count).unwrap_or_default().to_le_bytes());
        head.extend(given.flat_map(u64::to_le_bytes));
        head
    }

    fn backs(&self) -> MutexGuard<'_, Vec<u64>> {
        lock(&self.backs)
    }

    pub(super) fn send(&self, packet: Packet) {
        let mut late = self.lock();
        if late.is_closed {
            return;
        }
        if late.packets.is_empty() && !late.is_sending {
            match self.put(&packet, SendFlags::DONTWAIT) {
                Err(Errno::AGAIN) => {}
                // Whoever receives learns that the other side is gone.
                _ => return,
            }
        }
        late.packets.push_back(packet);
        self.changed.notify_one();
    }

    fn send_late(&self) {
        let mut late = self.lock();
        loop {
            if late.is_closed {
                return;
            }
            let Some(packet) = late.packets.pop_front() else {
                late = self.changed.wait(late).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            late.is_sending = true;
            drop(late);
            let sent = self.put(&packet, SendFlags::empty());
            late = self.lock();
            late.is_sending = false;
            if sent.is_err() {
                late.is_closed = true;
                late.packets.clear();
            }
        }
    }

    fn put(&self, packet: &Packet, flags: SendFlags) -> Result<(), Errno> {
        let files = packet.file.as_ref().map(AsFd::as_fd);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        if let Some(file) = &files {
            beside.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(file)));
        }
        let parts = [IoSlice::new(&packet.bytes)];
        loop {
            match sendmsg(&self.socket, &parts, &mut beside, flags | SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                other => return other.map(|_| ()),
            }
        }
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Late> {
        lock(&self.late)
    }
}
