use std::sync::Arc;

use godwit_backend::{Backend, Device, DeviceId, Error, Graph, Model, Result, Target, async_trait};

use crate::engine::{CudaGraph, Gpu, Traffic, Uncompiled, compile, parse};
use crate::options::{Precision, TargetOptions};
use crate::probe::{Gpu as Found, Inventory, Management, Standing, ask, device, judge};
use crate::{CudaOptions, Environment, driver};

/// Drives one GPU of NVIDIA's, and lists all of the machine.
#[derive(Debug)]
pub struct CudaBackend {
    gpu: Arc<Gpu>,
    inventory: Inventory,
    management: Option<Management>,
    environment: Environment,
}

impl CudaBackend {
    /// Finds the driver, its libraries and the GPUs, starts the one that this process drives, and has it
    /// compute a small graph whose answer is known.
    ///
    /// The first time on a machine this compiles the kernels, which takes up to a minute; they are kept
    /// in the user's cache folder.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the message says what is missing, the source which file was looked for and what
    /// brings it. A GPU that computes the small graph wrong is unavailable too.
    pub fn open(options: CudaOptions) -> Result<Self> {
        let CudaOptions { streams, folders, environment } = options;
        driver::prefer(&folders);
        let management = Management::open();
        let answers = ask::all(&environment, management.as_ref());
        let inventory = judge(&answers)?;
        let gpu = Gpu::open(streams)?;
        Ok(Self { gpu, inventory, management: management.ok(), environment })
    }

    /// Whether there is a driver to be opened. Starts nothing, and costs microseconds where there is none.
    pub fn has_driver() -> bool {
        ask::has_driver()
    }

    /// What has crossed between host and GPU.
    pub fn traffic(&self) -> Traffic {
        self.gpu.meter.traffic()
    }

    fn describe(&self, found: &Found) -> Device {
        let mut found = found.clone();
        let again = self.management.as_ref().and_then(|nvml| nvml.again(&found.installed));
        found.installed = again.unwrap_or(found.installed);
        if found.standing == Standing::Driven {
            // Of a GPU that is divided, the driver tells the part that this process has.
            found.installed.memory = self.gpu.memory().or(found.installed.memory);
        }
        device(&found, &self.inventory, &self.environment)
    }

    fn find(&self, id: &DeviceId) -> Result<&Found> {
        let gpus = &self.inventory.gpus;
        let answers =
            |found: &&Found| device(found, &self.inventory, &self.environment).answers_to(id);
        let found = gpus.iter().find(answers);
        let found = found.ok_or_else(|| id.not_among(gpus.iter().map(|found| &found.id)))?;
        self.refuse_another(found).map_or(Ok(found), Err)
    }

    /// Why a GPU is not driven here, if it is not.
    fn refuse_another(&self, found: &Found) -> Option<Error> {
        let message = match found.standing {
            Standing::Driven => return None,
            Standing::Hidden => format!("the GPU '{}' is hidden from this process", found.id),
            Standing::Beside => {
                let driven = self.inventory.gpus.first().map_or("another", |gpu| gpu.id.as_str());
                format!(
                    "this process drives the GPU '{driven}', and cannot drive '{}' too",
                    found.id
                )
            }
        };
        let uuid = &found.installed.uuid;
        Some(Error::unavailable(message).with_source(format!(
            "the library keeps one device context a process: start another process with \
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
        let census = &compiled.census;
        if !census.on_cpu.is_empty() && !options.fallback {
            return Err(Error::unsupported(format!(
                "{} of the model's operators would run on the processor, which was not asked for: {}",
                census.on_cpu.len(),
                census.named()
            ))
            .with_source("a target's option fallback = allowed lets them"));
        }
        let tf32 = options.precision == Precision::Tf32;
        let mut device = self.describe(found);
        for (label, value) in [
            ("operators-on-gpu", census.on_gpu.to_string()),
            (Device::OPERATORS_ELSEWHERE, census.on_cpu.len().to_string()),
            (Device::MULTIPLIES_IN, if tf32 { "tf32" } else { "f32" }.to_owned()),
        ] {
            device.labels.insert(label.to_owned(), value);
        }
        let gpu = self.gpu.clone();
        Ok(Arc::new(CudaGraph::new(gpu, compiled, signature, device, tf32)))
    }
}
