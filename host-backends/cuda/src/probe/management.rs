//! The machine's GPUs by NVML, which is part of the driver and numbers them like `nvidia-smi`.

use std::ffi::OsStr;

use godwit_backend::DeviceMemory;
use nvml_wrapper::{Device, Nvml};

use super::{Installed, Machine};

/// The driver's file. The name without a version is that of the development package.
const FILE: &str = "libnvidia-ml.so.1";

/// NVML, open.
#[derive(Debug)]
pub(crate) struct Management(Nvml);

impl Management {
    /// Loads NVML, or returns why not.
    pub(crate) fn open() -> Result<Self, String> {
        let nvml = Nvml::builder().lib_path(OsStr::new(FILE)).init();
        nvml.map(Self).map_err(|error| format!("{FILE}: {error}"))
    }

    /// All GPUs that NVML lists.
    pub(crate) fn machine(&self) -> Result<Machine, String> {
        let count = self.0.device_count().map_err(|error| format!("{FILE}: {error}"))?;
        let gpus = (0..count).filter_map(|index| {
            let device = self.0.device_by_index(index).ok()?;
            Some(installed(index, &device))
        });
        Ok(Machine { driver: self.0.sys_driver_version().ok(), gpus: gpus.collect() })
    }

    /// The current values of the same GPU, if it still answers.
    pub(crate) fn again(&self, gpu: &Installed) -> Option<Installed> {
        Some(installed(gpu.index, &self.0.device_by_uuid(gpu.uuid.as_str()).ok()?))
    }
}

fn installed(index: u32, device: &Device<'_>) -> Installed {
    Installed {
        index,
        uuid: device.uuid().unwrap_or_default(),
        bus: device.pci_info().map(|info| info.bus_id).unwrap_or_default(),
        name: device.name().unwrap_or_else(|_| "NVIDIA GPU".to_owned()),
        capability: device.cuda_compute_capability().ok().map(|it| (it.major, it.minor)),
        memory: memory(device),
        mig: device.mig_mode().ok().map(|mode| mode.current == 1),
        ecc: device.is_ecc_enabled().ok().map(|state| state.currently_enabled),
        power: device.power_usage().ok(),
        energy: device.total_energy_consumption().ok(),
    }
}

fn memory(device: &Device<'_>) -> Option<DeviceMemory> {
    let memory = device.memory_info().ok()?;
    Some(DeviceMemory { total: memory.total, free: memory.free })
}
