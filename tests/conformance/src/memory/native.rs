#![allow(
    unsafe_code,
    reason = "the C library's allocator is called as an engine calls it, past Rust's"
)]

use std::ffi::c_void;
use std::hint::black_box;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn malloc_trim(pad: usize) -> i32;
}

/// A block of memory from the C library, every page of it in use: what an engine in C++ holds.
#[derive(Debug)]
pub struct NativeBlock(*mut c_void);

// SAFETY: nobody reads or writes the block after it was filled, and any thread may free it.
unsafe impl Send for NativeBlock {}

impl NativeBlock {
    /// Allocates `bytes` and writes to each of them.
    ///
    /// # Panics
    ///
    /// When there is not that much memory.
    pub fn new(bytes: usize) -> Self {
        // SAFETY: any size may be asked for.
        let block = unsafe { malloc(bytes) };
        assert!(!block.is_null(), "{bytes} bytes for a test");
        // SAFETY: the block has `bytes` bytes, which nobody else knows.
        unsafe { block.cast::<u8>().write_bytes(1, bytes) };
        Self(black_box(block))
    }
}

impl Drop for NativeBlock {
    fn drop(&mut self) {
        // SAFETY: the block is of `malloc` and freed once.
        unsafe { free(self.0) };
    }
}

/// Gives what the C library keeps of freed memory back to the system, where it can be told to: what is left is in use.
pub(crate) fn release_free_memory() {
    // SAFETY: it takes any argument, at any time.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        malloc_trim(0);
    }
}
