//! Finds the machine's NVIDIA libraries and GPUs.
//!
//! Queries need the libraries; decisions use their answers alone, so they are tested on any machine.

pub(crate) mod ask;
mod describe;
mod headers;
mod judge;
mod management;

pub(crate) use describe::device;
pub(crate) use judge::{DetectedGpu, Inventory, Usage, judge};
pub(crate) use management::Management;

use godwit_backend::DeviceMemory;

/// The required version of the driver's interface, as `cuDriverGetVersion` returns it: 13.0.
pub(crate) const NEEDED: i32 = 13_000;

/// The first driver with it.
pub(crate) const NEEDED_DRIVER: &str = "580";

/// The lowest compute capability that CUDA 13 supports.
pub(crate) const LEAST_CAPABILITY: (i32, i32) = (7, 5);

/// The answers to all queries.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(crate) driver: Driver,
    /// The machine's GPUs by NVML, or why NVML failed.
    pub(crate) machine: Result<Machine, String>,
    /// The missing libraries.
    pub(crate) missing: Vec<Requirement>,
    /// The missing headers, which the compilation of kernels needs.
    pub(crate) headers: Option<Requirement>,
    /// `CUDA_VISIBLE_DEVICES` of the process.
    pub(crate) visible_devices: Option<String>,
}

/// The driver's answers.
#[derive(Debug, Clone)]
pub(crate) enum Driver {
    /// Its library cannot be loaded; the loader's message.
    Absent(String),
    /// Its library lacks a function.
    Broken(&'static str),
    /// A call failed with a code.
    Refused { call: &'static str, code: u32 },
    /// It works.
    Ready { api: i32, visible: Vec<Visible> },
}

/// A GPU that is visible to this process, in the driver's order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visible {
    pub(crate) uuid: String,
    pub(crate) bus: String,
    pub(crate) name: String,
    pub(crate) capability: (i32, i32),
    pub(crate) memory: u64,
}

/// The machine, as NVML describes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Machine {
    pub(crate) driver: Option<String>,
    pub(crate) gpus: Vec<Installed>,
}

/// A GPU of the machine, whether it is visible to this process or not.
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
    /// The current power in milliwatts.
    pub(crate) power: Option<u32>,
    /// The energy since the driver was loaded, in millijoules.
    pub(crate) energy: Option<u64>,
}

/// A required file, and the packages with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) file: &'static str,
    pub(crate) pip: &'static str,
    pub(crate) apt: &'static str,
}

/// The driver's file.
pub(crate) const DRIVER_FILE: &str = "libcuda.so.1";

pub(crate) const CUDART: Requirement =
    Requirement { file: "libcudart.so.13", pip: "nvidia-cuda-runtime", apt: "cuda-cudart-13-0" };
pub(crate) const NVRTC: Requirement =
    Requirement { file: "libnvrtc.so.13", pip: "nvidia-cuda-nvrtc", apt: "cuda-nvrtc-13-0" };
pub(crate) const CUBLAS: Requirement =
    Requirement { file: "libcublas.so.13", pip: "nvidia-cublas", apt: "libcublas-13-0" };
pub(crate) const CUDNN: Requirement =
    Requirement { file: "libcudnn.so.9", pip: "nvidia-cudnn-cu13", apt: "libcudnn9-cuda-13" };
pub(crate) const TOOLKIT_HEADERS: Requirement = Requirement {
    file: "include/cuda_fp16.h",
    pip: "nvidia-cuda-runtime",
    apt: "cuda-cudart-dev-13-0",
};
pub(crate) const MATH_HEADERS: Requirement = Requirement {
    file: "include/math_constants.h",
    pip: "nvidia-cuda-runtime",
    apt: "cuda-cudart-dev-13-0",
};
pub(crate) const CCCL_HEADERS: Requirement = Requirement {
    file: "include/cccl/cuda/std/cstdint",
    pip: "nvidia-cuda-cccl",
    apt: "cuda-cccl-13-0",
};
