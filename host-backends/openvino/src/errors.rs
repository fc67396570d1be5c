use godwit_backend::Error;
use openvino_sys::ov_status_e;

use crate::ov::OpenVinoError;

/// A failed run, in our words.
pub(crate) fn run(failure: OpenVinoError) -> Error {
    if failure.is_cancelled() {
        return Error::cancelled("the run was cancelled");
    }
    // How the library says that the system has no memory left.
    let starved = failure.text.contains("bad_alloc") || failure.text.contains("llocat");
    let error = if starved {
        Error::out_of_memory("the device has no memory left for this run")
    } else {
        Error::failed("the model failed with these inputs")
    };
    error.with_source(failure)
}

/// Why a model could not be read.
pub(crate) fn read(failure: OpenVinoError) -> Error {
    let text = &failure.text;
    let lacking = [
        "not supported",
        "nsupported",
        "unknown operation",
        "unrecognized operators",
        "not implemented",
        "conversion rule",
    ];
    let error = if lacking.iter().any(|it| text.contains(it)) {
        Error::unsupported("the model uses something that OpenVINO does not have")
    } else {
        Error::invalid_encoding("the model is not well formed")
    };
    error.with_source(failure)
}

/// Why a model could not be compiled.
pub(crate) fn compile(failure: OpenVinoError) -> Error {
    let error = match failure.status {
        ov_status_e::NOT_FOUND => {
            Error::unsupported("the device does not have what the target's options ask for")
        }
        _ => Error::unsupported("the model is beyond what the device can compile"),
    };
    error.with_source(failure)
}

/// Why no request could be made.
pub(crate) fn open(failure: OpenVinoError) -> Error {
    Error::failed("the device could not open the model").with_source(failure)
}

/// A call that has no reason to fail.
pub(crate) fn internal(failure: OpenVinoError) -> Error {
    Error::failed("OpenVINO refused a plain request").with_source(failure)
}
