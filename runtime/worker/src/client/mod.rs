//! The side that starts the process and stands for what runs there.

mod buffer;
mod call;
mod graph;
mod link;
mod process;
mod worker;

pub use worker::Worker;
