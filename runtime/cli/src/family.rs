//! The backends of this build, by the name that their devices' ids begin with. The only place that names
//! any.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, Error, Result};
use godwit_engines::{Engine, Found};
use godwit_worker::{Worker, WorkerPerDevice, again};

use crate::option::{Isolated, Libraries};
use crate::stack::AbsentFamily;

/// A backend that this build has.
pub(crate) struct Family {
    /// What the ids of its devices begin with.
    pub(crate) name: &'static str,
    source: Source,
    /// Whether its library drives one device a process.
    one_a_process: bool,
}

#[cfg_attr(
    not(all(feature = "cpu", any(feature = "openvino", feature = "onnxruntime"))),
    allow(dead_code, reason = "a build may lack the one kind or the other")
)]
enum Source {
    /// Part of this program.
    Embedded(fn() -> Result<Arc<dyn Backend>>),
    /// In a library that is found and loaded when a device of the family is asked for.
    Loaded(&'static Engine, fn(&Path) -> Result<Arc<dyn Backend>>),
}

/// Runs under this stay on the app's thread. It is the only app, so nobody else waits for that thread, and
/// a hand-off to a worker and back would be a hundredth of a run of ten milliseconds.
pub(crate) const INLINE_UNDER: Duration = Duration::from_millis(25);

/// The preferred first.
pub(crate) const FAMILIES: &[Family] = &[
    #[cfg(feature = "cpu")]
    Family {
        name: "cpu",
        source: Source::Embedded(|| {
            let options =
                godwit_cpu::CpuOptions { inline_under: INLINE_UNDER, ..Default::default() };
            let backend = godwit_cpu::CpuBackend::new(options)?;
            Ok(Arc::new(backend))
        }),
        one_a_process: false,
    },
    #[cfg(feature = "openvino")]
    Family {
        name: "openvino",
        source: Source::Loaded(&godwit_engines::OPENVINO, |library| {
            let options = godwit_openvino::OpenVinoOptions {
                inline_under: INLINE_UNDER,
                one_at_a_time: true,
                ..Default::default()
            };
            Ok(Arc::new(godwit_openvino::OpenVino::open(library, options)?))
        }),
        one_a_process: false,
    },
    #[cfg(feature = "onnxruntime")]
    Family {
        name: "ort",
        source: Source::Loaded(&godwit_engines::ONNXRUNTIME, |library| {
            let options =
                godwit_onnxruntime::OrtOptions { inline_under: INLINE_UNDER, ..Default::default() };
            Ok(Arc::new(godwit_onnxruntime::OnnxRuntime::open(library, options)?))
        }),
        one_a_process: false,
    },
    #[cfg(feature = "cuda")]
    Family {
        name: "cuda",
        source: Source::Embedded(|| {
            let options = godwit_cuda::CudaOptions::default();
            Ok(Arc::new(godwit_cuda::CudaBackend::open(options)?))
        }),
        one_a_process: true,
    },
    #[cfg(feature = "rocm")]
    Family {
        name: "rocm",
        source: Source::Loaded(&godwit_engines::MIGRAPHX, |library| {
            let options = godwit_rocm::RocmOptions::default();
            Ok(Arc::new(godwit_rocm::Rocm::open(library, options)?))
        }),
        one_a_process: false,
    },
    #[cfg(feature = "rocm")]
    Family {
        name: REFERENCE,
        source: Source::Loaded(&godwit_engines::MIGRAPHX, |library| {
            let options = godwit_rocm::RocmOptions::default();
            Ok(Arc::new(godwit_rocm::Rocm::open_reference(library, options)?))
        }),
        one_a_process: false,
    },
];

/// AMD's own implementation on the processor, many times slower than any other.
const REFERENCE: &str = "rocm-ref";

/// Whether a family's devices are shown and chosen without being named.
pub(crate) fn is_listed(family: &str) -> bool {
    family != REFERENCE
}

/// The families this build was made without, each with its cargo feature.
pub(crate) const LEFT_OUT: &[(&str, &str)] = &[
    #[cfg(not(feature = "cpu"))]
    ("cpu", "cpu"),
    #[cfg(not(feature = "openvino"))]
    ("openvino", "openvino"),
    #[cfg(not(feature = "onnxruntime"))]
    ("ort", "onnxruntime"),
    #[cfg(not(feature = "rocm"))]
    ("rocm", "rocm"),
    #[cfg(not(feature = "cuda"))]
    ("cuda", "cuda"),
];

/// A family that is ready.
pub(crate) struct Opened {
    pub(crate) backend: Arc<dyn Backend>,
    /// The library that was loaded for it.
    pub(crate) library: Option<(&'static Engine, Found)>,
}

impl Family {
    /// Finds and loads what the family needs: here, or in a process of its own.
    pub(crate) fn open(
        &self,
        libraries: &Libraries,
        isolated: &Isolated,
    ) -> Result<Opened, AbsentFamily> {
        let found = self.find(libraries)?;
        let refused = |error: Error| match &found {
            None => AbsentFamily::new(self.name, error.report()),
            Some((engine, found)) => {
                let why = format!("'{}' cannot be used: {}", found.path.display(), error.report());
                AbsentFamily::unusable(self.name, why, engine, found.place.clone())
            }
        };
        let library = found.as_ref().map(|(_, found)| &*found.path);
        let start = || {
            let command = self.command(found.as_ref(), isolated.verbose());
            command.map_err(|error| AbsentFamily::new(self.name, error.report()))
        };
        let mut backend: Arc<dyn Backend> = if isolated.holds(self.name) {
            let worker = Worker::new(self.name, start()?);
            worker.start().map_err(refused)?;
            Arc::new(worker)
        } else {
            self.load(library).map_err(refused)?
        };
        if self.one_a_process {
            backend = Arc::new(WorkerPerDevice::new(backend, start()?));
        }
        Ok(Opened { backend, library: found })
    }

