use std::sync::Arc;

use godwit_backend::{Backend, Device, DeviceId, Error, Graph, Model, Result, Target, async_trait};

use crate::engine::{CudaGraph, Gpu, LoadedGraph, Traffic, Uncompiled, compile, parse};
use crate::options::{Precision, TargetOptions};
use crate::probe::{DetectedGpu, Inventory, Management, Usage, ask, device, judge};
use crate::{CudaOptions, Environment, driver};

/// Runs models on one NVIDIA GPU, and lists all GPUs of the machine.
#[derive(Debug)]
pub struct CudaBackend {
    gpu: Arc<Gpu>,
    inventory: Inventory,
    management: Option<Management>,
    environment: Environment,
}

impl CudaBackend {
    /// Finds the driver, its libraries and the GPUs, initializes the GPU that this process uses, and runs a small
    /// graph with a known result on it.
    ///
    /// The first time on a machine this compiles the kernels, which takes up to a minute. They are cached in the
    /// user's cache folder.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the message says what is missing, the source names the file and the packages with it. A GPU
    /// that gives a wrong result for the small graph is unavailable too.
    pub fn open(options: CudaOptions) -> Result<Self> {
        let CudaOptions { streams, folders, environment } = options;
        driver::prefer(&folders);
        let management = Management::open();
        let answers = ask::all(&environment, management.as_ref());
        let inventory = judge(&answers)?;
        let gpu = Gpu::open(streams)?;
        Ok(Self { gpu, inventory, management: management.ok(), environment })
    }

    /// Whether an NVIDIA driver is installed. Takes microseconds if not, and initializes nothing.
    pub fn has_driver() -> bool {
        ask::has_driver()
    }

    /// The traffic between host and GPU.
    pub fn traffic(&self) -> Traffic {
        self.gpu.meter.traffic()
    }

    fn describe(&self, found: &DetectedGpu) -> Device {
        let mut found = found.clone();
        let again = self.management.as_ref().and_then(|nvml| nvml.again(&found.installed));
        found.installed = again.unwrap_or(found.installed);
        if found.usage == Usage::Driven {
            // With MIG, the driver reports the part that this process uses.
            found.installed.memory = self.gpu.memory().or(found.installed.memory);
        }
        device(&found, &self.inventory, &self.environment)
    }

    fn find(&self, id: &DeviceId) -> Result<&DetectedGpu> {
        let gpus = &self.inventory.gpus;
        let answers =
            |found: &&DetectedGpu| device(found, &self.inventory, &self.environment).answers_to(id);
        let found = gpus.iter().find(answers);
        let found = found.ok_or_else(|| id.not_among(gpus.iter().map(|found| &found.id)))?;
        self.refuse_another(found).map_or(Ok(found), Err)
    }

    /// The error for a GPU that this process does not use.
    fn refuse_another(&self, found: &DetectedGpu) -> Option<Error> {
        let message = match found.usage {
            Usage::Driven => return None,
            Usage::Hidden => format!("the GPU '{}' is hidden from this process", found.id),
            Usage::NotDriven => {
                let driven = self.inventory.gpus.first().map_or("another", |gpu| gpu.id.as_str());
                format!(
                    "this process uses the GPU '{driven}' and cannot use '{}' as well",
                    found.id
                )
            }
        };
        let uuid = &found.installed.uuid;
        Some(Error::unavailable(message).with_source(format!(
            "the library has one device context per process: start another process with \
             CUDA_VISIBLE_DEVICES={uuid}"
        )))
    }
}

#[async_trait]
impl Backend for CudaBackend {
    fn name(&self) -> &str {
        "cuda"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.gpu.alive()?;
        Ok(self.inventory.gpus.iter().map(|found| self.describe(found)).collect())
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let found = self.find(&target.device)?;
        let options = TargetOptions::read(&target.options)?;
        let bytes = model.onnx_file("CUDA devices read")?.clone();
        let parsed = self.gpu.readers.run(move |stop| parse(&bytes, stop));
        let uncompiled: Uncompiled = parsed.await??;
        options.check(&self.environment, uncompiled.convolves)?;
        let (model, signature) = uncompiled.into_model();
        let compiled = self.gpu.load(move || compile(model)).await?;
        let placement = &compiled.placement;
        if !placement.on_cpu.is_empty() && !options.fallback {
            return Err(Error::unsupported(format!(
                "{} of the model's operators would run on the CPU, which the target does not allow: {}",
                placement.on_cpu.len(),
                placement.named()
            ))
            .with_source("the target option fallback=allowed allows it"));
        }
        let tf32 = options.precision == Precision::Tf32;
        let mut device = self.describe(found);
        for (label, value) in [
            ("operators-on-gpu", placement.on_gpu.to_string()),
            (Device::OPERATORS_ELSEWHERE, placement.on_cpu.len().to_string()),
            (Device::MULTIPLIES_IN, if tf32 { "tf32" } else { "f32" }.to_owned()),
        ] {
            device.labels.insert(label.to_owned(), value);
        }
        let gpu = self.gpu.clone();
        let graph = LoadedGraph::new(gpu, compiled, signature, device, tf32);
        Ok(Arc::new(CudaGraph::new(graph)))
    }
}
