#![allow(unsafe_code, reason = "calls into the library")]

use std::ffi::c_char;
use std::ptr::NonNull;
use std::sync::Arc;

use openvino_sys::{self as sys, ov_compiled_model_t, ov_output_const_port_t, ov_status_e};

use super::core::c_string;
use super::error::taken;
use super::{Completion, OpenVinoError, Port, Request, check, handle, made};

handle! {
    /// A model compiled for a device.
    Compiled, ov_compiled_model_t, ov_compiled_model_free
}

// SAFETY: a compiled model is immutable; what is called here is documented as safe from any thread.
unsafe impl Sync for Compiled {}

impl Compiled {
    pub(super) fn from_raw(raw: NonNull<ov_compiled_model_t>) -> Self {
        Self(raw)
    }

    pub(crate) fn inputs(&self) -> Result<Vec<Port>, OpenVinoError> {
        self.ports(
            // SAFETY: the handle is valid, as is the pointer during the call.
            |size| unsafe { sys::ov_compiled_model_inputs_size(self.ptr(), size) },
            // SAFETY: as above.
            |at, port| unsafe { sys::ov_compiled_model_input_by_index(self.ptr(), at, port) },
        )
    }

    pub(crate) fn outputs(&self) -> Result<Vec<Port>, OpenVinoError> {
        self.ports(
            // SAFETY: the handle is valid, as is the pointer during the call.
            |size| unsafe { sys::ov_compiled_model_outputs_size(self.ptr(), size) },
            // SAFETY: as above.
            |at, port| unsafe { sys::ov_compiled_model_output_by_index(self.ptr(), at, port) },
        )
    }

    fn ports(
        &self,
        count: impl FnOnce(*mut usize) -> ov_status_e,
        port: impl Fn(usize, *mut *mut ov_output_const_port_t) -> ov_status_e,
    ) -> Result<Vec<Port>, OpenVinoError> {
        let mut size = 0;
        check("ov_compiled_model_*_size", count(&raw mut size))?;
        let ports = (0..size).map(|index| {
            made("ov_compiled_model_*_by_index", |raw| port(index, raw)).and_then(Port::read)
        });
        ports.collect()
    }

    /// A property of the compiled model, as text.
    pub(crate) fn property(&self, key: &str) -> Result<String, OpenVinoError> {
        let key = c_string(key)?;
        let text = made("ov_compiled_model_get_property", |text: *mut *mut c_char| {
            // SAFETY: handle, string and pointer are valid for the call.
            unsafe { sys::ov_compiled_model_get_property(self.ptr(), key.as_ptr(), text) }
        })?;
        // SAFETY: a terminated string the library allocated.
        Ok(unsafe { taken(text.as_ptr()) }.unwrap_or_default())
    }

    /// A request that tells `completion` when a run has ended.
    pub(crate) fn request<L: Completion>(
        &self,
        completion: Arc<L>,
    ) -> Result<Request, OpenVinoError> {
        let raw = made("ov_compiled_model_create_infer_request", |request| {
            // SAFETY: handle and pointer are valid for the call.
            unsafe { sys::ov_compiled_model_create_infer_request(self.ptr(), request) }
        })?;
        Request::new(raw, completion)
    }
}
