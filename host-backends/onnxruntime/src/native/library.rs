use std::ffi::c_int;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use godwit_backend::{Error, Result};
use ort::sys::{
    ORT_API_VERSION, OrtAllocatorType, OrtApiBase, OrtEnv, OrtLoggingLevel, OrtThreadingOptions,
};

use super::arena::{self, HostInfo};
use super::exit::end_without_destructors_during_calls;
use super::log::log;
use super::text::text;
use super::{Fault, Outcome};

/// What the first to open the library settles for the whole process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessOptions {
    /// Threads that compute, shared by every graph that does not have its own.
    pub(crate) threads: usize,
    /// Whether idle threads spin.
    pub(crate) spinning: bool,
    /// Bytes that runs may take from the arena, all together.
    pub(crate) arena_limit: usize,
}

/// The library, loaded once a process, and its one environment. Neither is ever released: tensors of its
/// arena may outlive whoever made them.
pub(crate) struct Library {
    path: PathBuf,
    version: String,
    options: ProcessOptions,
    env: NonNull<OrtEnv>,
    host: HostInfo,
    providers: Vec<String>,
}

// SAFETY: the library's environment may be used from any thread at any time.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

static OPEN: Mutex<Option<&'static Library>> = Mutex::new(None);

impl Library {
    /// The library at `path`: loaded now, or before by someone who asked for the same.
    pub(crate) fn open(path: &Path, options: ProcessOptions) -> Result<&'static Self> {
        let path = fs::canonicalize(path)
            .map_err(|error| absent().with_source(format!("{}: {error}", path.display())))?;
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = *open {
            return library.shared(&path, options);
        }
        let version = version(&path)?;
        let library = Self::load(path, version, options)?;
        Ok(open.insert(Box::leak(Box::new(library))))
    }

    fn shared(&'static self, path: &Path, options: ProcessOptions) -> Result<&'static Self> {
        if self.path != path {
            return Err(Error::invalid_argument(
                "a process loads ONNX Runtime once, and another file of it is loaded already",
            )
            .with_source(format!(
                "{} is loaded, not {}",
                self.path.display(),
                path.display()
            )));
        }
        if self.options != options {
            return Err(Error::invalid_argument(
                "a process has one ONNX Runtime, and it was opened with other threads, spinning or \
                 arena limit",
            )
            .with_source(format!("{:?} is settled, not {options:?}", self.options)));
        }
        Ok(self)
    }

    fn load(path: PathBuf, version: String, options: ProcessOptions) -> Result<Self> {
        // What `ort` finds here it keeps for the rest of the process.
        ort::init_from(&path).map_err(|error| absent().with_source(error.to_string()))?;
        let started = || -> Outcome<_> {
            let env = environment(options)?;
            arena::register(env, options.arena_limit)?;
            Ok((env, HostInfo::new(OrtAllocatorType::OrtDeviceAllocator)?, providers()?))
        };
        let (env, host, providers) = started().map_err(|fault: Fault| {
            Error::unavailable("ONNX Runtime was found but does not start").with_source(fault)
        })?;
        end_without_destructors_during_calls();
        tracing::debug!(path = %path.display(), version, ?providers, "ONNX Runtime is loaded");
        Ok(Self { path, version, options, env, host, providers })
    }

    /// Its version, for example `1.31.1`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn options(&self) -> ProcessOptions {
        self.options
    }

    /// The execution providers that were compiled into it, by its own names.
    pub(crate) fn providers(&self) -> &[String] {
        &self.providers
    }

    pub(super) fn env(&self) -> *const OrtEnv {
        self.env.as_ptr()
    }

    pub(super) fn host(&self) -> &HostInfo {
        &self.host
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("path", &self.path)
            .field("version", &self.version)
            .field("options", &self.options)
            .field("providers", &self.providers)
            .finish_non_exhaustive()
    }
}

fn absent() -> Error {
    Error::unavailable("the ONNX Runtime library cannot be loaded")
}

/// The version of the library at `path`, once it is known to be new enough.
fn version(path: &Path) -> Result<String> {
    // SAFETY: loading runs the library's initialisers. Whoever names the file vouches for it, as for every
    // native library.
    let library =
        unsafe { libloading::Library::new(path) }.map_err(|error| absent().with_source(error))?;
    // SAFETY: the symbol of this name has this type in every version of the library.
    let base =
        unsafe { library.get::<unsafe extern "C" fn() -> *const OrtApiBase>(b"OrtGetApiBase") }
            .map_err(|error| {
                Error::unavailable("the file is a library, but not ONNX Runtime").with_source(error)
            })?;
    // SAFETY: it takes nothing and gives a table of two functions that lives as long as the library.
    let base = unsafe { base().as_ref() }.ok_or_else(absent)?;
    // SAFETY: the text lives as long as the library.
    let version = unsafe { text((base.GetVersionString)()) };
    // SAFETY: it takes any number and gives null for those it does not know.
    let speaks = !unsafe { (base.GetApi)(ORT_API_VERSION) }.is_null();
    if speaks { Ok(version) } else { Err(too_old(&version)) }
}

fn too_old(version: &str) -> Error {
    let version: String = version.chars().take(32).collect();
    Error::unavailable(format!(
        "ONNX Runtime {version} is too old: 1.{ORT_API_VERSION}.0 or newer is needed"
    ))
}

fn environment(options: ProcessOptions) -> Outcome<NonNull<OrtEnv>> {
    let threads = c_int::try_from(options.threads).unwrap_or(c_int::MAX);
    let mut pools: *mut OrtThreadingOptions = ptr::null_mut();
    let mut env = ptr::null_mut();
    // SAFETY: the options are made, used and released here; the environment copies them. The logger is a
    // function without state, so it outlives everything.
    unsafe {
        call!(CreateThreadingOptions(&mut pools))?;
        let made = call!(SetGlobalIntraOpNumThreads(pools, threads))
            .and_then(|()| call!(SetGlobalInterOpNumThreads(pools, 1)))
            .and_then(|()| call!(SetGlobalSpinControl(pools, c_int::from(options.spinning))))
            .and_then(|()| {
                call!(CreateEnvWithCustomLoggerAndGlobalThreadPools(
                    log,
                    ptr::null_mut(),
                    OrtLoggingLevel::ORT_LOGGING_LEVEL_WARNING,
                    c"godwit".as_ptr(),
                    pools,
                    &mut env,
                ))
            });
        (ort::api().ReleaseThreadingOptions)(pools);
        made?;
        call!(DisableTelemetryEvents(env))?;
    }
    NonNull::new(env).ok_or_else(|| ort::Error::new("no environment"))
}

fn providers() -> Outcome<Vec<String>> {
    let mut names = ptr::null_mut();
    let mut count: c_int = 0;
    // SAFETY: the library gives an array of `count` C strings, which is read before it is released.
    unsafe {
        call!(GetAvailableProviders(&mut names, &mut count))?;
        let all = (0..usize::try_from(count).unwrap_or(0)).map(|index| text(*names.add(index)));
        let all = all.collect();
        call!(ReleaseAvailableProviders(names, count))?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_library_is_told_with_both_versions() {
        assert_eq!(
            too_old("1.17.3").message(),
            "ONNX Runtime 1.17.3 is too old: 1.24.0 or newer is needed"
        );
    }
}
