//! Queries of the driver and the loader.

#![allow(unsafe_code, reason = "the driver and the other libraries are C libraries")]

use std::ffi::{CStr, c_char, c_int};

use cudarc::driver::{result, sys};
use libloading::Library;

use super::{
    Answers, CUBLAS, CUDART, CUDNN, DRIVER_FILE, Driver, Management, NVRTC, Requirement, Visible,
    headers,
};
use crate::Environment;

/// Makes all queries. Never panics, whatever is missing.
pub(crate) fn all(environment: &Environment, management: Result<&Management, &String>) -> Answers {
    let driver = driver();
    Answers {
        // Without a driver, the bindings of the other libraries are not used.
        missing: if matches!(driver, Driver::Ready { .. }) { missing() } else { Vec::new() },
        headers: headers::missing(headers::root().as_deref()),
        driver,
        machine: management.map_err(Clone::clone).and_then(Management::machine),
        visible_devices: environment.visible_devices.clone(),
    }
}

/// Whether the driver's library can be loaded: the cheapest query, which initializes nothing.
pub(crate) fn has_driver() -> bool {
    library().is_ok()
}

/// The bindings panic if the library is missing, so it is loaded without them first.
fn library() -> Result<Library, libloading::Error> {
    // SAFETY: the driver's library has no initializer that other code could depend on.
    unsafe { Library::new(DRIVER_FILE) }
}

type Init = unsafe extern "C" fn(u32) -> u32;
type Version = unsafe extern "C" fn(*mut c_int) -> u32;

fn driver() -> Driver {
    let library = match library() {
        Ok(library) => library,
        Err(error) => return Driver::Absent(error.to_string()),
    };
    // SAFETY: both functions have these types in all versions of the driver.
    let (init, version) = unsafe {
        let Ok(init) = library.get::<Init>(b"cuInit\0") else { return Driver::Broken("cuInit") };
        let Ok(version) = library.get::<Version>(b"cuDriverGetVersion\0") else {
            return Driver::Broken("cuDriverGetVersion");
        };
        (init, version)
    };
    let mut api = 0;
    // SAFETY: the argument points to an int. It may be called before `cuInit`.
    let code = unsafe { version(&raw mut api) };
    if code != 0 {
        return Driver::Refused { call: "cuDriverGetVersion", code };
    }
    if api < super::NEEDED {
        return Driver::Ready { api, visible: Vec::new() };
    }
    // SAFETY: zero is the only valid flag.
    let code = unsafe { init(0) };
    if code != 0 {
        return Driver::Refused { call: "cuInit", code };
    }
    // From here on the bindings work.
    let visible = match result::device::get_count() {
        Ok(count) => (0..count).filter_map(|ordinal| visible(ordinal).ok()).collect(),
        Err(error) => return Driver::Refused { call: "cuDeviceGetCount", code: error.0 as u32 },
    };
    Driver::Ready { api, visible }
}

fn visible(ordinal: c_int) -> Result<Visible, result::DriverError> {
    use sys::CUdevice_attribute::{
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
    };
    let device = result::device::get(ordinal)?;
    // SAFETY: `device` is from the driver.
    let (capability, memory) = unsafe {
        let of = |attribute| result::device::get_attribute(device, attribute);
        ((of(MAJOR)?, of(MINOR)?), result::device::total_mem(device)?)
    };
    Ok(Visible {
        uuid: uuid(device)?,
        bus: bus(device),
        name: result::device::get_name(device)?,
        capability,
        memory: memory as u64,
    })
}

/// In the format of `nvidia-smi`.
fn uuid(device: sys::CUdevice) -> Result<String, result::DriverError> {
    let bytes = result::device::get_uuid(device)?.bytes;
    let hex: Vec<String> =
        bytes.iter().map(|byte| format!("{:02x}", byte.cast_unsigned())).collect();
    let parts = [0..4, 4..6, 6..8, 8..10, 10..16];
    let parts = parts.map(|part| hex.get(part).unwrap_or_default().concat());
    Ok(format!("GPU-{}", parts.join("-")))
}

fn bus(device: sys::CUdevice) -> String {
    let mut text: [c_char; 32] = [0; 32];
    // SAFETY: the driver writes at most 32 bytes, the terminating zero included.
    let code = unsafe { sys::cuDeviceGetPCIBusId(text.as_mut_ptr(), 32, device) };
    if code != sys::CUresult::CUDA_SUCCESS {
        return String::new();
    }
    // SAFETY: the string is terminated.
    unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned()
}

fn missing() -> Vec<Requirement> {
    // SAFETY: these only load NVIDIA's libraries.
    let found = unsafe {
        [
            (CUDART, cudarc::runtime::sys::is_culib_present()),
            (NVRTC, cudarc::nvrtc::sys::is_culib_present()),
            (CUBLAS, cudarc::cublas::sys::is_culib_present()),
            (CUDNN, cudarc::cudnn::sys::is_culib_present()),
        ]
    };
    found.into_iter().filter(|(_, present)| !present).map(|(need, _)| need).collect()
}
