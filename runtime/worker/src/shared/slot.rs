//! The slot of a context: a request goes from the caller's thread to the one that runs it, and the answer back, past
//! any reader or dispatcher.
//!
//! A word is `sequence << 1 | ASLEEP`. One side writes the sequence; the other adds `ASLEEP` before it sleeps on the
//! word, so that nobody wakes one who is awake. Whatever a worker writes there, its host gets an error or waits no
//! longer than it meant to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::SharedMemory;
use crate::sys::{futex_wait, futex_wake};

/// Where things lie. Each word has a cache line of its own.
const REQUEST: usize = 0;
const ANSWER: usize = 64;
/// The host's: whether it wants a message when the answer is there.
const NOTIFY: usize = 128;
/// The host's: the sequence that nobody waits for any more.
const CANCELLED: usize = 192;
/// The worker's: the number of the thread that serves the slot.
const THREAD: usize = 384;
const REQUEST_LEN: usize = 256;
const ANSWER_LEN: usize = 320;
const TEXT: usize = 4096;

const ASLEEP: u32 = 1;
const SEQUENCES: u32 = u32::MAX >> 1;

/// The page of one context. Both sides have the same, and each writes its own part.
#[derive(Debug, Clone)]
pub(crate) struct ControlPage {
    memory: Arc<SharedMemory>,
    /// Bytes that a request or an answer may have.
    text: usize,
}

/// What the word of the other side says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Yes,
    NotYet,
}

impl ControlPage {
    /// The length of a page whose requests and answers have `text` bytes at most.
    pub(crate) fn len_for(text: usize) -> usize {
        TEXT + 2 * text.next_multiple_of(64)
    }

    pub(crate) fn new(memory: SharedMemory) -> io::Result<Self> {
        let text = memory.len().checked_sub(TEXT).ok_or(io::ErrorKind::InvalidData)? / 2;
        Ok(Self { memory: Arc::new(memory), text })
    }

    /// Tells which thread serves the slot, as the worker.
    pub(crate) fn set_thread(&self, thread: i32) -> io::Result<()> {
        self.word(THREAD)?.store(thread.cast_unsigned(), Ordering::SeqCst);
        Ok(())
    }

    /// What the worker says is the thread that serves the slot; none before it has begun.
    pub(crate) fn thread(&self) -> io::Result<Option<i32>> {
        let thread = self.word(THREAD)?.load(Ordering::SeqCst).cast_signed();
        Ok((thread > 0).then_some(thread))
    }

    /// Asks, as the host.
    pub(crate) fn ask(&self, sequence: u32, text: &[u8], notify: bool) -> io::Result<()> {
        self.word(NOTIFY)?.store(notify.into(), Ordering::SeqCst);
        self.put(TEXT, REQUEST_LEN, text)?;
        publish(self.word(REQUEST)?, sequence);
        Ok(())
    }

    /// The request of this sequence, as the worker, which waits until it is there or `is_over`.
    pub(crate) fn request(
        &self,
        sequence: u32,
        is_over: impl Fn() -> bool,
    ) -> io::Result<Option<Vec<u8>>> {
        let word = self.word(REQUEST)?;
        while look(word, sequence)? == Answered::NotYet {
            if is_over() {
                return Ok(None);
            }
            sleep(word, sequence, None)?;
        }
        self.get(TEXT, REQUEST_LEN).map(Some)
    }

    /// Wakes a worker's thread that waits for a request.
    pub(crate) fn interrupt(&self) -> io::Result<()> {
        futex_wake(self.word(REQUEST)?);
        Ok(())
    }

    /// Answers, as the worker. Says whether the host wants a message.
    pub(crate) fn answer(&self, sequence: u32, text: &[u8]) -> io::Result<bool> {
        self.put(TEXT + self.text, ANSWER_LEN, text)?;
        publish(self.word(ANSWER)?, sequence);
        Ok(self.word(NOTIFY)?.load(Ordering::SeqCst) != 0)
    }

