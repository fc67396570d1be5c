//! Errors of NVIDIA's libraries as errors of the contract.

use godwit_backend::{Error, ErrorKind};

/// The driver's codes with a specific kind, and their names.
///
/// A device is lost if the process has to end before it can be used again: every later call then returns the
/// same code.
const CODES: &[(u32, &str, ErrorKind)] = &[
    (2, "CUDA_ERROR_OUT_OF_MEMORY", ErrorKind::OutOfMemory),
    (3, "CUDA_ERROR_NOT_INITIALIZED", ErrorKind::Unavailable),
    (4, "CUDA_ERROR_DEINITIALIZED", ErrorKind::DeviceLost),
    (46, "CUDA_ERROR_DEVICE_UNAVAILABLE", ErrorKind::Unavailable),
    (100, "CUDA_ERROR_NO_DEVICE", ErrorKind::Unavailable),
    (101, "CUDA_ERROR_INVALID_DEVICE", ErrorKind::Unavailable),
    (201, "CUDA_ERROR_INVALID_CONTEXT", ErrorKind::DeviceLost),
    (209, "CUDA_ERROR_NO_BINARY_FOR_GPU", ErrorKind::Unsupported),
    (214, "CUDA_ERROR_ECC_UNCORRECTABLE", ErrorKind::DeviceLost),
    (220, "CUDA_ERROR_NVLINK_UNCORRECTABLE", ErrorKind::DeviceLost),
    (222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", ErrorKind::Unsupported),
    (226, "CUDA_ERROR_CONTAINED", ErrorKind::DeviceLost),
    (700, "CUDA_ERROR_ILLEGAL_ADDRESS", ErrorKind::DeviceLost),
    (702, "CUDA_ERROR_LAUNCH_TIMEOUT", ErrorKind::DeviceLost),
    (709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", ErrorKind::DeviceLost),
    (710, "CUDA_ERROR_ASSERT", ErrorKind::DeviceLost),
    (714, "CUDA_ERROR_HARDWARE_STACK_ERROR", ErrorKind::DeviceLost),
    (715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", ErrorKind::DeviceLost),
    (716, "CUDA_ERROR_MISALIGNED_ADDRESS", ErrorKind::DeviceLost),
    (717, "CUDA_ERROR_INVALID_ADDRESS_SPACE", ErrorKind::DeviceLost),
    (718, "CUDA_ERROR_INVALID_PC", ErrorKind::DeviceLost),
    (719, "CUDA_ERROR_LAUNCH_FAILED", ErrorKind::DeviceLost),
    (721, "CUDA_ERROR_TENSOR_MEMORY_LEAK", ErrorKind::DeviceLost),
    (801, "CUDA_ERROR_NOT_SUPPORTED", ErrorKind::Unsupported),
    (802, "CUDA_ERROR_SYSTEM_NOT_READY", ErrorKind::Unavailable),
    (803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", ErrorKind::Unavailable),
    (804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", ErrorKind::Unavailable),
    (999, "CUDA_ERROR_UNKNOWN", ErrorKind::DeviceLost),
];

/// The statuses of cuBLAS and cuDNN with a specific kind.
const STATUSES: &[(&str, ErrorKind)] = &[
    ("CUBLAS_STATUS_ALLOC_FAILED", ErrorKind::OutOfMemory),
    ("CUDNN_STATUS_ALLOC_FAILED", ErrorKind::OutOfMemory),
    ("CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED", ErrorKind::OutOfMemory),
    ("CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED", ErrorKind::OutOfMemory),
    ("CUBLAS_STATUS_NOT_SUPPORTED", ErrorKind::Unsupported),
    ("CUDNN_STATUS_NOT_SUPPORTED", ErrorKind::Unsupported),
    ("CUBLAS_STATUS_ARCH_MISMATCH", ErrorKind::Unsupported),
    ("CUDNN_STATUS_ARCH_MISMATCH", ErrorKind::Unsupported),
];

/// The kind of a `CUresult`, the driver's error code.
pub fn of_code(code: u32) -> ErrorKind {
    let known = CODES.iter().find(|(known, ..)| *known == code);
    known.map_or(ErrorKind::Failed, |(.., kind)| *kind)
}

/// The kind of the first error name in a library's text.
pub fn of_text(text: &str) -> ErrorKind {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let mut words = text.split(word).filter(|word| word.starts_with("CU"));
    words.find_map(named).unwrap_or(ErrorKind::Failed)
}

fn named(word: &str) -> Option<ErrorKind> {
    let code = CODES.iter().find(|(_, name, _)| *name == word).map(|(.., kind)| *kind);
    // Newer libraries append a detail to the name.
    let status = || STATUSES.iter().find(|(name, _)| word.starts_with(name)).map(|(_, kind)| *kind);
    code.or_else(status)
}

/// The error for a library's text; `otherwise` if the text has no specific kind.
pub(crate) fn explain(text: String, otherwise: Error) -> Error {
    let error = match of_text(&text) {
        ErrorKind::OutOfMemory => Error::out_of_memory("the GPU is out of memory"),
        ErrorKind::DeviceLost => lost(),
        ErrorKind::Unavailable => Error::unavailable("the GPU cannot be used at the moment"),
        ErrorKind::Unsupported => {
            Error::unsupported("the GPU does not support an operation of the model")
        }
        _ => otherwise,
    };
    error.with_source(text)
}

/// The error of every call after the device was lost.
pub(crate) fn lost() -> Error {
    Error::device_lost("the GPU failed: restart the process that uses it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_the_name_that_the_bindings_know_and_one_row() {
        for (index, (code, name, kind)) in CODES.iter().enumerate() {
            assert_eq!(of_code(*code), *kind, "{name}");
            assert_eq!(of_text(&format!("DriverError({name}, \"said\")")), *kind, "{name}");
            assert!(CODES[index + 1..].iter().all(|(other, ..)| other > code), "{name}");
        }
    }

    #[test]
    fn the_names_are_those_of_the_bound_interface() {
        use cudarc::driver::sys::CUresult;
        for (of, code) in [
            (CUresult::CUDA_ERROR_OUT_OF_MEMORY, 2),
            (CUresult::CUDA_ERROR_ECC_UNCORRECTABLE, 214),
            (CUresult::CUDA_ERROR_ILLEGAL_ADDRESS, 700),
            (CUresult::CUDA_ERROR_LAUNCH_FAILED, 719),
            (CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803),
        ] {
            assert_eq!(of as u32, code);
            let (_, name, _) = CODES.iter().find(|(known, ..)| *known == code).unwrap();
            assert_eq!(format!("{of:?}"), *name);
        }
    }

    #[test]
    fn what_is_unknown_has_failed_and_a_prefix_of_a_name_is_no_name() {
        assert_eq!(of_code(1), ErrorKind::Failed);
        assert_eq!(of_text("CUDA_ERROR_OUT_OF_MEMORY_OF_A_KIND"), ErrorKind::Failed);
        assert_eq!(of_text("nothing"), ErrorKind::Failed);
    }

    #[test]
    fn libraries_on_top_are_understood() {
        let text = "CudnnError(CUDNN_STATUS_NOT_SUPPORTED_SHAPE)";
        assert_eq!(of_text(text), ErrorKind::Unsupported);
        assert_eq!(of_text("CUBLAS_STATUS_ALLOC_FAILED"), ErrorKind::OutOfMemory);
    }

    #[test]
    fn what_a_library_said_is_for_the_operator_alone() {
        let said = "panic: called `Result::unwrap()`: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"x\")";
        let error = explain(said.to_owned(), Error::failed("ours"));
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        assert!(!error.message().contains("CUDA") && error.report().contains("CUDA_ERROR"));
        assert_eq!(explain("other".to_owned(), Error::failed("ours")).message(), "ours");
    }
}
