use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use godwit_backend::{DType, Error, Result};

use super::{MigraphxError, call};
use crate::dtype::Numbers;
use crate::sys::migraphx::{Functions, TargetHandle};

/// A MIGraphX that is loaded. It stays loaded as long as the process: its threads and its registry of
/// operators outlive every handle.
pub(crate) struct Library {
    functions: Functions,
    numbers: Numbers,
    version: String,
    _library: libloading::Library,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MIGraphX {}", self.version)
    }
}

impl Library {
    /// The library at `path`, loaded once a process.
    ///
    /// # Errors
    ///
    /// `Unavailable` when it cannot be loaded, or is not what its name says.
    pub(crate) fn open(path: &Path) -> Result<&'static Self> {
        static OPENED: Mutex<Option<HashMap<PathBuf, &'static Library>>> = Mutex::new(None);
        let absent = || Error::unavailable("the MIGraphX library could not be loaded");
        let path = path.canonicalize().map_err(|error| absent().with_source(error))?;
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = opened.get_or_insert_default();
        if let Some(library) = opened.get(&path) {
            return Ok(library);
        }
        // SAFETY: the library's initialisers register its operators and do nothing else.
        let library = unsafe { libloading::Library::new(&path) };
        let library = library.map_err(|error| absent().with_source(error))?;
        let functions = Functions::find(&library).map_err(|missing| {
            Error::unavailable(
                "the MIGraphX library is too old or too new: a function is missing from it",
            )
            .with_source(missing)
        })?;
        let numbers = numbers(&functions).ok_or_else(|| {
            Error::unavailable(
                "the MIGraphX library is too old or too new: its dtypes have other numbers",
            )
        })?;
        let version = version().unwrap_or_else(|| "of an unknown version".to_owned());
        let library = Self { functions, numbers, version, _library: library };
        let library: &'static Self = Box::leak(Box::new(library));
        opened.insert(path, library);
        Ok(library)
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.functions
    }

    pub(crate) fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// For example `2.14.0`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// That the library has its part for GPUs.
    ///
    /// # Errors
    ///
    /// `Unavailable`.
    pub(crate) fn check_gpu(&'static self) -> Result<()> {
        let _making = self.making();
        let target = Target::new(self, c"gpu");
        target.map(drop).map_err(|failure| {
            Error::unavailable("this MIGraphX is without its part for GPUs (libmigraphx_gpu)")
                .with_source(failure)
        })
    }

    /// One at a time makes or changes programs.
    pub(crate) fn making(&self) -> MutexGuard<'static, ()> {
        static MAKING: Mutex<()> = Mutex::new(());
        MAKING.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A target of the library's, `ref` or `gpu`.
#[derive(Debug)]
pub(super) struct Target(pub(super) *mut TargetHandle, &'static Library);

impl Target {
    /// To be called under the lock of [`Library::making`].
    pub(super) fn new(
        library: &'static Library,
        name: &std::ffi::CStr,
    ) -> std::result::Result<Self, MigraphxError> {
        let mut raw = ptr::null_mut();
        // SAFETY: the library writes a handle, and only reads the name.
        unsafe { call!(library.functions, migraphx_target_create(&raw mut raw, name.as_ptr())) }?;
        Ok(Self(raw, library))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // SAFETY: the handle was made by the library and nothing else destroys it.
        let _ = unsafe { call!(self.1.functions, migraphx_target_destroy(self.0)) };
    }
}

/// Which numbers the library has for dtypes, told by the sizes of their elements: the interface has no
/// version of its own.
fn numbers(functions: &Functions) -> Option<Numbers> {
    let size = |number| {
        let (mut shape, mut bytes) = (ptr::null_mut(), 0);
        // SAFETY: the library writes a handle and a size, and destroys its own handle; an unknown number
        // is a status.
        unsafe {
            call!(functions, migraphx_shape_create_scalar(&raw mut shape, number)).ok()?;
            let asked = call!(functions, migraphx_shape_bytes(&raw mut bytes, shape));
            let _ = call!(functions, migraphx_shape_destroy(shape));
            asked.ok()?;
        }
        Some(bytes)
    };
    [Numbers::WithFp4, Numbers::WithoutFp4].into_iter().find(|numbers| {
        DType::ALL
            .iter()
            .filter(|dtype| **dtype != DType::Bf16)
            .all(|dtype| size(numbers.number(*dtype)) == Some(dtype.size()))
    })
}

/// The version is in the name of the file that the interface stands on: `libmigraphx.so.2014000`.
fn version() -> Option<String> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let (_, rest) = maps.split_once("/libmigraphx.so.")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let number: u32 = digits.parse().ok()?;
    Some(format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000))
}
