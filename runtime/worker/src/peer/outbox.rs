use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

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
}

#[derive(Debug, Default)]
struct Late {
    packets: VecDeque<Packet>,
    /// The thread has one in hand.
    is_sending: bool,
    is_closed: bool,
}

impl Outbox {
    pub(super) fn start(socket: Arc<OwnedFd>) -> io::Result<Arc<Self>> {
        let outbox = Arc::new(Self { socket, late: Mutex::default(), changed: Condvar::default() });
        let late = outbox.clone();
        thread::Builder::new().name("godwit-worker-out".into()).spawn(move || late.send_late())?;
        Ok(outbox)
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
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
