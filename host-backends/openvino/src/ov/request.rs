#![allow(unsafe_code, reason = "calls into the library, and is called by it")]

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use openvino_sys::{self as sys, ov_callback_t, ov_infer_request_t};

use super::{HostTensor, OpenVinoError, check, made};

/// Told on a thread of the library that a run which was started has ended.
pub(crate) trait Completion: Any + Send + Sync {
    /// The run has ended and the library touches no tensor of it any more. Must not drop the request.
    fn finished(&self);
}

/// Runs one inference at a time. Dropping it waits for a run that is under way.
pub(crate) struct Request {
    raw: NonNull<ov_infer_request_t>,
    /// Read by the library through its address at the end of every run.
    callback: Box<ov_callback_t>,
    /// What the callback points to.
    _completion: Arc<dyn Any + Send + Sync>,
}

// SAFETY: the library ties no object to the thread that made it.
unsafe impl Send for Request {}
// SAFETY: shared, a request can only be cancelled, which is documented as safe from any thread.
unsafe impl Sync for Request {}

impl Request {
    pub(super) fn new<L: Completion>(
        raw: NonNull<ov_infer_request_t>,
        completion: Arc<L>,
    ) -> Result<Self, OpenVinoError> {
        let args = Arc::as_ptr(&completion).cast_mut().cast::<c_void>();
        let callback = Box::new(ov_callback_t { callback_func: Some(finished::<L>), args });
        let request = Self { raw, callback, _completion: completion };
        // SAFETY: the request is valid; the callback and its argument live as long as the request.
        let status = unsafe {
            sys::ov_infer_request_set_callback(raw.as_ptr(), &raw const *request.callback)
        };
        check("ov_infer_request_set_callback", status)?;
        Ok(request)
    }

    /// Binds an input for the next runs.
    ///
    /// # Safety
    ///
    /// The memory of `tensor` is valid whenever a run begins before another tensor is bound in its
    /// place, and until that run ends.
    pub(crate) unsafe fn set_input(
        &mut self,
        at: usize,
        tensor: &HostTensor,
    ) -> Result<(), OpenVinoError> {
        let request = self.raw.as_ptr();
        // SAFETY: both handles are valid; of the memory, the caller promises it.
        let status =
            unsafe { sys::ov_infer_request_set_input_tensor_by_index(request, at, tensor.ptr()) };
        check("ov_infer_request_set_input_tensor_by_index", status)
    }

    /// Binds an output for the next runs.
    ///
    /// # Safety
    ///
    /// As [`Request::set_input`], for writing.
    pub(crate) unsafe fn set_output(
        &mut self,
        at: usize,
        tensor: &HostTensor,
    ) -> Result<(), OpenVinoError> {
        let request = self.raw.as_ptr();
        // SAFETY: both handles are valid; of the memory, the caller promises it.
        let status =
            unsafe { sys::ov_infer_request_set_output_tensor_by_index(request, at, tensor.ptr()) };
        check("ov_infer_request_set_output_tensor_by_index", status)
    }

    /// The tensor of an output.
    pub(crate) fn output(&self, at: usize) -> Result<HostTensor, OpenVinoError> {
        let tensor = made("ov_infer_request_get_output_tensor_by_index", |tensor| {
            // SAFETY: handle and pointer are valid for the call.
            unsafe {
                sys::ov_infer_request_get_output_tensor_by_index(self.raw.as_ptr(), at, tensor)
            }
        })?;
        Ok(HostTensor::from_raw(tensor))
    }

    /// One run on this thread.
    pub(crate) fn infer(&mut self) -> Result<(), OpenVinoError> {
        // SAFETY: the handle is valid; its tensors are, as promised when they were bound.
        let status = unsafe { sys::ov_infer_request_infer(self.raw.as_ptr()) };
        check("ov_infer_request_infer", status)
    }

    /// Begins a run on the library's threads.
    pub(crate) fn start(&mut self) -> Result<(), OpenVinoError> {
        // SAFETY: as for `infer`.
        let status = unsafe { sys::ov_infer_request_start_async(self.raw.as_ptr()) };
        check("ov_infer_request_start_async", status)
    }

    /// The outcome of the run that was started, waiting for it.
    pub(crate) fn wait(&mut self) -> Result<(), OpenVinoError> {
        // SAFETY: the handle is valid.
        let status = unsafe { sys::ov_infer_request_wait(self.raw.as_ptr()) };
        check("ov_infer_request_wait", status)
    }

    /// Asks the run under way to end soon.
    pub(crate) fn cancel(&self) -> Result<(), OpenVinoError> {
        // SAFETY: the handle is valid.
        let status = unsafe { sys::ov_infer_request_cancel(self.raw.as_ptr()) };
        check("ov_infer_request_cancel", status)
    }
}

/// # Safety
///
/// `args` points to an `L` that is still there.
unsafe extern "C" fn finished<L: Completion>(args: *mut c_void) {
    // SAFETY: what the request was made with, which outlives it.
    let completion = unsafe { &*args.cast_const().cast::<L>() };
    // The caller is C++, which no panic may reach.
    if catch_unwind(AssertUnwindSafe(|| completion.finished())).is_err() {
        tracing::error!("a panic at the end of a run was stopped");
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // SAFETY: valid and owned, not used after this. It waits for its run and its callback, whose
        // argument is dropped after it.
        unsafe { sys::ov_infer_request_free(self.raw.as_ptr()) };
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request")
    }
}
