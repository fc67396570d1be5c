//! The OpenVINO backend: Intel's CPUs, GPUs and NPUs, by the OpenVINO library loaded at run time.
//!
//! | question | answer |
//! |---|---|
//! | where is the library | where [`OpenVino::open`] is told; nothing is searched for |
//! | which precision | the model's own; another is asked for by the option `precision` |
//! | where does a run happen | on the caller's thread while runs are short, else on the library's |
//! | when does a dropped run stop | at any time, but not inside one `Loop` or `If` |
//! | what is copied | tensors of up to 32 KiB, the first output of a shape that was not known before the run |
//! | what can a bad model do | fail; some keep the thread that loads them, see [`OpenVinoOptions::load_deadline`] |

#![deny(missing_docs)]

mod backend;
mod by_port;
mod cache;
mod context;
mod copied;
mod errors;
mod graph;
mod guards;
mod in_flight;
mod ir;
mod layers;
mod load;
mod loaded_graph;
mod loads;
mod options;
mod origins;
mod ov;
mod probe;
mod properties;
mod refusals;
mod staged;

pub use backend::OpenVino;
pub use options::OpenVinoOptions;
pub use refusals::refusals;
