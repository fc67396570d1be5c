use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use godwit_backend::{
    Backend, Buffer, Device, Dim, Error, Graph, GraphInfo, Memory, Model, Quota, Result, Shape,
    Signature, Target, TensorInfo, async_trait,
};
use godwit_onnx::{decode, signature};

use crate::batches::Batches;
use crate::cache::Folder;
use crate::context::RocmContext;
use crate::devices::{self, DetectedDevice};
use crate::graph::RocmGraph;
use crate::guards::Guards;
use crate::loaded_graph::LoadedGraph;
use crate::native::Library;
use crate::options::{RocmOptions, TargetOptions};
use crate::pool::Pool;
use crate::programs::{Dims, Programs};
use crate::{refusals, soundness};

/// Drives AMD's GPUs by the MIGraphX library, as `rocm:0`, `rocm:1`, ...; or the library's own reference
/// implementation on the processor, as `rocm-ref:0`.
///
/// The reference is correct and very slow: it is for tests, and for finding out whether it is the library
/// or the GPU that gives another answer. So it is a family of its own, which no list of devices shows
/// and no kind of device chooses unless someone opens it.
#[derive(Debug)]
pub struct Rocm {
    library: &'static Library,
    path: PathBuf,
    is_reference: bool,
    options: RocmOptions,
    pool: Arc<Pool>,
}

impl Rocm {
    /// The GPUs, by the library at `path`, the file of MIGraphX's C interface. HIP's runtime is looked
    /// for beside it, then where the system's loader looks, when devices are asked for.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the library cannot be loaded or lacks something.
    pub fn open(path: &Path, options: RocmOptions) -> Result<Self> {
        Self::new(path, options, false)
    }

    /// The reference implementation, by the library at `path`.
    ///
    /// # Errors
    ///
    /// As of [`Rocm::open`].
    pub fn open_reference(path: &Path, options: RocmOptions) -> Result<Self> {
        Self::new(path, options, true)
    }

    fn new(path: &Path, options: RocmOptions, is_reference: bool) -> Result<Self> {
        let library = Library::open(path)?;
        let pool = Arc::new(Pool::new(options.load_deadline)?);
        Ok(Self { library, path: path.to_owned(), is_reference, options, pool })
    }

    /// The version of the library, for example `2.14.0`.
    pub fn version(&self) -> &str {
        self.library.version()
    }

    /// What the file says of the model, unless the library must not see it.
    fn check(&self, bytes: &Buffer) -> Result<(Signature, usize, Guards)> {
        let model = decode(bytes)?;
        let graph = model.graph.as_ref().ok_or_else(|| Error::internal("a model lost"))?;
        let nodes = soundness::check(&model)?;
        refusals::check(&model, self.is_reference)?;
        Ok((signature(graph)?, nodes, Guards::new(&model)?))
    }

    fn found(&self) -> Result<Vec<DetectedDevice>> {
        match self.is_reference {
            true => Ok(vec![devices::reference(self.library)]),
            false => devices::gpus(self.library, &self.path),
        }
    }
}

#[async_trait]
impl Backend for Rocm {
    fn name(&self) -> &str {
        if self.is_reference { "rocm-ref" } else { "rocm" }
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Ok(self.found()?.into_iter().map(|found| found.device).collect())
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let all = self.found()?;
        let Some(DetectedDevice { mut device, place }) =
            all.iter().find(|found| found.device.id == target.device).cloned()
        else {
            return Err(target.device.not_among(all.iter().map(|found| &found.device.id)));
        };
        let options = TargetOptions::read(&target.options)?;
        device.capabilities.precision = options.dtype();
        let bytes = model.onnx_file("ROCm's devices read")?;
        let (signature, nodes, guards) = self.check(bytes)?;
        let names = signature.inputs.iter().map(|input| CString::new(input.name.as_bytes()));
        let names = names.collect::<Result<Vec<_>, _>>();
        let names = names.map_err(|_| Error::unsupported("an input's name holds a zero byte"))?;
        let batches = Batches::new(&signature, &options.batches)?;
        let least = least(&signature.inputs, batches.as_ref())?;
        let is_free = signature.inputs.iter().any(is_free);
        let most = if is_free { self.options.programs.max(options.batches.len()) } else { 1 };
        let folder = self.options.cache_dir.as_ref().map(|root| {
            let key = format!(
                "{} {} {:?} {} {options:?}",
                model.digest(),
                device.id.family(),
                device.name,
                self.library.version()
            );
            Folder::new(root, key)
        });
        let shared = Arc::new(LoadedGraph {
            library: self.library,
            place,
            model: model.clone(),
            info: GraphInfo::new(signature, device, footprint(model, nodes, most)),
            names,
            guards,
            batches,
            options,
            folder,
            programs: Programs::new(most),
            pool: self.pool.clone(),
        });
        // Whatever is wrong with the model is found now and not by the first run.
        shared.program(&least).await?;
        if shared.batches.is_some() {
            prepare(&shared).await?;
        }
        Ok(Arc::new(RocmGraph(shared)))
    }
}

/// Compiles for every batch size, and shows that rows do not look at each other.
fn prepare(shared: &Arc<LoadedGraph>) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let Some(batches) = &shared.batches else { return Ok(()) };
        let memory = Memory::unlimited();
        for &size in batches.sizes() {
            let shapes = shapes(&shared.info.signature.inputs, Some((batches, size)))?;
            shared.program(&shapes).await?;
            if size < 2 {
                continue;
            }
            let mut context = RocmContext::new(shared.clone(), Quota::of_host(memory.clone()));
            let mut answers = Vec::new();
            for question in batches.questions(&shared.info.signature, &shapes, &memory)? {
                answers.push(context.whole(question).await?);
            }
            if let [one, other] = answers.as_slice()
                && !batches.agree([one, other])
            {
                return Err(Error::unsupported(
                    "the model's rows look at each other, so none can be added to a batch: leave out \
                     the option batches",
                ));
            }
        }
        Ok(())
    })
}

fn is_free(info: &TensorInfo) -> bool {
    info.dims.as_ref().is_none_or(|dims| dims.iter().any(|dim| !matches!(dim, Dim::Known(_))))
}

/// The dimensions that a model is first compiled for: free ones are 1, the batch its least size.
fn least(inputs: &[TensorInfo], batches: Option<&Batches>) -> Result<Dims> {
    let size = batches.and_then(|batches| Some((batches, *batches.sizes().first()?)));
    shapes(inputs, size)
}

fn shapes(inputs: &[TensorInfo], batch: Option<(&Batches, usize)>) -> Result<Dims> {
    let size = |dim: &Dim| match (dim, batch) {
        (Dim::Known(size), _) => *size,
        (Dim::Symbol(symbol), Some((batches, size))) if symbol == batches.symbol() => size,
        _ => 1,
    };
    let shape = |info: &TensorInfo| {
        let dims = info.dims.as_ref().ok_or_else(|| {
            Error::unsupported(format!("'{}' has no rank, which this device needs", info.name))
        })?;
        Ok(Shape::new(dims.iter().map(size)))
    };
    inputs.iter().map(shape).collect()
}

/// An estimate, for the library does not say: the model's bytes for itself and for each program that is
/// kept, and what nodes and handles take besides.
fn footprint(model: &Model, nodes: usize, programs: usize) -> u64 {
    const NODE: u64 = 4 << 10;
    const GRAPH: u64 = 64 << 10;
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let nodes = count(nodes).saturating_mul(NODE);
    let one = model.byte_len().saturating_add(nodes).saturating_add(GRAPH);
    one.saturating_mul(count(programs).saturating_add(1))
}
