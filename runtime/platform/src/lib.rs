//! The composition root: what a program that hosts inference is put together from.
//!
//! [`PlatformOptions`] say what: libraries, families in worker processes, services, policies. [`Platform`] opens
//! it, and says what is absent and why. [`ModelSet`] reads the models of an app and puts them on its devices.
//!
//! ```no_run
//! use godwit_platform::{Platform, PlatformOptions};
//! use godwit_policy::{AdmissionLimits, Ledger};
//!
//! let platform = Platform::open(&PlatformOptions::single_app());
//! let backend = platform.tenant(AdmissionLimits::default(), &Ledger::new());
//! ```
//!
//! A program that opens a platform must be able to be its worker: see [`serve_worker`].
#![deny(missing_docs)]

mod absent;
pub mod config;
mod error;
mod family;
pub mod files;
mod isolation;
mod model_set;
pub mod models;
mod options;
pub mod own;
mod platform;
mod process;
mod remote;
mod worker;

pub use absent::{AbsentFamily, LoadedLibrary};
pub use error::{PlatformError, PlatformErrorKind, Result};
pub use family::{FAMILIES, Family};
pub use isolation::Isolation;
pub use model_set::ModelSet;
pub use models::{ModelSource, ModelSpec};
pub use options::{FamilyOptions, Libraries, PlatformOptions};
pub use platform::Platform;
pub use process::prepare_process;
pub use remote::{Cost, Endpoint, REMOTE, Readiness, ServiceState, ServiceUsage, Services};
pub use worker::{TRY_OUT, again, confinement, serve_worker, try_out_confinement};

pub use godwit_worker::Confinement;

/// The device for whatever names none.
pub const DEFAULT_DEVICE: &str = "cpu:0";
