//! What the machine's NVIDIA libraries answer, and what follows from it.
//!
//! Asking needs the libraries; deciding does not, so every decision is tested on any machine.

pub(crate) mod ask;
mod describe;
mod headers;
mod judge;
mod management;

pub(crate) use describe::device;
pub(crate) use judge::{Gpu, Inventory, Standing, judge};
pub(crate) use management::Management;

use godwit_backend::DeviceMemory;

/// The version of the driver's interface that is bound, as `cuDriverGetVersion` counts: 13.0.
pub(crate) const NEEDED: i32 = 13_000;

/// The driver that brought it first.
pub(crate) const NEEDED_DRIVER: &str = "580";

/// The least compute capability that CUDA 13 compiles for.
pub(crate) const LEAST_CAPABILITY: (i32, i32) = (7, 5);

/// Everything that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(crate) driver: Driver,
    /// The machine's GPUs by NVML, or why it does not tell.
    pub(crate) machine: Result<Machine, String>,
    /// The libraries that were not found.
    pub(crate) missing: Vec<Need>,
    /// Why kernels cannot be compiled, if they cannot.
    pub(crate) headers: Option<Need>,
    /// `CUDA_VISIBLE_DEVICES`, as the process was started with it.
    pub(crate) visible_devices: Option<String>,
}

/// What the driver answered.
#[derive(Debug, Clone)]
pub(crate) enum Driver {
    /// No file of its name can be loaded; what the loader said.
    Absent(String),
    /// The file is not a driver: it lacks a function.
    Broken(&'static str),
    /// A call was refused, with a code.
    Refused { call: &'static str, code: u32 },
    /// It runs.
    Ready { api: i32, visible: Vec<Visible> },
}

/// A GPU that the driver shows this process, in its order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visible {
    pub(crate) uuid: String,
    pub(crate) bus: String,
    pub(crate) name: String,
    pub(crate) capability: (i32, i32),
    pub(crate) memory: u64,
}

/// The machine by NVML.
#[derive(Debug, Clone, Default)]
pub(crate) struct Machine {
    pub(crate) driver: Option<String>,
    pub(crate) gpus: Vec<Installed>,
}

/// A GPU of the machine, whether this process sees it or not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Installed {
    pub(crate) index: u32,
    pub(crate) uuid: String,
    pub(crate) bus: String,
    pub(crate) name: String,
    pub(crate) capability: Option<(i32, i32)>,
    pub(crate) memory: Option<DeviceMemory>,
    pub(crate) mig: Option<bool>,
    pub(crate) ecc: Option<bool>,
    /// Milliwatts now.
    pub(crate) power: Option<u32>,
    /// Millijoules since the driver was loaded.
    pub(crate) energy: Option<u64>,
}

/// A file that is needed, and the packages that bring it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) file: &'static str,
    pub(crate) pip: &'static str,
    pub(crate) apt: &'static str,
}

/// The driver's file.
pub(crate) const DRIVER_FILE: &str = "libcuda.so.1";

pub(crate) const CUDART: Need =
    Need { file: "libcudart.so.13", pip: "nvidia-cuda-runtime", apt: "cuda-cudart-13-0" };
pub(crate) const NVRTC: Need =
    Need { file: "libnvrtc.so.13", pip: "nvidia-cuda-nvrtc", apt: "cuda-nvrtc-13-0" };
pub(crate) const CUBLAS: Need =
    Need { file: "libcublas.so.13", pip: "nvidia-cublas", apt: "libcublas-13-0" };
pub(crate) const CUDNN: Need =
    Need { file: "libcudnn.so.9", pip: "nvidia-cudnn-cu13", apt: "libcudnn9-cuda-13" };
pub(crate) const TOOLKIT_HEADERS: Need =
    Need { file: "include/cuda_fp16.h", pip: "nvidia-cuda-runtime", apt: "cuda-cudart-dev-13-0" };
pub(crate) const MATH_HEADERS: Need = Need {
    file: "include/math_constants.h",
    pip: "nvidia-cuda-runtime",
    apt: "cuda-cudart-dev-13-0",
};
pub(crate) const CCCL_HEADERS: Need =
    Need { file: "include/cccl/cuda/std/cstdint", pip: "nvidia-cuda-cccl", apt: "cuda-cccl-13-0" };
