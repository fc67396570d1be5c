//! What the library says, in words that a guest may read. Its own words go to the operator.

use godwit_backend::Error;
use ort::ErrorCode;

use crate::native::Fault;

/// Why a model was not loaded.
pub(crate) fn load(fault: Fault) -> Error {
    let said = fault.message();
    let error = match fault.code() {
        ErrorCode::ModelLoadCanceled => Error::cancelled("the load was cancelled"),
        _ if starved(said) => Error::out_of_memory("the host has no memory left for this model"),
        ErrorCode::InvalidProtobuf | ErrorCode::NoModel => {
            Error::invalid_encoding("the bytes are not an ONNX model")
        }
        _ if lacks_operator(said) => {
            Error::unsupported("the model uses an operator that ONNX Runtime does not have")
        }
        ErrorCode::NotImplemented => {
            Error::unsupported("the model uses what this ONNX Runtime does not have")
        }
        _ => Error::invalid_encoding("the ONNX model is not well formed"),
    };
    error.with_source(fault)
}

/// Why a run gave no outputs.
pub(crate) fn run(fault: Fault) -> Error {
    let said = fault.message();
    let error = match fault.code() {
        ErrorCode::DeviceReset => Error::device_lost("the device was reset during the run"),
        _ if said.contains("terminate flag") => Error::cancelled("the run was cancelled"),
        _ if starved(said) => Error::out_of_memory("there is no memory left for this run"),
        ErrorCode::NotImplemented => {
            Error::unsupported("the model uses what this ONNX Runtime does not have")
        }
        _ => match operator(said) {
            None => Error::failed("the model failed with these inputs"),
            Some(name) => Error::failed(format!(
                "the model failed with these inputs at its operator '{name}'"
            )),
        },
    };
    error.with_source(fault)
}

/// Whether an output did not have the shape that the model states for it.
pub(crate) fn is_shape_mismatch(fault: &Fault) -> bool {
    let signs = ["shape verification failed", "computed output shape for this run is"];
    signs.iter().any(|sign| fault.message().contains(sign))
}

fn starved(said: &str) -> bool {
    let signs = ["smaller than requested bytes", "Failed to allocate memory", "bad_alloc"];
    signs.iter().any(|sign| said.contains(sign))
}

fn lacks_operator(said: &str) -> bool {
    let signs = ["is not a registered function/op", "No Op registered for", "No opset import for"];
    signs.iter().any(|sign| said.contains(sign))
}

/// The name of the model's own node that failed.
fn operator(said: &str) -> Option<String> {
    let (_, rest) = said.split_once(" node. Name:'")?;
    let (name, _) = rest.split_once('\'')?;
    let plain = |c: &char| !c.is_control();
    let name: String = name.chars().filter(plain).take(64).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failing_node_is_named_and_nothing_else_is_told() {
        let said = "Non-zero status code returned while running Gather node. Name:'find' Status \
                    Message: /onnxruntime_src/x.cc:12 indices element out of data bounds";
        assert_eq!(operator(said).as_deref(), Some("find"));
        assert_eq!(operator("Name:''"), None);
        assert_eq!(operator(" node. Name:'"), None);
    }

    #[test]
    fn a_spent_arena_is_out_of_memory() {
        assert!(starved("Available memory of 10 is smaller than requested bytes of 20"));
    }
}
