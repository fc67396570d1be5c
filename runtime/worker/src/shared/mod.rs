//! What two processes share: memory, and the slot by which a run goes from one thread to another.

mod memory;
mod slot;

pub(crate) use self::memory::SharedMemory;
pub(crate) use self::slot::{Answered, ControlPage, next};
