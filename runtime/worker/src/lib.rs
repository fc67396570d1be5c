//! A backend in a process of its own.
//!
//! Two things ask for it. Some libraries drive one device a process: each further GPU needs a process. And
//! some end their process when a model displeases them: in a process of its own such a library takes along
//! what runs on its device and nothing else.
//!
//! | here | is |
//! |---|---|
//! | [`Worker`] | the backend that starts the process and stands for what runs there |
//! | [`WorkerPerDevice`] | a backend with a worker for each device that its process cannot drive |
//! | [`serve()`] | what the process does: answers for a backend until the other side is gone |
//! | [`again()`] | the command that starts this same program |
//!
//! The two sides share a socket and memory. Tensors and models lie in segments of shared memory that a
//! message lends and the reader gives back, so an input is copied once and is then used where it is. Outputs
//! that stay on the device stay there: the other side holds a number.
//!
//! When the process ends, whatever it was asked gets `DeviceLost`, and the next load starts another one. A
//! model that was alone at work when the process ended is not loaded again. The process ends when the side that
//! started it does, however that ends.
//!
//! It needs Linux: elsewhere a [`Worker`] is unavailable and says so.

#![deny(missing_docs)]

#[cfg(target_os = "linux")]
mod again;
#[cfg(target_os = "linux")]
mod client;
mod lock;
#[cfg(target_os = "linux")]
mod peer;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(not(target_os = "linux"))]
mod unsupported;
#[cfg(target_os = "linux")]
mod wire;
mod worker_per_device;

#[cfg(target_os = "linux")]
pub use again::again;
#[cfg(target_os = "linux")]
pub use client::Worker;
#[cfg(target_os = "linux")]
pub use serve::serve;
#[cfg(not(target_os = "linux"))]
pub use unsupported::{Worker, again, serve};
pub use worker_per_device::WorkerPerDevice;
