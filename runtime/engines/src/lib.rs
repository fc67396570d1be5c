//! Native engine libraries: where they are found on a machine, and how the pinned releases are installed.
//!
//! An engine is a library that a backend loads at run time, such as OpenVINO's. This crate knows the
//! files it consists of, looks for them ([`find()`]), and fetches a release known to work ([`install()`]).
//! It loads nothing: what it finds is a path, which [`Found::check`] compares with what was installed there.
//!
//! ```no_run
//! let found = godwit_engines::find(&godwit_engines::OPENVINO, None)?;
//! println!("{} in {}", found.path.display(), found.place);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod elf;
mod engine;
mod environment;
mod error;
mod find;
mod folder;
mod install;
mod intact;
mod library;
mod migraphx;
mod onnxruntime;
mod openvino;
mod pip;
mod place;
mod platform;
mod release;
mod staging;
mod system;
#[cfg(test)]
mod tests;
mod unpack;
mod version;

pub use engine::{ENGINES, Engine, FINDABLE};
pub use environment::{Environment, NoFolder};
pub use error::InstallError;
pub use find::{Absent, Found, find, find_in};
pub use folder::{Installed, installed, remove};
pub use install::{InstallOptions, Progress, Step, install};
pub use intact::Altered;
pub use migraphx::MIGRAPHX;
pub use onnxruntime::ONNXRUNTIME;
pub use openvino::OPENVINO;
pub use place::{Outcome, Place, Source};
pub use platform::{Arch, Os, Platform};
pub use release::{Release, Wheel};
pub use version::Version;
