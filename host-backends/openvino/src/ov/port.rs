#![allow(unsafe_code, reason = "calls into the library")]

use std::ffi::c_char;
use std::ptr::{self, NonNull};

use godwit_backend::DType;
use openvino_sys::{
    self as sys, ov_dimension_t, ov_output_const_port_t, ov_partial_shape_t, ov_rank_t,
};

use super::failure::taken;
use super::{Failure, check, made, of_element};

/// An input or output of a compiled model.
#[derive(Debug, Clone)]
pub(crate) struct Port {
    /// The first of its names in the alphabet, if it has one.
    pub(crate) name: Option<String>,
    /// `None` for an element type that the contract does not have.
    pub(crate) dtype: Option<DType>,
    /// `None` where the rank is unknown, inside where a dimension is.
    pub(crate) dims: Option<Vec<Option<usize>>>,
}

impl Port {
    /// Reads and frees the library's port.
    pub(super) fn read(raw: NonNull<ov_output_const_port_t>) -> Result<Self, Failure> {
        let port = raw.as_ptr();
        let read = || {
            let name = made("ov_port_get_any_name", |name: *mut *mut c_char| {
                // SAFETY: port and pointer are valid for the call.
                unsafe { sys::ov_port_get_any_name(port, name) }
            });
            // SAFETY: a terminated string the library allocated.
            let name = name.ok().and_then(|name| unsafe { taken(name.as_ptr()) });
            let mut element = 0u32;
            // SAFETY: port and pointer are valid for the call. A number, because a newer library may
            // have element types that the enumeration lacks.
            let status = unsafe { sys::ov_port_get_element_type(port, (&raw mut element).cast()) };
            check("ov_port_get_element_type", status)?;
            Ok(Self { name, dtype: of_element(element), dims: dims(port)? })
        };
        let outcome = read();
        // SAFETY: valid and owned, not used after this.
        unsafe { sys::ov_output_const_port_free(port) };
        outcome
    }
}

fn dims(port: *mut ov_output_const_port_t) -> Result<Option<Vec<Option<usize>>>, Failure> {
    let rank = ov_rank_t { min: 0, max: 0 };
    let mut shape = ov_partial_shape_t { rank, dims: ptr::null_mut() };
    // SAFETY: port and pointer are valid for the call.
    let status = unsafe { sys::ov_port_get_partial_shape(port, &raw mut shape) };
    check("ov_port_get_partial_shape", status)?;
    let rank = usize::try_from(shape.rank.max).ok().filter(|_| shape.rank.min == shape.rank.max);
    let dims = rank.map(|rank| {
        (0..rank)
            // SAFETY: a known rank has as many dimensions.
            .map(|index| unsafe { *shape.dims.add(index) })
            .map(|ov_dimension_t { min, max }| usize::try_from(max).ok().filter(|_| min == max))
            .collect()
    });
    // SAFETY: set by the library above, not used after this.
    unsafe { sys::ov_partial_shape_free(&raw mut shape) };
    Ok(dims)
}
