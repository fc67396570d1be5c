//! The ONNX Runtime backend: one device for each execution provider of the library loaded at run time.
