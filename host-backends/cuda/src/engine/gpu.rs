use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaContext, CudaStream};
use godwit_backend::{DeviceMemory, Error, ErrorKind, Result, Workers, wait};
use godwit_tract::{READER_STACK, guarded};
use tract_onnx::prelude::TractResult;

use super::meter::{self, Meter};
use super::pinned::Pinned;
use super::registered::InPlace;
use super::self_test;
use super::stream::Stream;
use crate::driver;
use crate::fault::{explain, lost};

/// Threads that parse models, and models that may wait for them.
const READERS: usize = 2;
const QUEUE: usize = 256;

/// The GPU that this process uses. tract has one device context per process, so there is one `Gpu`.
pub(crate) struct Gpu {
    streams: Vec<Arc<Stream>>,
    loader: Stream,
    pub(crate) readers: Workers,
    pub(crate) meter: Arc<Meter>,
    pub(crate) pinned: Pinned,
    pub(crate) in_place: InPlace,
    context: Arc<CudaContext>,
    /// The stream for weights.
    upload: Arc<CudaStream>,
    lost: AtomicBool,
}

static OPEN: Mutex<Option<Arc<Gpu>>> = Mutex::new(None);

impl Gpu {
    /// Opens the GPU, or returns the open one.
    ///
    /// The first time on a machine this compiles the kernels and caches them in the user's cache folder.
    pub(crate) fn open(streams: usize) -> Result<Arc<Self>> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gpu) = &*open {
            return Ok(gpu.clone());
        }
        let gpu = Arc::new(Self::start(streams)?);
        *open = Some(gpu.clone());
        Ok(gpu)
    }

    fn start(count: usize) -> Result<Self> {
        if count == 0 {
            return Err(Error::invalid_argument("the number of streams must be greater than zero"));
        }
        let loader = Stream::new("godwit-cuda-load")?;
        let meter = Arc::new(Meter::default());
        let metered = meter.clone();
        let upload = wait(loader.run(move |_| begin(&metered)))??;
        let mut streams = Vec::with_capacity(count);
        for index in 0..count {
            streams.push(Arc::new(Stream::new(&format!("godwit-cuda-{index}"))?));
        }
        let context = upload.context().clone();
        let gpu = Self {
            streams,
            loader,
            readers: Workers::with_stack("godwit-cuda-read", READERS, QUEUE, READER_STACK)?,
            meter,
            pinned: Pinned::new(context.clone()),
            in_place: InPlace::new(context.clone()),
            context,
            upload,
            lost: AtomicBool::new(false),
        };
        let streams = gpu.streams.iter().map(Arc::as_ref).chain([&gpu.loader]);
        for stream in streams {
            wait(stream.run(|_| self_test::run()))??;
        }
        Ok(gpu)
    }

    /// The stream with the fewest contexts.
    pub(crate) fn stream(&self) -> Result<Arc<Stream>> {
        let least = self.streams.iter().min_by_key(|stream| stream.contexts());
        least.cloned().ok_or_else(|| Error::internal("a GPU without a stream"))
    }

    /// Does `work` on the thread that loads models.
    pub(crate) async fn load<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.alive()?;
        self.loader.run(move |_| work()).await?.map_err(|error| self.note(error))
    }

    /// Fails after the device was lost: from then on all calls of the driver fail.
    pub(crate) fn alive(&self) -> Result<()> {
        if self.lost.load(Ordering::Acquire) { Err(lost()) } else { Ok(()) }
    }

    /// Returns `error`, and records if it means that the device is lost.
    pub(crate) fn note(&self, error: Error) -> Error {
        if error.kind() == ErrorKind::DeviceLost && !self.lost.swap(true, Ordering::AcqRel) {
            tracing::error!(error = %error.report(), "the GPU was lost");
        }
        error
    }

    /// Binds the CUDA context to this thread, so that it can free GPU memory.
    pub(crate) fn bind(&self) {
        // It fails only if the driver is gone, and the memory with it.
        let _ = self.context.bind_to_thread();
    }

    /// Returns the memory of a dropped model to the driver.
    pub(crate) fn give_back(&self) {
        if let Err(error) = driver::give_back(&self.upload) {
            let otherwise = Error::failed("cannot free the GPU's memory");
            self.note(explain(format!("{error:#}"), otherwise));
        }
    }

    /// The GPU's memory at the moment.
    pub(crate) fn memory(&self) -> Option<DeviceMemory> {
        let (free, total) = driver::memory(&self.context).ok()?;
        Some(DeviceMemory { total: total as u64, free: free as u64 })
    }
}

/// Creates tract's device context, which compiles the kernels, and installs the meter.
fn begin(meter: &Arc<Meter>) -> Result<Arc<CudaStream>> {
    let refused = || Error::unavailable("cannot initialize the GPU");
    guarded(refused, || {
        let begun = || -> TractResult<Arc<CudaStream>> {
            let stream = driver::stream()?;
            driver::keep_freed(stream.context())?;
            meter::install(meter)?;
            Ok(stream)
        };
        begun().map_err(|error| refused().with_source(format!("{error:#}")))
    })
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu")
            .field("streams", &self.streams)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}
