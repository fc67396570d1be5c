//! Memory as the system counts it: what a library in C++ allocates is seen, and so is what worker processes hold.

mod alone;
mod heap;
mod native;
mod resident;

pub(crate) use alone::{alone, beside_others};
pub(crate) use heap::Heap;
pub use native::NativeBlock;
pub(crate) use native::release_free_memory;
pub(crate) use resident::{PeakWatch, resident};
