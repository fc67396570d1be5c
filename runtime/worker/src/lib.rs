//! A backend in a process of its own: a library that is not trusted, or that drives one device a process.
//!
//! | name | is |
//! |---|---|
//! | [`Worker`] | the backend that starts the process and stands for what runs there |
//! | [`Profile`] | what the process is confined to |
//! | [`WorkerPerDevice`] | a backend with a worker for each device that its process cannot drive |
//! | [`serve()`] | what the process does: answers for a backend until the other side is gone |
//! | [`again()`] | the command that starts this same program |
//!
//! The two sides share a socket and memory, all of which the host makes. A model goes to the process in shared memory.
//! A context has memory for inputs, for outputs, and a slot: the host writes inputs and rings, a thread of the process
//! runs and rings back. A short run is waited for on the caller's thread; the end of a longer one is told by a message.
//! Outputs that stay on the device stay there: the host holds a number.
//!
//! The process is not trusted once it has read a model. Whatever it says is checked against what the host knows; one
//! that breaks the protocol, or goes on 50 ms after it was told to stop, is killed. When it ends, whatever it was asked
//! gets `DeviceLost`, and the next load starts another one. A model that was alone at work when the process ended is
//! refused for a while, and a run's end is held against its tenant alone. The process ends when the side that started
//! it does, however that ends.
//!
//! It needs Linux: elsewhere a [`Worker`] is unavailable and says so.

#![deny(missing_docs)]

#[cfg(target_os = "linux")]
mod again;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod confine;
mod limits;
mod lock;
mod profile;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod shared;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(target_os = "linux")]
mod sys;
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
pub use confine::try_out;
pub use limits::Limits;
pub use profile::{Confinement, Profile, SystemCalls};
#[cfg(target_os = "linux")]
pub use serve::serve;
#[cfg(not(target_os = "linux"))]
pub use unsupported::{Worker, again, serve, try_out};
pub use worker_per_device::WorkerPerDevice;