    /// Waits for the answer for at most `patience`, as the host, whose thread is blocked so long.
    pub(crate) fn wait(&self, sequence: u32, patience: Duration) -> io::Result<Answered> {
        let word = self.word(ANSWER)?;
        let begun = Instant::now();
        loop {
            if look(word, sequence)? == Answered::Yes {
                return Ok(Answered::Yes);
            }
            let left = patience.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(Answered::NotYet);
            }
            sleep(word, sequence, Some(left))?;
        }
    }

    /// Wants a message when the answer is there, as the host, unless it is there already.
    pub(crate) fn notify(&self, sequence: u32) -> io::Result<Answered> {
        self.word(NOTIFY)?.store(1, Ordering::SeqCst);
        look(self.word(ANSWER)?, sequence)
    }

    /// Whether the answer is there.
    pub(crate) fn answered(&self, sequence: u32) -> io::Result<Answered> {
        look(self.word(ANSWER)?, sequence)
    }

    /// The answer that is there: a copy, for the worker may write on.
    pub(crate) fn reply(&self) -> io::Result<Vec<u8>> {
        self.get(TEXT + self.text, ANSWER_LEN)
    }

    /// Says that nobody waits any more, as the host.
    pub(crate) fn cancel(&self, sequence: u32) -> io::Result<()> {
        self.word(CANCELLED)?.store(sequence, Ordering::SeqCst);
        Ok(())
    }

    /// Whether nobody waits any more.
    pub(crate) fn is_cancelled(&self, sequence: u32) -> io::Result<bool> {
        Ok(self.word(CANCELLED)?.load(Ordering::SeqCst) == sequence)
    }

    fn word(&self, offset: usize) -> io::Result<&AtomicU32> {
        self.memory.word(offset)
    }

    fn put(&self, offset: usize, len: usize, text: &[u8]) -> io::Result<()> {
        if text.len() > self.text {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.memory.write(offset, text)?;
        let count = u32::try_from(text.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.word(len)?.store(count, Ordering::Release);
        Ok(())
    }

    fn get(&self, offset: usize, len: usize) -> io::Result<Vec<u8>> {
        let count = self.word(len)?.load(Ordering::Acquire) as usize;
        if count > self.text {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut text = vec![0; count];
        self.memory.read(offset, &mut text)?;
        Ok(text)
    }
}

/// The sequence after this one.
pub(crate) fn next(sequence: u32) -> u32 {
    sequence.wrapping_add(1) & SEQUENCES
}

fn before(sequence: u32) -> u32 {
    sequence.wrapping_sub(1) & SEQUENCES
}

fn publish(word: &AtomicU32, sequence: u32) {
    if word.swap(sequence << 1, Ordering::SeqCst) & ASLEEP != 0 {
        futex_wake(word);
    }
}

/// The only other sequence that the word may have is the one before.
fn look(word: &AtomicU32, sequence: u32) -> io::Result<Answered> {
    match word.load(Ordering::SeqCst) >> 1 {
        seen if seen == sequence => Ok(Answered::Yes),
        seen if seen == before(sequence) => Ok(Answered::NotYet),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Sleeps until the word changes, or somebody wakes it, or the time is over.
fn sleep(word: &AtomicU32, sequence: u32, patience: Option<Duration>) -> io::Result<()> {
    let awake = before(sequence) << 1;
    // It fails where the sequence is there, or the bit was left from before.
    let _ = word.compare_exchange(awake, awake | ASLEEP, Ordering::SeqCst, Ordering::SeqCst);
    futex_wait(word, awake | ASLEEP, patience)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn pages() -> (ControlPage, ControlPage) {
        let (memory, file) = SharedMemory::create(ControlPage::len_for(64)).unwrap();
        let there = SharedMemory::of_the_host(&file).unwrap();
        (ControlPage::new(memory).unwrap(), ControlPage::new(there).unwrap())
    }

    #[test]
    fn every_request_is_answered_once() {
        let (host, worker) = pages();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut sequence = 0;
                loop {
                    sequence = next(sequence);
                    let mut text = worker.request(sequence, || false).unwrap().unwrap();
                    text.reverse();
                    worker.answer(sequence, &text).unwrap();
                    if text == b"dne" {
                        return;
                    }
                }
            });
            let mut sequence = 0;
            for text in (0..10_000).map(|number: u32| number.to_string()).chain(["end".into()]) {
                sequence = next(sequence);
                host.ask(sequence, text.as_bytes(), false).unwrap();
                let patience = Duration::from_secs(20);
                assert_eq!(host.wait(sequence, patience).unwrap(), Answered::Yes);
                let mut reply = host.reply().unwrap();
                reply.reverse();
                assert_eq!(reply, text.as_bytes());
            }
        });
    }

    #[test]
    fn a_wait_ends_with_the_patience_of_who_waits() {
        let (host, _worker) = pages();
        host.ask(1, b"x", false).unwrap();
        let begun = Instant::now();
        assert_eq!(host.wait(1, Duration::from_millis(20)).unwrap(), Answered::NotYet);
        assert!(begun.elapsed() >= Duration::from_millis(20));
        assert_eq!(host.notify(1).unwrap(), Answered::NotYet);
    }

    #[test]
    fn a_worker_that_lies_is_found_out() {
        let (host, worker) = pages();
        assert!(host.ask(1, &[0; 65], false).is_err(), "a text that is too long");
        host.ask(1, b"x", false).unwrap();
        worker.memory.word(ANSWER).unwrap().store(7 << 1, Ordering::SeqCst);
        assert!(host.wait(1, Duration::ZERO).is_err() && host.notify(1).is_err());
        worker.answer(1, b"y").unwrap();
        worker.memory.word(ANSWER_LEN).unwrap().store(65, Ordering::SeqCst);
        assert_eq!(host.wait(1, Duration::ZERO).unwrap(), Answered::Yes);
        assert!(host.reply().is_err());
    }

    #[test]
    fn sequences_go_round() {
        let last = SEQUENCES;
        assert_eq!((next(last), before(0)), (0, last));
        let (host, worker) = pages();
        for page in [&host, &worker] {
            page.memory.word(REQUEST).unwrap().store(last << 1, Ordering::SeqCst);
        }
        host.ask(0, b"x", false).unwrap();
        assert_eq!(worker.request(0, || false).unwrap(), Some(b"x".to_vec()));
    }
}
