use std::fmt;

use godwit_backend::Error;
use tract_onnx::prelude::TypedSimpleState;

/// What the backends give tract as the reason when they end a run between two operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Early;

impl fmt::Display for Early {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run was ended early")
    }
}

impl std::error::Error for Early {}

/// Says that a run failed, and at which operator: the node numbered `at`, if it came to one.
pub fn failed(state: &TypedSimpleState, at: Option<usize>) -> Error {
    let name = at.and_then(|at| state.model().nodes().get(at)).map(|node| &*node.name);
    match name {
        None => Error::failed("the model could not take these inputs"),
        Some(name) => {
            let name: String = name.chars().take(64).collect();
            Error::failed(format!("the model failed with these inputs at its operator '{name}'"))
        }
    }
}