    /// Opens it in this process, which was started for it.
    pub(crate) fn open_here(&self, libraries: &Libraries) -> Result<Arc<dyn Backend>> {
        let found = self.find(libraries).map_err(|absent| Error::unavailable(absent.why))?;
        self.load(found.as_ref().map(|(_, found)| &*found.path))
    }

    fn find(
        &self,
        libraries: &Libraries,
    ) -> Result<Option<(&'static Engine, Found)>, AbsentFamily> {
        match self.source {
            Source::Embedded(_) => Ok(None),
            Source::Loaded(engine, _) => {
                let found = godwit_engines::find(engine, libraries.path(engine))
                    .map_err(|absent| AbsentFamily::not_found(self.name, absent))?;
                Ok(Some((engine, found)))
            }
        }
    }

    fn load(&self, library: Option<&Path>) -> Result<Arc<dyn Backend>> {
        match (&self.source, library) {
            (Source::Embedded(open), _) => open(),
            (Source::Loaded(_, open), Some(library)) => open(library),
            (Source::Loaded(..), None) => Err(Error::internal("a library that was not looked for")),
        }
    }

    /// The command that starts this program as the process of this family.
    fn command(
        &self,
        found: Option<&(&'static Engine, Found)>,
        verbose: u8,
    ) -> Result<impl Fn() -> Command + Send + Sync + 'static> {
        let program = again().map_err(|error| {
            Error::unavailable("this program cannot be started again").with_source(error)
        })?;
        let mut arguments: Vec<OsString> = vec!["worker".into(), self.name.into()];
        arguments.extend((0..verbose).map(|_| "-v".into()));
        if let Some((engine, found)) = found {
            let mut library = OsString::from(format!("--library={}=", engine.name));
            library.push(&found.path);
            arguments.push(library);
        }
        Ok(move || {
            let mut command = Command::new(program.get_program());
            command.args(program.get_args()).args(&arguments);
            command
        })
    }
}
