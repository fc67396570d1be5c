//! `hip/hip_runtime_api.h`. Nothing whose layout changed between releases is used: no structures, and no
//! attributes by number.

use std::ffi::{c_char, c_int, c_uint, c_void};

use super::functions;

/// `hipError_t`: 0 is success.
pub(crate) type HipError = c_int;
/// `hipError_t`, out of memory.
pub(crate) const OUT_OF_MEMORY: HipError = 2;
/// `hipMemcpyKind`.
pub(crate) type CopyKind = c_int;
/// `hipMemcpyHostToDevice`.
pub(crate) const TO_DEVICE: CopyKind = 1;
/// `hipMemcpyDeviceToHost`.
pub(crate) const TO_HOST: CopyKind = 2;
/// `hipMemcpyDeviceToDevice`.
pub(crate) const WITHIN: CopyKind = 3;
/// `hipHostMallocDefault`.
pub(crate) const PINNED: c_uint = 0;

functions! {
    /// What is used of the runtime.
    Functions {
        hipGetDeviceCount(*mut c_int) -> HipError;
        hipSetDevice(c_int) -> HipError;
        hipDeviceGetName(*mut c_char, c_int, c_int) -> HipError;
        hipDeviceGetPCIBusId(*mut c_char, c_int, c_int) -> HipError;
        hipMemGetInfo(*mut usize, *mut usize) -> HipError;
        hipRuntimeGetVersion(*mut c_int) -> HipError;
        hipDriverGetVersion(*mut c_int) -> HipError;
        hipGetErrorString(HipError) -> *const c_char;
        hipMalloc(*mut *mut c_void, usize) -> HipError;
        hipFree(*mut c_void) -> HipError;
        hipHostMalloc(*mut *mut c_void, usize, c_uint) -> HipError;
        hipHostFree(*mut c_void) -> HipError;
        hipMemcpy(*mut c_void, *const c_void, usize, CopyKind) -> HipError;
        hipMemset(*mut c_void, c_int, usize) -> HipError;
        hipDeviceSynchronize() -> HipError;
    }
}
