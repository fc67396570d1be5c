//! Calls of the driver that tract does not offer.

#![allow(unsafe_code, reason = "the driver's copies take addresses")]

use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::Arc;

use cudarc::cublas::sys::{cublasMath_t, cublasSetMathMode};
use cudarc::driver::sys::{
    CUdeviceptr, CUmemPool_attribute, CUstream, cuMemHostRegister_v2, cuMemHostUnregister,
};
use cudarc::driver::{CudaContext, CudaStream, result};
use libloading::Library;
use tract_cuda::with_cuda_stream;
use tract_gpu::tensor::OwnedDeviceTensor;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_core::internal::bail;

/// Page-locked memory that every context may use.
const PORTABLE: u32 = 1;

/// This thread's stream, created if necessary. The first one creates tract's device context.
pub(crate) fn stream() -> TractResult<Arc<CudaStream>> {
    with_cuda_stream(|stream| Ok(Arc::clone(stream)))
}

fn raw() -> TractResult<CUstream> {
    with_cuda_stream(|stream| {
        stream.context().bind_to_thread()?;
        Ok(stream.cu_stream())
    })
}

fn address(tensor: &dyn OwnedDeviceTensor) -> CUdeviceptr {
    tensor.device_buffer().ptr() as CUdeviceptr
}

fn byte_len(tensor: &dyn OwnedDeviceTensor) -> usize {
    tensor.len().saturating_mul(tensor.datum_type().size_of())
}

/// Fills `tensor` with zeros, in the order of this thread's stream.
pub(crate) fn clear(tensor: &dyn OwnedDeviceTensor) -> TractResult<()> {
    let bytes = byte_len(tensor);
    if bytes == 0 {
        return Ok(());
    }
    // SAFETY: the tensor owns `bytes` bytes at its address, and is not shared yet.
    unsafe { result::memset_d8_async(address(tensor), 0, bytes, raw()?) }?;
    Ok(())
}

/// Copies `bytes` into `tensor`, in the order of this thread's stream.
///
/// # Safety
///
/// `bytes` must be kept until the stream is synchronized.
pub(crate) unsafe fn send(bytes: &[u8], tensor: &dyn OwnedDeviceTensor) -> TractResult<()> {
    if bytes.len() != byte_len(tensor) {
        bail!("{} bytes for a tensor of {}", bytes.len(), byte_len(tensor));
    }
    if bytes.is_empty() {
        return Ok(());
    }
    // SAFETY: the lengths are the same; the caller keeps `bytes`, the tensor owns its memory.
    unsafe { result::memcpy_htod_async(address(tensor), bytes, raw()?) }?;
    Ok(())
}

/// Copies `tensor` into `bytes` and waits for the copy.
pub(crate) fn fetch(tensor: &dyn OwnedDeviceTensor, bytes: &mut [u8]) -> TractResult<()> {
    if bytes.len() != byte_len(tensor) {
        bail!("{} bytes for a tensor of {}", bytes.len(), byte_len(tensor));
    }
    if bytes.is_empty() {
        return Ok(());
    }
    let stream = raw()?;
    // SAFETY: the lengths are the same, and both are kept: the stream is synchronized below, before anything is
    // returned.
    let copied = unsafe { result::memcpy_dtoh_async(bytes, address(tensor), stream) };
    // SAFETY: the stream is this thread's own.
    let waited = unsafe { result::stream::synchronize(stream) };
    copied?;
    waited?;
    Ok(())
}

/// Allows TF32 in this thread's matrix products of `f32`, or not.
pub(crate) fn allow_tf32(allowed: bool) -> TractResult<()> {
    let mode = match allowed {
        true => cublasMath_t::CUBLAS_TF32_TENSOR_OP_MATH,
        false => cublasMath_t::CUBLAS_DEFAULT_MATH,
    };
    with_cuda_stream(|stream| {
        // SAFETY: the handle is the stream's own, and used by this thread alone.
        unsafe { cublasSetMathMode(*stream.cublas().handle(), mode) }.result()?;
        Ok(())
    })
}

