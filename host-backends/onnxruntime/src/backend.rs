use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::{Either, select};
use futures_timer::Delay;
use godwit_backend::{
    Backend, Buffer, Device, Error, Graph, Model, Result, Target, Wall, async_trait,
};

use crate::devices::{DetectedDevice, find};
use crate::graph::OrtGraph;
use crate::load::load;
use crate::loaded_graph::LoadedGraph;
use crate::native::{CancelLoadOnDrop, Library, ProcessOptions, SessionOptions, Threads};
use crate::options::{OrtOptions, TargetOptions};
use crate::pool::Pool;
use crate::{devices, faults};

/// Drives the devices of one ONNX Runtime library: `ort-cpu:0`, and one for each other execution
/// provider that the library has and that passes a probe.
#[derive(Debug)]
pub struct OnnxRuntime {
    library: &'static Library,
    pool: Arc<Pool>,
    inline_under: Duration,
    load_deadline: Option<Duration>,
    wall: Wall,
    found: OnceLock<Vec<DetectedDevice>>,
}

impl OnnxRuntime {
    /// Loads the library at `path`. A process has one: opening the same again shares it.
    ///
    /// # Errors
    ///
    /// - `Unavailable`: no such library, or one that is too old; the message names both versions.
    /// - `InvalidArgument`: the process has loaded another file, or settled other threads, spinning or
    ///   arena limit; or no threads at all are asked for.
    pub fn open(path: &Path, options: OrtOptions) -> Result<Self> {
        let OrtOptions { threads, spinning, arena_limit, inline_under, load_deadline, wall } =
            options;
        let threads = match threads {
            Some(0) => return Err(Error::invalid_argument("ONNX Runtime needs a thread")),
            Some(threads) => threads,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let arena_limit = arena_limit.unwrap_or_else(devices::half_of_memory);
        let process = ProcessOptions { threads, spinning, arena_limit };
        Ok(Self {
            library: Library::open(path, process)?,
            pool: Arc::new(Pool::new(threads)?),
            inline_under,
            load_deadline,
            wall,
            found: OnceLock::new(),
        })
    }

    /// The version of the library, for example `1.31.1`.
    pub fn version(&self) -> &str {
        self.library.version()
    }

    fn found(&self) -> &[DetectedDevice] {
        self.found.get_or_init(|| find(self.library))
    }

    async fn compile(
        &self,
        bytes: Buffer,
        found: &DetectedDevice,
        wanted: TargetOptions,
    ) -> Result<Arc<dyn Graph>> {
        let spinning = self.library.options().spinning;
        let threads = wanted.threads.map_or(Threads::Shared, Threads::Own);
        let options = SessionOptions::new(threads, spinning, wanted.optimization);
        let options = Arc::new(options.map_err(faults::load)?);
        let cancel = CancelLoadOnDrop(options.clone());
        let (library, provider, wall) = (self.library, found.provider.clone(), self.wall);
        let loaded = self
            .pool
            .loads
            .run(move |stop| load(library, &bytes, &provider, &wanted, &options, wall, stop));
        let loaded = match self.load_deadline {
            None => loaded.await,
            Some(deadline) => match select(pin!(loaded), Delay::new(deadline)).await {
                Either::Left((loaded, _)) => loaded,
                Either::Right(_) => {
                    return Err(Error::timeout(format!(
                        "the model took more than {} ms to load",
                        deadline.as_millis()
                    )));
                }
            },
        };
        let loaded = loaded??;
        drop(cancel);
        let mut device = found.device.clone();
        device.labels.insert("nodes".to_owned(), loaded.placement.to_string());
        let elsewhere = loaded.placement.elsewhere(found.provider.name);
        device.labels.insert(Device::OPERATORS_ELSEWHERE.to_owned(), elsewhere.to_string());
        let pool = self.pool.clone();
        let graph = LoadedGraph::new(library, loaded, device, pool, self.inline_under);
        Ok(Arc::new(OrtGraph(Arc::new(graph))))
    }
}

#[async_trait]
impl Backend for OnnxRuntime {
    fn name(&self) -> &str {
        "ort"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Ok(self.found().iter().map(|found| found.device.clone()).collect())
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let devices = self.found();
        let found = devices.iter().find(|found| found.device.id == target.device);
        let found = found
            .ok_or_else(|| target.device.not_among(devices.iter().map(|found| &found.device.id)))?;
        let wanted = TargetOptions::read(&target.options, self.library.options().threads)?;
        let bytes = model.onnx_file("ONNX Runtime's devices read")?.clone();
        self.compile(bytes, found, wanted).await
    }
}
