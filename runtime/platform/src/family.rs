//! The backends of this build, by the name that their devices' ids begin with. The only place that names any.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, DeviceId, Error, Result, known};
use godwit_engines::Engine;
use godwit_worker::{Limits, SystemCalls, Worker, WorkerPerDevice};

use crate::{AbsentFamily, FamilyOptions, Libraries, LoadedLibrary, PlatformOptions, worker};

/// A backend that this build has.
#[derive(Debug)]
pub struct Family {
    /// What the ids of its devices begin with.
    pub name: &'static str,
    /// The library that it is made of, unless it is part of this program.
    pub engine: Option<&'static Engine>,
    /// Whether its devices are shown and chosen without being named.
    pub(crate) listed: bool,
    /// Whether it runs in a worker process unless told otherwise: a library of others is not trusted.
    pub(crate) separate_process: bool,
    /// The system calls that its library needs on a machine without accelerators; elsewhere drivers need more.
    pub(crate) system_calls: SystemCalls,
    /// Variables that its worker is given, by what their names begin with.
    pub(crate) variables: &'static [&'static str],
    /// Whether its library computes short runs on the thread that asks for them.
    runs_on_caller: bool,
    /// How long a load may take.
    load_within: Duration,
    /// Whether its library drives one device a process.
    one_device_per_process: bool,
    open: Open,
}

/// Opens a backend with the library at a path, which is empty for one that is part of this program.
type Open = fn(&Path, &FamilyOptions) -> Result<Arc<dyn Backend>>;

/// Whether this system has worker processes.
#[allow(dead_code, reason = "a build may have no backend")]
const WORKERS: bool = cfg!(target_os = "linux");

#[allow(dead_code, reason = "a build may have none of these backends")]
const CUDA: &[&str] = &["CUDA_", "NVIDIA_"];
#[allow(dead_code, reason = "a build may have none of these backends")]
const ROCM: &[&str] = &["ROCM_", "HIP_", "HSA_", "ROCR_", "MIGRAPHX_", "PATH", "HOME", "TMPDIR"];

