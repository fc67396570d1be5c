use std::path::Path;
use std::sync::Arc;

use godwit_backend::{
    Backend, Device, Error, Graph, GraphInfo, InlinePolicy, Model, Result, Target, async_trait,
};

use crate::cache::Folder;
use crate::copied::Copied;
use crate::graph::OvGraph;
use crate::load::load;
use crate::loaded_graph::LoadedGraph;
use crate::loads::Loads;
use crate::ov::{self, Core, Version};
use crate::probe::{self, DetectedDevice};
use crate::{OpenVinoOptions, errors, properties};

/// Drives the devices of the OpenVINO library, as `openvino-cpu:0`, `openvino-gpu:0`, `openvino-npu:0`
/// and, where the library chooses, `openvino-auto:0`.
#[derive(Debug)]
pub struct OpenVino {
    core: Arc<Core>,
    version: Version,
    options: OpenVinoOptions,
    loads: Loads,
}

impl OpenVino {
    /// Opens the library at `path`, the file of its C interface. A process opens one.
    ///
    /// # Errors
    ///
    /// `Unavailable` when it cannot be loaded, is too old, or the process has opened another.
    pub fn open(path: &Path, options: OpenVinoOptions) -> Result<Self> {
        let version = ov::open(path)?;
        let core = Core::new().map_err(|failure| {
            Error::unavailable("the OpenVINO library could not be started").with_source(failure)
        })?;
        let loads = Loads::new(options.load_deadline);
        Ok(Self { core: Arc::new(core), version, options, loads })
    }

    fn found(&self) -> Result<Vec<DetectedDevice>> {
        probe::devices(&self.core, &self.version).map_err(|failure| {
            Error::unavailable("the OpenVINO library could not list its devices")
                .with_source(failure)
        })
    }
}

#[async_trait]
impl Backend for OpenVino {
    fn name(&self) -> &str {
        "openvino"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Ok(self.found()?.into_iter().map(|found| found.device).collect())
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let all = self.found()?;
        let Some(DetectedDevice { mut device, name }) =
            all.iter().find(|found| found.device.id == target.device).cloned()
        else {
            return Err(target.device.not_among(all.iter().map(|found| &found.device.id)));
        };
        let supported =
            self.core.property(&name, "SUPPORTED_PROPERTIES").map_err(errors::internal)?;
        let supported: Vec<&str> = supported.split_whitespace().collect();
        let mut properties = properties::read(&target.options, &supported)?;
        if let Some(precision) = properties.precision {
            device.capabilities.precision = precision;
        } else if !name.starts_with("NPU") {
            properties.pairs.push(("INFERENCE_PRECISION_HINT".into(), "f32".into()));
        }
        if properties.streams_free && self.options.one_at_a_time {
            if supported.contains(&"PERFORMANCE_HINT") {
                properties.pairs.push(("PERFORMANCE_HINT".into(), "LATENCY".into()));
            }
        } else if properties.streams_free && name == "CPU" {
            // A stream for each core: contexts run side by side, and no run waits for two threads to
            // find each other.
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            properties.pairs.push(("NUM_STREAMS".into(), cores.to_string()));
        }
        let (core, own) = (self.core.clone(), model.clone());
        let (pairs, build) = (properties.pairs, self.version.build.clone());
        let (cache_dir, wall) = (self.options.cache_dir.clone(), self.options.wall);
        let loaded = self.loads.run(move |stop| {
            let mut pairs = pairs;
            let folder =
                cache_dir.and_then(|root| Folder::open(&root, &own, &name, &pairs, &build));
            let path = folder.as_ref().and_then(|folder| folder.path().to_str());
            pairs.extend(path.map(|path| ("CACHE_DIR".to_owned(), path.to_owned())));
            let loaded = load(&core, &own, &name, &pairs, wall, stop);
            if let Some(folder) = folder {
                folder.seal();
            }
            loaded
        });
        let loaded = loaded.await?;
        if let Ok(chosen) = loaded.compiled.property("EXECUTION_DEVICES") {
            device.labels.insert("execution-devices".into(), chosen.trim().to_owned());
        }
        if let Ok(streams) = loaded.compiled.property("NUM_STREAMS") {
            device.labels.insert("streams".into(), streams.trim().to_owned());
        }
        let signature = &loaded.signature;
        let fixed = signature.outputs.iter().map(|it| signature.output_shape(it, &[])).collect();
        Ok(Arc::new(OvGraph(Arc::new(LoadedGraph {
            compiled: loaded.compiled,
            shape_determined: loaded.shape_determined,
            guards: loaded.guards,
            origins: loaded.origins,
            fixed,
            copied: Copied::on(&device.id),
            _model: model.clone(),
            info: GraphInfo::new(loaded.signature, device, loaded.footprint),
            inline: InlinePolicy::new(self.options.inline_under, loaded.shape_determined),
        }))))
    }
}