/// The GPU's memory in bytes: free and total.
pub(crate) fn memory(context: &Arc<CudaContext>) -> TractResult<(usize, usize)> {
    Ok(context.mem_get_info()?)
}

/// Makes the driver keep freed memory for the next run.
pub(crate) fn keep_freed(context: &Arc<CudaContext>) -> TractResult<()> {
    if !context.has_async_alloc() {
        return Ok(());
    }
    let mut most = u64::MAX;
    // SAFETY: the device is the context's own; the attribute is a 64-bit number.
    unsafe {
        let pool = result::device::get_mem_pool(context.cu_device())?;
        let attribute = CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
        result::mem_pool::set_attribute(pool, attribute, (&raw mut most).cast::<c_void>())?;
    }
    Ok(())
}

/// Returns freed memory to the driver, after synchronizing `stream`.
pub(crate) fn give_back(stream: &CudaStream) -> TractResult<()> {
    stream.synchronize()?;
    let context = stream.context();
    if context.has_async_alloc() {
        // SAFETY: the device is the context's own; what is in use stays.
        unsafe {
            let pool = result::device::get_mem_pool(context.cu_device())?;
            result::mem_pool::trim_to(pool, 0)?;
        }
    }
    Ok(())
}

/// `len` bytes of page-locked memory, not initialized.
pub(crate) fn lock_pages(context: &Arc<CudaContext>, len: usize) -> TractResult<*mut u8> {
    context.bind_to_thread()?;
    // SAFETY: a context is bound to this thread.
    let address = unsafe { result::malloc_host(len, PORTABLE) }?.cast::<u8>();
    if address.is_null() {
        bail!("the driver gave no page-locked memory");
    }
    Ok(address)
}

/// Frees memory of [`lock_pages`].
///
/// # Safety
///
/// `address` must come from it, be freed once, and not be in use by a copy.
pub(crate) unsafe fn unlock_pages(context: &Arc<CudaContext>, address: *mut u8) {
    // Both fail only if the driver is gone, and the memory with it.
    let _ = context.bind_to_thread();
    // SAFETY: the caller's promise.
    let _ = unsafe { result::free_host(address.cast()) };
}

/// Locks pages where they are.
///
/// # Safety
///
/// The pages must stay mapped until [`release`] is called with their address.
pub(crate) unsafe fn register(context: &Arc<CudaContext>, pages: &[u8]) -> TractResult<()> {
    context.bind_to_thread()?;
    let address = pages.as_ptr().cast_mut().cast();
    // SAFETY: the caller keeps the pages mapped. Locking changes none of their bytes.
    unsafe { cuMemHostRegister_v2(address, pages.len(), PORTABLE) }.result()?;
    Ok(())
}

/// Undoes [`register`].
///
/// # Safety
///
/// `address` must have been registered, be released once, and not be in use by a copy.
pub(crate) unsafe fn release(context: &Arc<CudaContext>, address: *mut c_void) {
    // Both fail only if the driver is gone, and the lock with it.
    let _ = context.bind_to_thread();
    // SAFETY: the caller's promise.
    let _ = unsafe { cuMemHostUnregister(address) }.result();
}

/// The libraries, each after its own dependencies.
const LIBRARIES: [&str; 5] =
    ["libcudart.so.13", "libnvrtc.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcudnn.so.9"];

/// Loads NVIDIA's libraries from these folders. The loader then returns the loaded library whenever the same name
/// is requested.
pub(crate) fn prefer(folders: &[PathBuf]) {
    for name in LIBRARIES {
        let Some(path) = folders.iter().map(|folder| folder.join(name)).find(|it| it.is_file())
        else {
            continue;
        };
        // SAFETY: NVIDIA's libraries have no initializers that other code could depend on.
        match unsafe { Library::new(&path) } {
            // Never closed: other code has addresses in it.
            Ok(library) => std::mem::forget(library),
            Err(error) => tracing::warn!(path = %path.display(), %error, "cannot load a library"),
        }
    }
}
