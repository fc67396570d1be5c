use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What Rust code allocates in this process, to the byte.
pub(crate) struct Heap;

impl Heap {
    /// Bytes allocated now.
    pub(crate) fn used() -> usize {
        HEAP.current_usage()
    }

    /// The largest number of bytes that was allocated since this was last called.
    pub(crate) fn take_peak() -> usize {
        let peak = HEAP.peak_usage();
        HEAP.reset_peak_usage();
        peak
    }
}
