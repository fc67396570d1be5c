//! The values that options take.

mod device;
mod dir;
mod env;
mod library;
mod model;

pub(crate) use device::{DeviceOption, ServiceOption};
pub(crate) use dir::DirOption;
pub(crate) use env::EnvOption;
pub(crate) use library::{Libraries, LibraryOption};
pub(crate) use model::{ModelOption, ModelSource};
