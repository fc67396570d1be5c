//! The backends of this build, by the name that their devices' ids begin with. The only place that names
//! any.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Backend, Result};
use godwit_engines::{Engine, Found};

use crate::option::Libraries;
use crate::stack::AbsentFamily;

/// A backend that this build has.
pub(crate) struct Family {
    /// What the ids of its devices begin with.
    pub(crate) name: &'static str,
    source: Source,
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
const INLINE_UNDER: Duration = Duration::from_millis(25);

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
    },
    #[cfg(feature = "onnxruntime")]
    Family {
        name: "ort",
        source: Source::Loaded(&godwit_engines::ONNXRUNTIME, |library| {
            let options =
                godwit_onnxruntime::OrtOptions { inline_under: INLINE_UNDER, ..Default::default() };
            Ok(Arc::new(godwit_onnxruntime::OnnxRuntime::open(library, options)?))
        }),
    },
    #[cfg(feature = "cuda")]
    Family {
        name: "cuda",
        source: Source::Embedded(|| {
            let options = godwit_cuda::CudaOptions::default();
            Ok(Arc::new(godwit_cuda::CudaBackend::open(options)?))
        }),
    },
    #[cfg(feature = "rocm")]
    Family {
        name: "rocm",
        source: Source::Loaded(&godwit_engines::MIGRAPHX, |library| {
            let options = godwit_rocm::RocmOptions::default();
            Ok(Arc::new(godwit_rocm::Rocm::open(library, options)?))
        }),
    },
    #[cfg(feature = "rocm")]
    Family {
        name: REFERENCE,
        source: Source::Loaded(&godwit_engines::MIGRAPHX, |library| {
            let options = godwit_rocm::RocmOptions::default();
            Ok(Arc::new(godwit_rocm::Rocm::open_reference(library, options)?))
        }),
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
    /// Finds and loads what the family needs.
    pub(crate) fn open(&self, libraries: &Libraries) -> Result<Opened, AbsentFamily> {
        let refused = |error: godwit_backend::Error| AbsentFamily::new(self.name, error.report());
        match self.source {
            Source::Embedded(open) => {
                open().map(|backend| Opened { backend, library: None }).map_err(refused)
            }
            Source::Loaded(engine, open) => {
                let found = godwit_engines::find(engine, libraries.path(engine))
                    .map_err(|absent| AbsentFamily::not_found(self.name, absent))?;
                let backend = open(&found.path).map_err(|error| {
                    let why =
                        format!("'{}' cannot be used: {}", found.path.display(), error.report());
                    AbsentFamily::unusable(self.name, why, engine, found.place.clone())
                })?;
                Ok(Opened { backend, library: Some((engine, found)) })
            }
        }
    }
}
