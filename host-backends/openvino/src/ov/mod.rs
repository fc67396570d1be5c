//! A thin safe layer over OpenVINO's C library: handles that free themselves, statuses that are errors.
//!
//! The library's C++ exceptions end inside it. What its last failure said is kept by the process and not
//! by the thread, so the text of a [`OpenVinoError`] may be another thread's: its status never is.

mod compiled;
mod core;
mod error;
mod library;
mod port;
mod request;
mod tensor;

pub(crate) use compiled::Compiled;
pub(crate) use core::Core;
pub(crate) use error::OpenVinoError;
pub(crate) use library::{Version, open};
pub(crate) use port::Port;
pub(crate) use request::{Completion, Request};
pub(crate) use tensor::HostTensor;
use tensor::of_element;

use error::{check, made};

/// Declares an owned handle of the library.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $raw:ident, $free:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(std::ptr::NonNull<openvino_sys::$raw>);

        impl $name {
            pub(in crate::ov) fn ptr(&self) -> *mut openvino_sys::$raw {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the handle is valid and owned, and nobody can use it after this.
                unsafe { openvino_sys::$free(self.ptr()) };
            }
        }

        // SAFETY: the library ties no object to the thread that made it.
        unsafe impl Send for $name {}
    };
}

use handle;
