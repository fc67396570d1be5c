use std::ffi::CStr;
use std::ptr::{self, NonNull};

use ort::sys::{OrtAllocatorType, OrtArenaCfg, OrtEnv, OrtMemType, OrtMemoryInfo};

use super::Outcome;

/// Where a tensor's bytes are, as the library says it: in host memory.
#[derive(Debug)]
pub(crate) struct HostInfo(NonNull<OrtMemoryInfo>);

// SAFETY: the library never writes to a memory info after it is made.
unsafe impl Send for HostInfo {}
// SAFETY: as above.
unsafe impl Sync for HostInfo {}

impl HostInfo {
    pub(super) fn new(kind: OrtAllocatorType) -> Outcome<Self> {
        let mut info = ptr::null_mut();
        // SAFETY: `info` is where the result goes.
        unsafe { call!(CreateCpuMemoryInfo(kind, OrtMemType::OrtMemTypeDefault, &mut info))? };
        NonNull::new(info).map(Self).ok_or_else(|| ort::Error::new("no memory info"))
    }

    pub(super) fn as_ptr(&self) -> *const OrtMemoryInfo {
        self.0.as_ptr()
    }
}

impl Drop for HostInfo {
    fn drop(&mut self) {
        // SAFETY: made by the library, released once.
        unsafe { (ort::api().ReleaseMemoryInfo)(self.0.as_ptr()) };
    }
}

/// Gives the process one arena for what runs need, of at most `limit` bytes.
pub(super) fn register(env: NonNull<OrtEnv>, limit: usize) -> Outcome<()> {
    let info = HostInfo::new(OrtAllocatorType::OrtArenaAllocator)?;
    let keys: [&CStr; 1] = [c"max_mem"];
    let keys = keys.map(CStr::as_ptr);
    let values = [limit];
    let mut config: *mut OrtArenaCfg = ptr::null_mut();
    // SAFETY: as many keys as values; all outlive the calls, which copy them. The configuration is
    // released once, after its last use.
    unsafe {
        call!(CreateArenaCfgV2(keys.as_ptr(), values.as_ptr(), keys.len(), &mut config))?;
        let registered = call!(CreateAndRegisterAllocator(env.as_ptr(), info.as_ptr(), config));
        (ort::api().ReleaseArenaCfg)(config);
        registered
    }
}
