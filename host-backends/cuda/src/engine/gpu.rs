use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaContext, CudaStream};
use godwit_backend::{DeviceMemory, Error, ErrorKind, Result, Workers, wait};
use godwit_tract::guarded;
use tract_onnx::prelude::TractResult;

use super::lane::Lane;
use super::meter::{self, Meter};
use super::pinned::Pinned;
use super::proof;
use super::registered::InPlace;
use crate::driver;
use crate::fault::{explain, lost};

/// Models that are read at the same time, and that may wait for it.
const READERS: usize = 2;
const QUEUE: usize = 256;

/// The GPU that this process drives. tract keeps one device context a process, so there is one of these.
pub(crate) struct Gpu {
    lanes: Vec<Arc<Lane>>,
    loader: Lane,
    pub(crate) readers: Workers,
    pub(crate) meter: Arc<Meter>,
    pub(crate) pinned: Pinned,
    pub(crate) in_place: InPlace,
    context: Arc<CudaContext>,
    /// What weights are sent on.
    upload: Arc<CudaStream>,
    lost: AtomicBool,
}

static OPEN: Mutex<Option<Arc<Gpu>>> = Mutex::new(None);

impl Gpu {
    /// Opens the GPU, or gives back the one that is open.
    ///
    /// The first time on a machine this takes a while: the kernels are compiled, and kept in the user's
    /// cache folder.
    pub(crate) fn open(streams: usize) -> Result<Arc<Self>> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gpu) = &*open {
            return Ok(gpu.clone());
        }
        let gpu = Arc::new(Self::start(streams)?);
        *open = Some(gpu.clone());
        Ok(gpu)
    }

    fn start(streams: usize) -> Result<Self> {
        if streams == 0 {
            return Err(Error::invalid_argument("a GPU needs a stream to run on"));
        }
        let loader = Lane::new("godwit-cuda-load")?;
        let meter = Arc::new(Meter::default());
        let metered = meter.clone();
        let upload = wait(loader.run(move |_| begin(&metered)))??;
        let mut lanes = Vec::with_capacity(streams);
        for index in 0..streams {
            lanes.push(Arc::new(Lane::new(&format!("godwit-cuda-{index}"))?));
        }
        let context = upload.context().clone();
        let gpu = Self {
            lanes,
            loader,
            readers: Workers::new("godwit-cuda-read", READERS, QUEUE)?,
            meter,
            pinned: Pinned::new(context.clone()),
            in_place: InPlace::new(context.clone()),
            context,
            upload,
            lost: AtomicBool::new(false),
        };
        let lanes = gpu.lanes.iter().map(Arc::as_ref).chain([&gpu.loader]);
        for lane in lanes {
            wait(lane.run(|_| proof::prove()))??;
        }
        Ok(gpu)
    }

    /// The lane with the fewest contexts.
    pub(crate) fn lane(&self) -> Result<Arc<Lane>> {
        let least = self.lanes.iter().min_by_key(|lane| lane.contexts());
        least.cloned().ok_or_else(|| Error::internal("a GPU without a lane"))
    }

    /// Does `work` where models are loaded.
    pub(crate) async fn load<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.alive()?;
        self.loader.run(move |_| work()).await?.map_err(|error| self.note(error))
    }

    /// Fails once the device was lost: the driver answers nothing else from then on.
    pub(crate) fn alive(&self) -> Result<()> {
        if self.lost.load(Ordering::Acquire) { Err(lost()) } else { Ok(()) }
    }

    /// Passes `error` on, and remembers if it means that the device is lost.
    pub(crate) fn note(&self, error: Error) -> Error {
        if error.kind() == ErrorKind::DeviceLost && !self.lost.swap(true, Ordering::AcqRel) {
            tracing::error!(error = %error.report(), "the GPU was lost");
        }
        error
    }

    /// Makes this thread able to free what lies on the GPU.
    pub(crate) fn bind(&self) {
        // It fails only where the driver is gone, and the memory with it.
        let _ = self.context.bind_to_thread();
    }

    /// Gives the memory of a model that was just dropped back to the driver.
    pub(crate) fn give_back(&self) {
        if let Err(error) = driver::give_back(&self.upload) {
            let otherwise = Error::failed("the GPU did not give memory back");
            self.note(explain(format!("{error:#}"), otherwise));
        }
    }

    /// The GPU's memory as it is now.
    pub(crate) fn memory(&self) -> Option<DeviceMemory> {
        let (free, total) = driver::memory(&self.context).ok()?;
        Some(DeviceMemory { total: total as u64, free: free as u64 })
    }
}

/// Makes tract's device context, which compiles the kernels, and puts the meter on it.
fn begin(meter: &Arc<Meter>) -> Result<Arc<CudaStream>> {
    let refused = || Error::unavailable("the GPU could not be started");
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
            .field("lanes", &self.lanes)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}
