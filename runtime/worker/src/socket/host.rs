use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, shutdown};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Assembly, FILES, PACKET, packets};
use crate::lock::lock;

/// Bytes that a worker's message may have.
const LONGEST: usize = 8 << 20;

/// Packets that wait for a worker to read on, at most.
const WAITING: usize = 4096;

/// The host's end. Nobody waits to send: what the socket does not take is sent by whoever receives.
#[derive(Debug)]
pub(crate) struct HostSocket {
    socket: OwnedFd,
    /// Interrupts whoever receives.
    bell: OwnedFd,
    waiting: Mutex<VecDeque<Packet>>,
}

#[derive(Debug)]
struct Packet {
    bytes: Vec<u8>,
    files: Vec<OwnedFd>,
}

/// What there is to do for whoever receives.
#[derive(Debug)]
pub(crate) enum Event<T> {
    Message(T),
    /// The bell was rung, or the time is over.
    Awake,
    /// The worker is gone.
    End,
}

/// What was received so far.
#[derive(Debug)]
pub(crate) struct Inbox {
    buffer: Box<[u8]>,
    assembly: Assembly,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { buffer: vec![0; PACKET + 1].into(), assembly: Assembly::new(LONGEST) }
    }
}

impl HostSocket {
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { socket, bell, waiting: Mutex::default() })
    }

    /// Sends a message, in the order of the calls. That the worker is gone is learned by receiving.
    ///
    /// # Errors
    ///
    /// When the message cannot be said, or the worker reads none.
    pub(crate) fn send(&self, message: &impl Serialize, files: Vec<OwnedFd>) -> io::Result<()> {
        if files.len() > FILES {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut all: VecDeque<Packet> = packets(message)?
            .into_iter()
            .map(|bytes| Packet { bytes, files: Vec::new() })
            .collect();
        if let Some(last) = all.back_mut() {
            last.files = files;
        }
        let mut waiting = lock(&self.waiting);
        if waiting.len() + all.len() > WAITING {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the worker reads nothing"));
        }
        let was_empty = waiting.is_empty();
        waiting.append(&mut all);
        if was_empty && !self.flush(&mut waiting) {
            self.ring();
        }
        Ok(())
    }

    /// Sends what the socket takes. Says whether that was all.
    fn flush(&self, waiting: &mut VecDeque<Packet>) -> bool {
        while let Some(Packet { bytes, files }) = waiting.front() {
            let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
            match super::send(&self.socket, bytes, &files, SendFlags::DONTWAIT) {
                Err(Errno::AGAIN) => return false,
                // Whoever receives learns that the worker is gone.
                _ => drop(waiting.pop_front()),
            }
        }
        true
    }

    /// Interrupts whoever receives.
    pub(crate) fn ring(&self) {
        // It fails when it was rung already.
        let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
    }

    /// Waits for a message, the bell or the time, whichever is first. For one thread.
    ///
    /// # Errors
    ///
    /// When the worker's words are not understood.
    pub(crate) fn receive<T: DeserializeOwned>(
        &self,
        inbox: &mut Inbox,
        until: Option<Instant>,
    ) -> io::Result<Event<T>> {
        loop {
            let mut files = Vec::new();
            match super::receive(&self.socket, &mut inbox.buffer, &mut files, RecvFlags::DONTWAIT) {
                Ok(0) => return Ok(Event::End),
                // A worker has no file to give.
                Ok(_) if !files.is_empty() => return Err(io::ErrorKind::InvalidData.into()),
                Ok(len) => {
                    let packet = inbox.buffer.get(..len).unwrap_or_default();
                    if let Some(text) = inbox.assembly.take(packet)? {
                        return Ok(Event::Message(serde_json::from_slice(&text)?));
                    }
                }
                Err(Errno::AGAIN) => {
                    if self.poll(until)? {
                        return Ok(Event::Awake);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the bell was rung or the time is over.
    fn poll(&self, until: Option<Instant>) -> io::Result<bool> {
        let is_sent = {
            let mut waiting = lock(&self.waiting);
            self.flush(&mut waiting)
        };
        let wanted = if is_sent { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let mut ready = [PollFd::new(&self.socket, wanted), PollFd::new(&self.bell, PollFlags::IN)];
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.map(timespec);
        match poll(&mut ready, timeout.as_ref()) {
            Ok(0) => return Ok(true),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_rung = ready.iter().skip(1).any(|bell| !bell.revents().is_empty());
        if is_rung {
            let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        }
        Ok(is_rung)
    }

    /// Ends the connection: both sides receive its end.
    pub(crate) fn hang_up(&self) {
        // It fails where the connection has ended already.
        let _ = shutdown(&self.socket, Shutdown::Both);
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
