//! The OpenVINO backend: Intel's CPUs, GPUs and NPUs, by the OpenVINO library loaded at run time.
