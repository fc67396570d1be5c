use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use godwit_backend::{Backend, Device, Target};
use godwit_cuda::{CudaBackend, CudaOptions};
use godwit_platform::{Family, FamilyOptions, Libraries};

use crate::step::told;

/// The device under test, with what it is compared with.
pub(crate) struct Machine {
    pub(crate) backend: Arc<dyn Backend>,
    /// The same, where it is CUDA's: it counts what crosses the bus.
    pub(crate) cuda: Option<Arc<CudaBackend>>,
    pub(crate) target: Target,
    pub(crate) device: Device,
    pub(crate) cpu: Arc<dyn Backend>,
    pub(crate) pack: PathBuf,
}

impl Machine {
    /// Opens the family of the device `id`; AMD's by its library at `migraphx`. `cpu:0` is for rehearsals, on
    /// machines without a GPU: what only a GPU has is skipped there.
    pub(crate) fn open(id: &str, pack: &Path, migraphx: &Path) -> Result<Self> {
        let target = Target::new(id);
        let family = Family::of(&target.device);
        let family = family.with_context(|| format!("no family has a device '{id}'"))?;
        let libraries = family.engine.map(|engine| (engine, migraphx.to_owned()));
        let libraries: Libraries = libraries.into_iter().collect();
        let open = |family: &Family| family.open(&libraries, &FamilyOptions::default());
        let cpu = Family::by_name("cpu").and_then(open).map_err(told)?;
        let (backend, cuda): (Arc<dyn Backend>, _) = match family.name {
            "cuda" => {
                let cuda = CudaBackend::open(CudaOptions::default());
                let cuda = Arc::new(cuda.map_err(told)?);
                (cuda.clone(), Some(cuda))
            }
            _ => (open(family).map_err(told)?, None),
        };
        let devices = backend.devices().map_err(told)?;
        let device = devices.into_iter().find(|device| device.id == target.device);
        let device = device.with_context(|| format!("there is no device '{id}' here"))?;
        Ok(Self { backend, cuda, target, device, cpu, pack: pack.to_path_buf() })
    }

    /// Bytes of the device's memory that are free now.
    pub(crate) fn free(&self) -> Result<u64> {
        let devices = self.backend.devices().map_err(told)?;
        let device = devices.into_iter().find(|device| device.id == self.target.device);
        let memory = device.and_then(|device| device.memory).context("no memory is told")?;
        Ok(memory.free)
    }
}
