//! The ROCm backend: AMD's GPUs by MIGraphX, whose C library is loaded at run time.
//!
//! | question | answer |
//! |---|---|
//! | where is the library | where [`Rocm::open`] is told; nothing is searched for |
//! | where does a run happen | on a worker thread, one run at a time on each compiled program |
//! | when does a dropped run stop | not before it ends; one that has not begun never does |
//! | what about free dimensions | a program is compiled for each size that comes, [`RocmOptions::programs`] are kept; a target's option `batches` compiles for some sizes beforehand |
//! | which precision | the model's own; another is asked for by the option `precision` |
//! | what is copied | host to GPU and back by page-locked memory; a tensor that is on the GPU stays; on `rocm-ref:0` each output once |
//! | what can a bad model do | fail on `rocm-ref:0`; on a GPU its kernels are AMD's, and trusted |

#![deny(missing_docs)]

mod answer;
mod backend;
mod batches;
mod cache;
mod compiled;
mod context;
mod devices;
mod dtype;
mod graph;
mod guards;
mod hip;
mod loaded_graph;
mod native;
mod options;
mod pool;
mod programs;
mod refusals;
mod resident;
mod run_target;
mod soundness;
mod sys;

pub use backend::Rocm;
pub use options::RocmOptions;
pub use refusals::{reference_refusals, refusals};
