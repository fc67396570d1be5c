//! The side that starts a process and stands for what runs there.

mod blame;
mod buffer;
mod call;
mod channel;
mod context;
mod graph;
mod link;
mod process;
mod reader;
mod run;
mod together;
mod worker;

use std::fmt;

use godwit_backend::Error;

pub use self::worker::Worker;

/// Why nothing more can be shared.
fn no_memory(error: std::io::Error) -> Error {
    Error::out_of_memory("the host has no memory left to share").with_source(error)
}

/// Why something cannot be asked for.
fn unsaid(error: impl fmt::Display) -> Error {
    Error::too_large("a run has too many tensors to be asked for").with_source(error.to_string())
}
