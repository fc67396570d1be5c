//! Everything that calls into the library. What is unsafe about the backend is in here.

#![allow(unsafe_code, reason = "the library is C: these modules are its boundary")]

/// Calls one function of the library's table and turns its status into a `Result`.
macro_rules! call {
    ($method:ident($($argument:expr),* $(,)?)) => {
        ort::Error::<()>::result_from_status((ort::api().$method)($($argument),*))
    };
}

mod arena;
mod binding;
mod exit;
mod external;
mod library;
mod log;
mod placement;
mod provider;
mod run_options;
mod session;
mod session_options;
mod text;
mod value;

pub(crate) use binding::Binding;
pub(crate) use external::ExternalFile;
pub(crate) use library::{Library, ProcessOptions};
pub(crate) use placement::Placement;
pub(crate) use run_options::{RunOptions, TerminateOnDrop};
pub(crate) use session::{Port, Ports, Session};
pub(crate) use session_options::{CancelLoadOnDrop, SessionOptions, Threads};
pub(crate) use value::{Owned, Value};

/// What the library said, for the operator.
pub(crate) type Fault = ort::Error;

pub(crate) type Outcome<T> = std::result::Result<T, Fault>;
