//! Caller and worker on one processor: to wake a processor that sleeps costs more than the run of a small model.

use std::path::Path;

use crate::shared::ControlPage;
use crate::sys::Processors;

/// Where a worker's thread was put last.
#[derive(Debug)]
pub(super) struct Together {
    /// The processor that the worker's thread is bound to.
    bound: Option<usize>,
    /// Whether it is wanted, and has not been refused.
    is_wanted: bool,
}

/// The caller's thread stays where it is until this is dropped: the answer would wake it elsewhere.
pub(super) struct Stay(Processors);

impl Drop for Stay {
    fn drop(&mut self) {
        if let Err(error) = self.0.bind(0) {
            tracing::error!(%error, "a thread stays bound to one processor");
        }
    }
}

impl Together {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { bound: None, is_wanted }
    }

    /// Puts the worker's thread where the caller's is, and keeps the caller's there. Without effect where the system
    /// does not let it.
    pub(super) fn hold(&mut self, control: &ControlPage, process: u32) -> Option<Stay> {
        if !self.is_wanted {
            return None;
        }
        let before = Processors::of_this_thread().ok()?;
        let (index, here) = Processors::current().ok()?;
        if self.bound != Some(index) {
            let bound = worker_thread(control, process).map(|thread| here.bind(thread).is_ok());
            match bound {
                // It has not begun.
                None => return None,
                Some(false) => {
                    self.is_wanted = false;
                    return None;
                }
                Some(true) => self.bound = Some(index),
            }
        }
        here.bind(0).ok().map(|()| Stay(before))
    }

    /// Lets the worker's thread run anywhere again.
    pub(super) fn release(&mut self, control: &ControlPage, process: u32) {
        if self.bound.take().is_none() {
            return;
        }
        let thread = worker_thread(control, process);
        if let (Some(thread), Ok(all)) = (thread, Processors::of_this_thread()) {
            // A thread that has ended runs nowhere.
            let _ = all.bind(thread);
        }
    }
}

/// The thread that serves the slot, if it is one of the process: a worker could name any.
fn worker_thread(control: &ControlPage, process: u32) -> Option<i32> {
    let thread = control.thread().ok()??;
    Path::new(&format!("/proc/{process}/task/{thread}")).exists().then_some(thread)
}
