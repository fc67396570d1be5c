//! AMD's GPUs by the HIP runtime: which there are, and their memory.
#![allow(unsafe_code, reason = "calls into the library")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use godwit_backend::{DeviceMemory, Error, HostMemory, Result};

use crate::sys::hip::{
    CopyKind, Functions, HipError, OUT_OF_MEMORY, PINNED, TO_DEVICE, TO_HOST, WITHIN,
};

/// The runtime's file names, the newest first.
const NAMES: [&str; 4] =
    ["libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5", "libamdhip64.so"];

/// A runtime that is loaded; as long as the process, for its threads outlive every handle.
pub(crate) struct Hip {
    functions: Functions,
    _library: libloading::Library,
}

impl fmt::Debug for Hip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hip")
    }
}

/// What the runtime says of a GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gpu {
    pub(crate) name: String,
    pub(crate) bus: String,
    pub(crate) memory: Option<DeviceMemory>,
}

impl Hip {
    /// Loads the runtime that belongs to the MIGraphX at `library`: the one beside it, else the one that
    /// the system's loader finds.
    ///
    /// # Errors
    ///
    /// `Unavailable`, whose source names the files that were looked for.
    pub(crate) fn open(library: &Path) -> Result<&'static Self> {
        static OPENED: Mutex<Option<&'static Hip>> = Mutex::new(None);
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hip) = *opened {
            return Ok(hip);
        }
        let folder = library.parent().unwrap_or(Path::new(""));
        let beside = NAMES.iter().map(|name| folder.join(name)).filter(|path| path.exists());
        let candidates: Vec<PathBuf> = beside.chain(NAMES.iter().map(PathBuf::from)).collect();
        let mut reasons = Vec::new();
        for candidate in &candidates {
            // SAFETY: the runtime's initialisers do nothing but register it.
            match unsafe { libloading::Library::new(candidate) } {
                Ok(library) => {
                    let functions = Functions::find(&library).map_err(|missing| {
                        Error::unavailable("the HIP runtime is too old: a function is missing")
                            .with_source(missing)
                    })?;
                    let hip: &'static Self =
                        Box::leak(Box::new(Self { functions, _library: library }));
                    *opened = Some(hip);
                    return Ok(hip);
                }
                Err(error) => reasons.push(error.to_string()),
            }
        }
        let looked = format!(
            "looked for {} in {} and where the system's loader looks: {}",
            NAMES.join(", "),
            folder.display(),
            reasons.first().map(String::as_str).unwrap_or_default()
        );
        Err(Error::unavailable("AMD's HIP runtime (libamdhip64) is not found").with_source(looked))
    }

    /// How many GPUs there are.
    ///
    /// # Errors
    ///
    /// `Unavailable` with the runtime's own reason when there is none.
    pub(crate) fn count(&self) -> Result<c_int> {
        let mut count = 0;
        // SAFETY: the runtime writes a number.
        let status = unsafe { (self.functions.hipGetDeviceCount)(&raw mut count) };
        match status {
            0 if count > 0 => Ok(count),
            0 => Err(Error::unavailable("HIP counts no GPU")),
            status => {
                let text = format!("HIP has no GPU: {}", self.text(status));
                Err(Error::unavailable(text))
            }
        }
    }

    /// What is known of a GPU.
    pub(crate) fn gpu(&self, index: c_int) -> Result<Gpu> {
        self.select(index)?;
        let text = |read: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> HipError| {
            let mut text = [0u8; 256];
            // SAFETY: there is room for as many bytes as are said, the last of which stays zero.
            let status = unsafe { read(text.as_mut_ptr().cast(), 255, index) };
            let read = CStr::from_bytes_until_nul(&text).ok().filter(|_| status == 0);
            read.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let (mut free, mut total) = (0, 0);
        // SAFETY: the runtime writes two numbers.
        let known = unsafe { (self.functions.hipMemGetInfo)(&raw mut free, &raw mut total) } == 0;
        let memory = DeviceMemory { total: total as u64, free: free as u64 };
        Ok(Gpu {
            name: text(self.functions.hipDeviceGetName),
            bus: text(self.functions.hipDeviceGetPCIBusId),
            memory: known.then_some(memory),
        })
    }

    /// Runtime and driver, by their own numbers.
    pub(crate) fn versions(&self) -> (c_int, c_int) {
        let (mut runtime, mut driver) = (0, 0);
        // SAFETY: the runtime writes numbers.
        unsafe {
            (self.functions.hipRuntimeGetVersion)(&raw mut runtime);
            (self.functions.hipDriverGetVersion)(&raw mut driver);
        }
        (runtime, driver)
    }

    /// Makes a GPU the current one of this thread.
    pub(crate) fn select(&self, index: c_int) -> Result<()> {
        // SAFETY: an unknown index is a status.
        self.check(unsafe { (self.functions.hipSetDevice)(index) })
    }

    /// Waits for all work of the current GPU.
    pub(crate) fn synchronize(&self) -> Result<()> {
        // SAFETY: takes nothing.
        self.check(unsafe { (self.functions.hipDeviceSynchronize)() })
    }

    fn check(&self, status: HipError) -> Result<()> {
        /// Of a GPU that has to be opened anew: launch failures, illegal addresses, a lost device.
        const LOST: [HipError; 5] = [214, 700, 709, 719, 999];
        let error = match status {
            0 => return Ok(()),
            OUT_OF_MEMORY => Error::out_of_memory("the GPU has no memory left"),
            lost if LOST.contains(&lost) => Error::device_lost("the GPU failed"),
            _ => Error::failed("the GPU refused a request"),
        };
        Err(error.with_source(self.text(status)))
    }

    fn text(&self, status: HipError) -> String {
        // SAFETY: the runtime gives a text of its own that is never freed.
        let text = unsafe { (self.functions.hipGetErrorString)(status) };
        // SAFETY: as above; ended by a zero.
        let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) });
        let text = text.map(CStr::to_owned).unwrap_or_else(|| CString::from(c"unknown"));
        format!("{} (HIP error {status})", text.to_string_lossy())
    }
}

