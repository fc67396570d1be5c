//! ONNX models for the tract library: what the backends built on it share.
//!
//! [`read()`] makes a model of tract's from the bytes of an ONNX file, with every dtype and shape settled,
//! or refuses it in words that name the device. Compiling it for that device is the backend's part, as is a
//! thread with [`READER_STACK`] bytes of stack to read on.
//! [`guarded`] keeps the library's panics inside, [`tensors`] crosses between the contract's tensors and
//! tract's.

#![deny(missing_docs)]

mod analyse;
mod dtype;
mod ended;
mod guard;
mod read;
mod signature;
mod survey;
mod symbolic;
pub mod tensors;

pub use dtype::{CARRIED, of as dtype};
pub use ended::{Early, failed};
pub use guard::{guarded, said};
pub use read::{Typed, is_shape_determined, read};
pub use signature::{Names, signature};
pub use symbolic::READER_STACK;

/// The version of tract that is built in.
pub const VERSION: &str = "0.23.9";

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_one_that_is_built_in() {
        let pins = include_str!("../../../Cargo.toml");
        for name in ["tract-onnx", "tract-gpu"] {
            assert!(pins.contains(&format!("{name} = \"={}\"", super::VERSION)), "{name}");
        }
    }
}
