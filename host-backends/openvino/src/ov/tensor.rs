#![allow(unsafe_code, reason = "calls into the library")]

use std::ffi::c_void;
use std::ptr;
use std::slice;

use godwit_backend::{DType, Shape};
use openvino_sys::{
    self as sys, ov_element_type_e as Element, ov_shape_t, ov_status_e, ov_tensor_t,
};
use smallvec::SmallVec;

use super::{OpenVinoError, check, handle, made};

handle! {
    /// A tensor of the library in host memory, its own or someone else's.
    HostTensor, ov_tensor_t, ov_tensor_free
}

impl HostTensor {
    /// A tensor over memory of the caller.
    ///
    /// # Safety
    ///
    /// `data` stays valid, for writing too if the tensor is an output, for as many bytes as the shape
    /// says, until no run that was given the tensor is under way and the tensor is gone or unused.
    pub(crate) unsafe fn over(
        dtype: DType,
        dims: &[usize],
        data: *mut u8,
    ) -> Result<Self, OpenVinoError> {
        let mut dims = signed(dims)?;
        // The library copies the shape, through a pointer it does not write to.
        let shape = ov_shape_t {
            rank: i64::try_from(dims.len()).unwrap_or(i64::MAX),
            dims: dims.as_mut_ptr(),
        };
        made("ov_tensor_create_from_host_ptr", |tensor| {
            // SAFETY: shape and pointer are valid for the call; of the data, the caller promises it.
            unsafe {
                sys::ov_tensor_create_from_host_ptr(
                    element(dtype),
                    shape,
                    data.cast::<c_void>(),
                    tensor,
                )
            }
        })
        .map(Self)
    }

    pub(super) fn from_raw(raw: ptr::NonNull<ov_tensor_t>) -> Self {
        Self(raw)
    }

    pub(crate) fn shape(&self) -> Result<Shape, OpenVinoError> {
        let mut shape = ov_shape_t { rank: 0, dims: ptr::null_mut() };
        // SAFETY: handle and pointer are valid for the call.
        let status = unsafe { sys::ov_tensor_get_shape(self.ptr(), &raw mut shape) };
        check("ov_tensor_get_shape", status)?;
        let rank = if shape.dims.is_null() { 0 } else { shape.rank };
        let rank = usize::try_from(rank).unwrap_or(0);
        // SAFETY: the library set as many dimensions as the rank says.
        let dims = (0..rank).map(|index| unsafe { *shape.dims.add(index) });
        let dims = Shape::new(dims.map(|dim| usize::try_from(dim).unwrap_or(0)));
        // SAFETY: set by the library above, not used after this.
        unsafe { sys::ov_shape_free(&raw mut shape) };
        Ok(dims)
    }

    /// Where its bytes are; 0 where the library has none for it yet.
    pub(crate) fn address(&self) -> usize {
        let mut data = ptr::null_mut();
        // SAFETY: handle and pointer are valid for the call.
        let status = unsafe { sys::ov_tensor_data(self.ptr(), &raw mut data) };
        if status == ov_status_e::OK { data.addr() } else { 0 }
    }

    /// Its bytes, which nobody may write while they are borrowed.
    ///
    /// # Safety
    ///
    /// No run that was given the tensor is under way, and its memory is still there.
    pub(crate) unsafe fn bytes(&self) -> Result<&[u8], OpenVinoError> {
        let mut len = 0;
        // SAFETY: handle and pointer are valid for the call.
        let status = unsafe { sys::ov_tensor_get_byte_size(self.ptr(), &raw mut len) };
        check("ov_tensor_get_byte_size", status)?;
        if len == 0 {
            return Ok(&[]);
        }
        let data = made("ov_tensor_data", |data: *mut *mut c_void| {
            // SAFETY: handle and pointer are valid for the call.
            unsafe { sys::ov_tensor_data(self.ptr(), data) }
        })?;
        // SAFETY: the library's tensor has as many bytes; the caller promises that they are still.
        Ok(unsafe { slice::from_raw_parts(data.as_ptr().cast(), len) })
    }
}

fn signed(dims: &[usize]) -> Result<SmallVec<[i64; 6]>, OpenVinoError> {
    let too_large = |_| {
        OpenVinoError::new(
            "a shape",
            ov_status_e::OUT_OF_BOUNDS,
            "a dimension does not fit 63 bits",
        )
    };
    dims.iter().map(|&dim| i64::try_from(dim).map_err(too_large)).collect()
}

fn element(dtype: DType) -> Element {
    match dtype {
        DType::F16 => Element::F16,
        DType::F32 => Element::F32,
        DType::F64 => Element::F64,
        DType::Bf16 => Element::BF16,
        DType::U8 => Element::U8,
        DType::I32 => Element::I32,
        DType::I64 => Element::I64,
        DType::I8 => Element::I8,
        DType::U16 => Element::U16,
        DType::I16 => Element::I16,
        DType::U32 => Element::U32,
        DType::U64 => Element::U64,
        DType::Bool => Element::OV_BOOLEAN,
    }
}

/// The contract's name for one of the library's element types.
pub(crate) fn of_element(number: u32) -> Option<DType> {
    DType::ALL.into_iter().find(|dtype| element(*dtype) as u32 == number)
}
