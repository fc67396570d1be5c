use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, Device, Graph, Model, Result, Target, async_trait};

use crate::CpuOptions;
use crate::compile::compile;
use crate::cores::Cores;
use crate::graph::CpuGraph;
use crate::{options, probe};

/// Drives the host's processor as the device `cpu:0`.
#[derive(Debug)]
pub struct CpuBackend {
    cores: Arc<Cores>,
    inline_under: Duration,
}

impl CpuBackend {
    /// A backend with threads of its own; a process wants one.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for no threads at all, `Unavailable` when the system refuses a thread.
    pub fn new(options: CpuOptions) -> Result<Self> {
        let CpuOptions { threads, inline_under } = options;
        Ok(Self { cores: Arc::new(Cores::new(threads)?), inline_under })
    }

    fn device(&self) -> Device {
        probe::device(self.cores.threads())
    }
}

#[async_trait]
impl Backend for CpuBackend {
    fn name(&self) -> &str {
        "cpu"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Ok(vec![self.device()])
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let device = self.device();
        if target.device != device.id {
            return Err(target.device.not_among([&device.id]));
        }
        let threads = options::threads(&target.options, self.cores.threads())?;
        let bytes = model.onnx_file("the CPU device reads")?.clone();
        let compiled = self.cores.loads.run(move |stop| compile(&bytes, stop)).await??;
        let together = self.cores.together(threads)?;
        let cores = self.cores.clone();
        Ok(Arc::new(CpuGraph::new(compiled, device, cores, together, self.inline_under)))
    }
}
