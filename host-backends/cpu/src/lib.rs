//! The CPU backend: ONNX models on the host's processor, by the tract library.
//!
//! | question | answer |
//! |---|---|
//! | where does a run happen | on the caller's thread while runs are short, else on a worker; see [`CpuOptions::inline_under`] |
//! | how many threads compute | all of them for a run that is alone on the machine, one for each of several |
//! | does the number of threads change the answer | no, not by a bit |
//! | when does a dropped run stop | between two operators |
//! | what is copied | each input once (tract owns its tensors' memory); outputs are not copied |
//! | what can a bad model do | fail: a panic inside the library is caught and becomes an error |

mod backend;
mod compile;
mod context;
mod cores;
mod evaluate;
mod footprint;
mod graph;
mod loaded_graph;
mod options;
mod probe;

pub use backend::CpuBackend;
pub use options::CpuOptions;
