#![allow(unsafe_code, reason = "calls into the library")]

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use openvino_sys::{self as sys, ov_available_devices_t, ov_property_t, ov_status_e};

use super::error::taken;
use super::{Compiled, HostTensor, OpenVinoError, check, handle, made};

handle! {
    /// The library's root object: devices, models.
    Core, ov_core_t, ov_core_free
}

// SAFETY: every call on a core is documented as safe from any thread.
unsafe impl Sync for Core {}

handle! {
    /// A model that has been read and not yet compiled.
    Read, ov_model_t, ov_model_free
}

impl Core {
    pub(crate) fn new() -> Result<Self, OpenVinoError> {
        // SAFETY: the pointer is valid for the call.
        made("ov_core_create", |core| unsafe { sys::ov_core_create(core) }).map(Self)
    }

    /// The devices there are, in the library's names.
    pub(crate) fn devices(&self) -> Result<Vec<String>, OpenVinoError> {
        let mut list = ov_available_devices_t { devices: ptr::null_mut(), size: 0 };
        // SAFETY: both pointers are valid for the call.
        let status = unsafe { sys::ov_core_get_available_devices(self.ptr(), &raw mut list) };
        check("ov_core_get_available_devices", status)?;
        let mut names = Vec::new();
        for index in 0..list.size {
            // SAFETY: the library set `size` terminated strings.
            let name = unsafe { CStr::from_ptr(*list.devices.add(index)) };
            names.push(name.to_string_lossy().into_owned());
        }
        // SAFETY: set by the library above, not used after this.
        unsafe { sys::ov_available_devices_free(&raw mut list) };
        Ok(names)
    }

    /// A property of `device`, as text.
    pub(crate) fn property(&self, device: &str, key: &str) -> Result<String, OpenVinoError> {
        let (device, key) = (c_string(device)?, c_string(key)?);
        let text = made("ov_core_get_property", |text: *mut *mut c_char| {
            // SAFETY: handle, strings and pointer are valid for the call.
            unsafe { sys::ov_core_get_property(self.ptr(), device.as_ptr(), key.as_ptr(), text) }
        })?;
        // SAFETY: a terminated string the library allocated.
        Ok(unsafe { taken(text.as_ptr()) }.unwrap_or_default())
    }

    /// Reads a model from memory: ONNX, or the XML of an IR with its weights.
    pub(crate) fn read(
        &self,
        bytes: &[u8],
        weights: Option<&HostTensor>,
    ) -> Result<Read, OpenVinoError> {
        let weights = weights.map_or(ptr::null(), |weights| weights.ptr().cast_const());
        made("ov_core_read_model_from_memory_buffer", |model| {
            // SAFETY: handle, bytes and weights are valid for the call. The model keeps the weights'
            // tensor alive; whoever gave it keeps its memory.
            unsafe {
                sys::ov_core_read_model_from_memory_buffer(
                    self.ptr(),
                    bytes.as_ptr().cast(),
                    bytes.len(),
                    weights,
                    model,
                )
            }
        })
        .map(Read)
    }

    /// Compiles `model` for `device`.
    pub(crate) fn compile(
        &self,
        model: &Read,
        device: &str,
        properties: &[(String, String)],
    ) -> Result<Compiled, OpenVinoError> {
        let device = c_string(device)?;
        let mut texts = Vec::new();
        for (key, value) in properties {
            texts.push((c_string(key)?, c_string(value)?));
        }
        let pairs: Vec<ov_property_t> = texts
            .iter()
            .map(|(key, value)| ov_property_t { key: key.as_ptr(), value: value.as_ptr().cast() })
            .collect();
        let compiled = made("ov_core_compile_model_props", |compiled| {
            // SAFETY: handles, strings and the array are valid for the call.
            unsafe {
                sys::ov_core_compile_model_props(
                    self.ptr(),
                    model.ptr(),
                    device.as_ptr(),
                    pairs.len(),
                    pairs.as_ptr(),
                    compiled,
                )
            }
        });
        compiled.map(Compiled::from_raw)
    }
}

pub(super) fn c_string(text: &str) -> Result<CString, OpenVinoError> {
    CString::new(text).map_err(|error| {
        OpenVinoError::new("a string", ov_status_e::INVALID_C_PARAM, error.to_string())
    })
}
