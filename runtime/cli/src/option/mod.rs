//! The values that options take.

mod device;
mod dir;
mod env;
mod library;
mod model;
mod size;
mod time;

pub(crate) use device::{DeviceOption, ServiceOption};
pub(crate) use dir::{check_dir, dir};
pub(crate) use env::env;
pub(crate) use library::library;
pub(crate) use model::model;
pub(crate) use size::size;
pub(crate) use time::timeout;
