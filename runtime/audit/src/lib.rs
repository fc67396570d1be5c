//! What a component asks for, and which devices of a fleet can give it.
//!
//! Nothing is run and no device is touched here: this crate reads files.
//!
//! - [`App`]: the functions of wasi-nn that a component or core module calls, and the text it carries.
//! - [`Needs`]: what a model asks of a device, with the memory it will take as an [`Estimate`].
//! - [`Fleet`]: machines and their devices, from a TOML file.
//! - [`judge()`]: whether such a device can run such a model, and why not. It says `Unsure` where the file
//!   leaves something open, never `Yes`.

#![deny(missing_docs)]

mod app;
mod engines;
mod estimate;
mod fleet;
mod judge;
mod needs;

pub use app::App;
pub use estimate::Estimate;
pub use fleet::{Fleet, FleetDevice, FleetMachine};
pub use judge::{Answer, Opinion, judge};
pub use needs::Needs;
