//! A safe layer over MIGraphX: handles that free themselves, statuses that are errors.
//!
//! The library's C++ exceptions end inside it, each of its functions giving a status. What an exception
//! said goes to the process's standard error and nowhere else: a [`MigraphxError`] knows the function alone.
//!
//! Nothing of the library is documented to be safe to call from several threads. So a program is used by
//! one thread at a time (a run takes `&mut`), and everything that makes or changes a program happens
//! under one lock a process.
#![allow(unsafe_code, reason = "calls into the library")]

mod library;
mod program;

use std::fmt;

pub(crate) use library::Library;
pub(crate) use program::{Given, Output, Port, Program, Quantize, Settings};

/// A call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MigraphxError {
    pub(crate) call: &'static str,
    pub(crate) status: i32,
}

impl fmt::Display for MigraphxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} gave status {}; what MIGraphX said is on standard error",
            self.call, self.status
        )
    }
}

impl std::error::Error for MigraphxError {}

/// Calls a function of the table and turns its status into a result.
macro_rules! call {
    ($functions:expr, $name:ident($($arg:expr),* $(,)?)) => {
        match ($functions.$name)($($arg),*) {
            0 => Ok(()),
            status => Err($crate::native::MigraphxError { call: stringify!($name), status }),
        }
    };
}
use call;

/// A handle of the library's that is destroyed with its owner.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident($raw:ty), $destroy:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        struct $name(*mut $raw, &'static $crate::native::Library);

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the handle was made by the library and nothing else destroys it.
                let _ = unsafe { call!(self.1.functions(), $destroy(self.0)) };
            }
        }
    };
}
use handle;
