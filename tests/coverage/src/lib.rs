//! The operator tests of the onnx Python package, run through the contract on every backend.
