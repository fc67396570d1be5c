//! The CUDA backend: NVIDIA GPUs by tract's kernels, with NVIDIA's libraries loaded at run time.
//!
//! | question | answer |
//! |---|---|
//! | which GPUs are listed | all of the machine, by NVML: `cuda:0`, `cuda:1`, ... in its order, and by UUID |
//! | which GPU is used | CUDA's first visible one: tract has one device context per process; the others are refused |
//! | where does a run execute | on a stream: a thread with its own CUDA stream; a context stays on its stream |
//! | what is copied | a host input once over PCIe; an output when it is read; nothing between graphs on the GPU |
//! | which dtype is computed in | the model's own; TF32 only if a target asks for it |
//! | what runs on the CPU | nothing, unless a target allows it; then the operators are counted |
//! | when does a cancelled run stop | between two operators |
//! | what can a bad model do | fail: a panic inside the libraries is caught and becomes an error |
//!
//! The probe gathers plain data from the libraries; decisions are functions of that data alone.

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
