//! The values that options take.

mod device;
mod dir;
mod env;
mod isolate;
mod library;
mod model;
mod time;

pub(crate) use device::{DeviceOption, ServiceOption};
pub(crate) use dir::DirOption;
pub(crate) use env::EnvOption;
pub(crate) use isolate::Isolated;
pub(crate) use library::{Libraries, LibraryOption};
pub(crate) use model::{ModelOption, ModelSource};
pub(crate) use time::timeout;