/// An entry a backend: its cargo feature, its name, how it differs from [`Family::new`], how it is opened.
macro_rules! families {
    ($($feature:tt $name:tt [$($field:ident: $value:expr),*] $open:expr;)*) => {
        /// The families of this build, the preferred first.
        pub const FAMILIES: &[Family] =
            &[$(#[cfg(feature = $feature)] Family { $($field: $value,)* ..Family::new($name, $open) },)*];

        /// The families this build was made without, each with its cargo feature.
        pub(crate) const LEFT_OUT: &[(&str, &str)] =
            &[$(#[cfg(not(feature = $feature))] ($name, $feature),)*];
    };
}

families! {
    "cpu" "cpu" [] |_, options| {
        let &FamilyOptions { inline_under, threads, .. } = options;
        let options = godwit_cpu::CpuOptions { threads, inline_under };
        Ok(Arc::new(godwit_cpu::CpuBackend::new(options)?))
    };
    "openvino" "openvino" [
        engine: Some(&godwit_engines::OPENVINO), separate_process: WORKERS,
        system_calls: SystemCalls::Compile, variables: &["OPENVINO_", "OV_"]
    ] |library, options| {
        let &FamilyOptions { inline_under, one_at_a_time, wall, .. } = options;
        let options = godwit_openvino::OpenVinoOptions {
            inline_under,
            one_at_a_time,
            wall,
            ..Default::default()
        };
        Ok(Arc::new(godwit_openvino::OpenVino::open(library, options)?))
    };
    "onnxruntime" "ort" [
        engine: Some(&godwit_engines::ONNXRUNTIME), separate_process: WORKERS,
        system_calls: SystemCalls::Compute, variables: CUDA, runs_on_caller: true
    ] |library, options| {
        let &FamilyOptions { inline_under, threads, wall, .. } = options;
        let options =
            godwit_onnxruntime::OrtOptions { inline_under, threads, wall, ..Default::default() };
        Ok(Arc::new(godwit_onnxruntime::OnnxRuntime::open(library, options)?))
    };
    "cuda" "cuda" [variables: CUDA, one_device_per_process: true] |_, _| {
        Ok(Arc::new(godwit_cuda::CudaBackend::open(Default::default())?))
    };
    // Its compiler takes minutes, and is a program of its own.
    "rocm" "rocm" [
        engine: Some(&godwit_engines::MIGRAPHX), separate_process: WORKERS, variables: ROCM,
        load_within: Duration::from_secs(600)
    ] |library, _| Ok(Arc::new(godwit_rocm::Rocm::open(library, Default::default())?));
    // AMD's own implementation on the processor, many times slower than any other: only for those who name it.
    "rocm" "rocm-ref" [
        engine: Some(&godwit_engines::MIGRAPHX), separate_process: WORKERS, variables: ROCM, listed: false
    ] |library, _| Ok(Arc::new(godwit_rocm::Rocm::open_reference(library, Default::default())?));
}

impl Family {
    /// A family that is part of this program and shares its process.
    #[allow(dead_code, reason = "a build may have no backend")]
    const fn new(name: &'static str, open: Open) -> Self {
        Self {
            name,
            engine: None,
            listed: true,
            separate_process: false,
            system_calls: SystemCalls::All,
            variables: &[],
            runs_on_caller: false,
            load_within: Duration::from_secs(120),
            one_device_per_process: false,
            open,
        }
    }

    /// The family of this build called `name`.
    ///
    /// # Errors
    ///
    /// `NotFound`, with the names there are.
    pub fn by_name(name: &str) -> Result<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name).ok_or_else(|| {
            let known = known("families", name, FAMILIES.iter().map(|family| family.name));
            Error::not_found(format!("there is no family '{name}': {known}"))
        })
    }

    /// The family of this build that drives `device`.
    pub fn of(device: &DeviceId) -> Option<&'static Self> {
        let families = FAMILIES.iter().filter(|family| device.is_of(family.name));
        // `rocm-ref:0` is of `rocm` by its name too.
        families.max_by_key(|family| family.name.len())
    }

    /// Finds, checks and loads what the family needs, in this process.
    ///
    /// # Errors
    ///
    /// `Unavailable` when its library is not found, and what the backend gives.
    pub fn open(&self, libraries: &Libraries, options: &FamilyOptions) -> Result<Arc<dyn Backend>> {
        let found = self.find(libraries).map_err(|absent| Error::unavailable(absent.why))?;
        self.load(found.as_ref(), options)
    }

    /// Finds, checks and loads what the family needs: here, or in worker processes as `options` say.
    ///
    /// # Errors
    ///
    /// [`AbsentFamily`], with the reason and a remedy.
    pub fn start(
        &self,
        options: &PlatformOptions,
    ) -> Result<(Arc<dyn Backend>, Option<LoadedLibrary>), AbsentFamily> {
        let library = self.find(&options.libraries)?;
        let refused = |error: Error| match (&library, self.engine) {
            (Some(library), Some(engine)) => {
                AbsentFamily::unusable(self.name, engine, &library.found, &error)
            }
            _ => AbsentFamily::new(self.name, error.report()),
        };
        let command = || {
            let path = library.as_ref().map(|library| &*library.found.path);
            worker::command(self, path, options)
                .map_err(|error| AbsentFamily::new(self.name, error.report()))
        };
        let mut backend: Arc<dyn Backend> = if options.isolation.holds(self.name) {
            let limits = Limits { load: self.load_within, ..Limits::default() };
            let worker = Worker::new(self.name, command()?)
                .limits(limits)
                .inline_under(options.family.inline_under)
                .on_the_callers_processor(self.runs_on_caller);
            let confinement = worker.start().map_err(refused)?;
            let path = library.as_ref().map(|library| &*library.found.path);
            options
                .isolation
                .check(&worker::profile(self, path, &options.family), &confinement)
                .map_err(refused)?;
            Arc::new(worker)
        } else {
            self.load(library.as_ref(), &options.family).map_err(refused)?
        };
        if self.one_device_per_process {
            backend = Arc::new(WorkerPerDevice::new(backend, command()?));
        }
        Ok((backend, library))
    }

    fn find(&self, libraries: &Libraries) -> Result<Option<LoadedLibrary>, AbsentFamily> {
        let Some(engine) = self.engine else { return Ok(None) };
        let found = godwit_engines::find(engine, libraries.path(engine))
            .map_err(|absent| AbsentFamily::not_found(self.name, absent))?;
        found
            .check()
            .map_err(|altered| AbsentFamily::altered(self.name, engine, &found, &altered))?;
        Ok(Some(LoadedLibrary { family: self.name, engine: engine.name, found }))
    }

    fn load(
        &self,
        library: Option<&LoadedLibrary>,
        options: &FamilyOptions,
    ) -> Result<Arc<dyn Backend>> {
        (self.open)(library.map_or(Path::new(""), |library| &library.found.path), options)
    }
}
