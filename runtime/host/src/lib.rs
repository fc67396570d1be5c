//! The wasmtime side of Godwit: guests in, `wasi:nn` calls out to whatever backend they were given.
//!
//! ```text
//! Host            one a process: the engine, the linkers, the epoch clock
//!  └─ Program     one a workload: compiled and linked, so a missing import fails before the first run
//!      └─ run     one an invocation: a fresh store with its own limits and its own `Inference`
//! ```
//!
//! Two ABIs reach the same code: components that import `wasi:nn@0.2.0-rc-2024-10-28`, and core modules
//! that import `wasi_ephemeral_nn`. What a guest may load and which devices it may use is decided by the
//! [`Inference`] its store receives; nothing outside that value can be named by the guest.

mod compiler;
mod describe;
mod features;
mod host;
mod imports;
mod invocation;
mod limits;
mod nn;
mod program;
mod sealed;
mod store;
mod wasi;

pub use compiler::{Cache, CompilerProcess, serve_compiler};
pub use describe::{Description, Item, ProgramKind};
pub use host::{Host, HostOptions};
pub use invocation::{Dir, Exit, Invocation, Output, Stdio};
pub use limits::Limits;
pub use nn::{Inference, NnCtx, NnView, add_to_component_linker};
pub use program::Program;
pub use sealed::{Key, is_sealed};
