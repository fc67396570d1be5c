#![allow(unsafe_code, reason = "loads the library and calls into it")]

use std::ffi::CStr;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use godwit_backend::{Error, Result};
use openvino_sys::{ov_core_compile_model_props, ov_status_e, ov_version_t};

/// What the library says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The whole build number.
    pub(crate) build: String,
}

impl Version {
    /// The release alone, for example `2026.4.1`.
    pub(crate) fn release(&self) -> &str {
        self.build.split('-').next().unwrap_or(&self.build)
    }

    /// Release and build, without the branch's name, which looks like a path.
    pub(crate) fn driver(&self) -> String {
        let mut parts = self.build.split('-');
        match (parts.next(), parts.next()) {
            (Some(release), Some(build)) => format!("OpenVINO {release} (build {build})"),
            _ => format!("OpenVINO {}", self.release()),
        }
    }
}

/// Loads the library, once a process.
///
/// # Errors
///
/// `Unavailable` when it cannot be loaded, is too old, or another one is loaded already.
pub(crate) fn open(path: &Path) -> Result<Version> {
    static OPENED: Mutex<Option<PathBuf>> = Mutex::new(None);
    let absent = || Error::unavailable("the OpenVINO library could not be loaded");
    let path = path.canonicalize().map_err(|error| absent().with_source(error))?;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(other) = opened.as_ref().filter(|other| **other != path) {
        let text = format!("{} is open, {} was asked for", other.display(), path.display());
        return Err(Error::unavailable(
            "a process can open one OpenVINO library, and another one is open",
        )
        .with_source(text));
    }
    // It panics at a version that it cannot read.
    let loaded = catch_unwind(|| openvino_sys::library::load_from(path.clone()));
    let loaded = loaded.unwrap_or_else(|_| Err("its version cannot be read".into()));
    loaded.map_err(|text| absent().with_source(text))?;
    *opened = Some(path);
    // Calling a function that the library lacks panics; this is the youngest that is called here.
    let probe = catch_unwind(|| {
        // SAFETY: the library answers null pointers with an error.
        unsafe {
            ov_core_compile_model_props(
                ptr::null(),
                ptr::null(),
                ptr::null(),
                0,
                ptr::null(),
                ptr::null_mut(),
            )
        }
    });
    if !matches!(probe, Ok(status) if status != ov_status_e::OK) {
        return Err(Error::unavailable(
            "the OpenVINO library is too old: it has to be 2026.4 or later",
        ));
    }
    version().ok_or_else(absent)
}

fn version() -> Option<Version> {
    let mut version = ov_version_t { buildNumber: ptr::null(), description: ptr::null() };
    // SAFETY: the pointer is valid for the call.
    let status = unsafe { openvino_sys::ov_get_openvino_version(&raw mut version) };
    if status != ov_status_e::OK || version.buildNumber.is_null() {
        return None;
    }
    // SAFETY: the library set a terminated string.
    let build = unsafe { CStr::from_ptr(version.buildNumber) }.to_string_lossy().into_owned();
    // SAFETY: set by the library above, not used after this.
    unsafe { openvino_sys::ov_version_free(&raw mut version) };
    Some(Version { build })
}
