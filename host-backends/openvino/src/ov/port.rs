#![allow(unsafe_code, reason = "calls into the library")]

use std::ffi::c_char;
use std::ptr::{self, NonNull};

use godwit_backend::DType;
use openvino_sys::{
    self as sys, ov_dimension_t, ov_output_const_port_t, ov_partial_shape_t, ov_rank_t,
};

use super::error::taken;
use super::{OpenVinoError, check, made, of_element};

/// An input or output of a compiled model.
#[derive(Debug, Clone)]
pub(crate) struct Port {
    /// The first of its names in the alphabet, if it has one.
    pub(crate) name: Option<String>,
    /// `None` for an element type that the contract does not have.
    pub(crate) dtype: Option<DType>,
    /// `None` where the rank is unknown, inside where a dimension is.
    pub(crate) dims: Option<Vec<Option<usize>>>,
    /// The dimensions of a small tensor that fits.
    pub(crate) least: Vec<usize>,
}

impl Port {
    /// Reads and frees the library's port.
    pub(super) fn read(raw: NonNull<ov_output_const_port_t>) -> Result<Self, OpenVinoError> {
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
            let bounds = bounds(port)?;
            let known = |it: &ov_dimension_t| size(it.max).filter(|_| it.min == it.max);
            let dims = bounds.as_ref().map(|it| it.iter().map(known).collect());
            let least = bounds.unwrap_or_default();
            let least = least.iter().map(|it| size(it.min.max(it.max.min(1))).unwrap_or(1));
            Ok(Self { name, dtype: of_element(element), dims, least: least.collect() })
        };
        let outcome = read();
        // SAFETY: valid and owned, not used after this.
        unsafe { sys::ov_output_const_port_free(port) };
        outcome
    }
}

fn size(dim: i64) -> Option<usize> {
    usize::try_from(dim).ok()
}

/// The least and the greatest size of each dimension, -1 where there is no greatest; `None` where the rank
/// is unknown.
fn bounds(port: *mut ov_output_const_port_t) -> Result<Option<Vec<ov_dimension_t>>, OpenVinoError> {
    let rank = ov_rank_t { min: 0, max: 0 };
    let mut shape = ov_partial_shape_t { rank, dims: ptr::null_mut() };
    // SAFETY: port and pointer are valid for the call.
    let status = unsafe { sys::ov_port_get_partial_shape(port, &raw mut shape) };
    check("ov_port_get_partial_shape", status)?;
    let rank = usize::try_from(shape.rank.max).ok().filter(|_| shape.rank.min == shape.rank.max);
    let bounds = rank.map(|rank| {
        // SAFETY: a known rank has as many dimensions.
        (0..rank).map(|index| unsafe { *shape.dims.add(index) }).collect()
    });
    // SAFETY: set by the library above, not used after this.
    unsafe { sys::ov_partial_shape_free(&raw mut shape) };
    Ok(bounds)
}
