//! The ONNX Runtime backend: one device for each execution provider of the library loaded at run time.
//!
//! | question | answer |
//! |---|---|
//! | which library | the one at the path that [`OnnxRuntime::open`] is given; one a process, never unloaded |
//! | where does a run happen | on the caller's thread while runs are short, else on a worker; see [`OrtOptions::inline_under`] |
//! | how many threads compute | those of the process, shared, unless a target's option `threads` gives the graph its own |
//! | when does a dropped run stop | between two operators, also inside a loop |
//! | what is copied | nothing; an input that is not aligned for its dtype once (`godwit_ort_copied_bytes_total`) |
//! | who allocates outputs | the caller's memory where shapes follow from the inputs', else the library, whose tensor is adopted (`godwit_ort_adopted_outputs_total`) |
//! | what can a bad model do | fail; its weights elsewhere are read only from a folder that was granted |

#![deny(missing_docs)]

mod backend;
mod context;
mod devices;
mod dtype;
mod faults;
mod graph;
mod load;
mod loaded_graph;
mod native;
mod options;
mod pool;
mod ports;
mod probe;
mod providers;
mod refusals;

pub use backend::OnnxRuntime;
pub use options::OrtOptions;
pub use refusals::refusals;