/// Memory of a GPU.
#[derive(Debug)]
pub(crate) struct DeviceBlock {
    hip: &'static Hip,
    gpu: c_int,
    data: *mut c_void,
    len: usize,
}

// SAFETY: an address on a GPU, which every thread may use after making that GPU its current one; every
// method does so.
unsafe impl Send for DeviceBlock {}
// SAFETY: as above; shared, it is only copied from.
unsafe impl Sync for DeviceBlock {}

impl DeviceBlock {
    /// `len` bytes, cleared: what was there was another tenant's.
    pub(crate) fn new(hip: &'static Hip, gpu: c_int, len: usize) -> Result<Self> {
        hip.select(gpu)?;
        let mut data = ptr::null_mut();
        let size = len.max(1);
        // SAFETY: the runtime writes an address.
        hip.check(unsafe { (hip.functions.hipMalloc)(&raw mut data, size) })?;
        let block = Self { hip, gpu, data, len };
        // SAFETY: there are `size` bytes.
        hip.check(unsafe { (hip.functions.hipMemset)(data, 0, size) })?;
        Ok(block)
    }

    /// A copy of what is at an address of the GPU.
    ///
    /// # Safety
    ///
    /// There are `len` bytes at `from`, on that GPU.
    pub(crate) unsafe fn copy_of(
        hip: &'static Hip,
        gpu: c_int,
        from: *const c_void,
        len: usize,
    ) -> Result<Self> {
        let block = Self::new(hip, gpu, len)?;
        block.copy(block.data, from, WITHIN)?;
        Ok(block)
    }

    pub(crate) fn data(&self) -> *mut c_void {
        self.data
    }

    pub(crate) fn gpu(&self) -> c_int {
        self.gpu
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Forgets what is beyond the first `len` bytes.
    pub(crate) fn keep(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Copies `bytes`, which are as many as there is room for, by way of `staging`.
    pub(crate) fn write(&mut self, bytes: &[u8], staging: &mut Option<Pinned>) -> Result<()> {
        if staging.as_ref().is_none_or(|pinned| pinned.len < bytes.len()) {
            *staging = Some(Pinned::new(self.hip, bytes.len())?);
        }
        let Some(pinned) = staging.as_mut().filter(|_| bytes.len() == self.len) else {
            return Err(Error::internal("a tensor that does not fit its place on the GPU"));
        };
        // SAFETY: as large, and apart.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), pinned.data.cast(), bytes.len()) };
        self.copy(self.data, pinned.data, TO_DEVICE)
    }

    /// A copy in page-locked memory.
    pub(crate) fn read(&self) -> Result<Pinned> {
        let pinned = Pinned::new(self.hip, self.len)?;
        self.copy(pinned.data, self.data, TO_HOST)?;
        Ok(pinned)
    }

    fn copy(&self, to: *mut c_void, from: *const c_void, kind: CopyKind) -> Result<()> {
        self.hip.select(self.gpu)?;
        // SAFETY: both have room for `len` bytes; the call returns when they are there.
        self.hip.check(unsafe { (self.hip.functions.hipMemcpy)(to, from, self.len, kind) })
    }
}

impl Drop for DeviceBlock {
    fn drop(&mut self) {
        // SAFETY: made by `hipMalloc`, and by nothing else freed. Waits for work that uses it.
        let _ = self.hip.select(self.gpu).map(|()| unsafe {
            (self.hip.functions.hipFree)(self.data);
        });
    }
}

/// Host memory that a GPU copies from and to without the processor.
#[derive(Debug)]
pub(crate) struct Pinned {
    hip: &'static Hip,
    data: *mut c_void,
    len: usize,
}

// SAFETY: plain memory of the process.
unsafe impl Send for Pinned {}
// SAFETY: as above; shared, it is only read.
unsafe impl Sync for Pinned {}

impl Pinned {
    fn new(hip: &'static Hip, len: usize) -> Result<Self> {
        let mut data = ptr::null_mut();
        // SAFETY: the runtime writes an address.
        let made = unsafe { (hip.functions.hipHostMalloc)(&raw mut data, len.max(1), PINNED) };
        hip.check(made)?;
        Ok(Self { hip, data, len })
    }
}

impl HostMemory for Pinned {
    fn bytes(&self) -> &[u8] {
        // SAFETY: there are `len` bytes, all written by the copy that made this.
        unsafe { std::slice::from_raw_parts(self.data.cast(), self.len) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: made by `hipHostMalloc`, and by nothing else freed.
        unsafe { (self.hip.functions.hipHostFree)(self.data) };
    }
}
