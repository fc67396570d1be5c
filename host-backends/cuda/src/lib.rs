//! The CUDA backend: NVIDIA GPUs by tract's kernels on cudarc, loaded at run time.
