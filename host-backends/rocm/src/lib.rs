//! The ROCm backend: AMD's MIGraphX by its C API, loaded at run time.
