//! The CUDA backend: NVIDIA GPUs by tract's kernels, with NVIDIA's libraries loaded at run time.
//!
//! | question | answer |
//! |---|---|
//! | which GPUs are listed | every one of the machine, by NVML: `cuda:0`, `cuda:1`, ... in its order, and by UUID |
//! | which are driven | one a process, for tract keeps one device context: CUDA's first visible one; the others are refused by name |
//! | where does a run happen | on a lane: a thread with a CUDA stream of its own; a context stays on its lane |
//! | what is copied | a host input once over PCIe; an output when someone reads it; nothing between graphs on the GPU |
//! | what is it computed in | the model's own dtypes; TF32 only where a target asks for it |
//! | what runs on the processor | nothing, unless a target allows it; then the nodes are counted |
//! | when does a dropped run stop | between two operators |
//! | what can a bad model do | fail: a panic inside the libraries is caught and becomes an error |
//!
//! What was asked and what was answered is kept apart: [`probe`](self) gathers plain data, and what
//! follows from it is decided by functions of that data alone.

#![deny(missing_docs)]

mod backend;
mod driver;
mod engine;
mod environment;
mod fault;
mod options;
mod probe;

pub use backend::CudaBackend;
pub use engine::Traffic;
pub use environment::Environment;
pub use fault::{of_code, of_text};
pub use options::CudaOptions;
