use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use godwit_backend::Wall;
use godwit_engines::Engine;
use godwit_model::Limits;
use serde::{Deserialize, Serialize};

use crate::{Endpoint, Isolation};

/// What a platform is made of, and for whom. The default is for a process that serves many apps.
#[derive(Debug, Clone)]
pub struct PlatformOptions {
    /// The libraries that were given by path. Others are searched for.
    pub libraries: Libraries,
    /// The families that run in worker processes.
    pub isolation: Isolation,
    /// The arguments that make this program serve as a worker. [`crate::serve_worker`] says what follows them.
    pub worker_args: Vec<OsString>,
    /// What stands between a worker process's library and others: whether it serves several tenants.
    pub worker_wall: Wall,
    /// The services that are devices.
    pub endpoints: Vec<Endpoint>,
    /// What every family is opened with.
    pub family: FamilyOptions,
    /// What a model file may hold at most.
    pub model_limits: Limits,
    /// Device bytes that graphs nobody uses may keep.
    pub cache_bytes: u64,
}

/// What a family is opened with, here or in a worker process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyOptions {
    /// A run that is expected to take less than this is computed on the caller's thread.
    pub inline_under: Duration,
    /// Whether runs come one after another, so that each may use every core.
    pub one_at_a_time: bool,
    /// Threads that compute on the processor; `None` takes one for each core the process may use.
    pub threads: Option<usize>,
    /// Bytes that the models and runs of a family may take in its worker process; `None` is all there are.
    pub memory: Option<u64>,
    /// What stands between the family's library and others. In a worker process it is
    /// [`PlatformOptions::worker_wall`].
    #[serde(default)]
    pub wall: Wall,
}

/// In a process with one app nobody else waits for its thread, and a hand-off to a worker and back would be a
/// hundredth of a run of ten milliseconds.
const SINGLE_APP_INLINE_UNDER: Duration = Duration::from_millis(25);

impl FamilyOptions {
    /// For a process with one app.
    pub fn single_app() -> Self {
        Self { inline_under: SINGLE_APP_INLINE_UNDER, one_at_a_time: true, ..Self::default() }
    }
}

impl Default for FamilyOptions {
    fn default() -> Self {
        Self {
            inline_under: Duration::from_micros(200),
            one_at_a_time: false,
            threads: None,
            memory: None,
            wall: Wall::default(),
        }
    }
}

impl PlatformOptions {
    /// For a process with one app, to which everything belongs.
    pub fn single_app() -> Self {
        Self {
            family: FamilyOptions::single_app(),
            worker_wall: Wall::Own,
            cache_bytes: u64::MAX,
            ..Self::default()
        }
    }
}

impl Default for PlatformOptions {
    fn default() -> Self {
        Self {
            libraries: Libraries::default(),
            isolation: Isolation::default(),
            worker_args: vec!["worker".into()],
            worker_wall: Wall::Shared,
            endpoints: Vec::new(),
            family: FamilyOptions::default(),
            model_limits: Limits::default(),
            cache_bytes: 1 << 30,
        }
    }
}

/// The paths at which libraries were said to be, by engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Libraries(BTreeMap<&'static str, PathBuf>);

impl Libraries {
    /// The path given for `engine`.
    pub fn path(&self, engine: &Engine) -> Option<&Path> {
        self.0.get(engine.name).map(PathBuf::as_path)
    }
}

/// The last path given for an engine counts.
impl FromIterator<(&'static Engine, PathBuf)> for Libraries {
    fn from_iter<T: IntoIterator<Item = (&'static Engine, PathBuf)>>(paths: T) -> Self {
        Self(paths.into_iter().map(|(engine, path)| (engine.name, path)).collect())
    }
}

#[cfg(test)]
mod tests {
    use godwit_engines::{ONNXRUNTIME, OPENVINO};

    use super::*;

    #[test]
    fn the_last_path_of_an_engine_counts() {
        let libraries: Libraries =
            [(&OPENVINO, "a".into()), (&OPENVINO, "b".into())].into_iter().collect();
        assert_eq!(libraries.path(&OPENVINO), Some(Path::new("b")));
        assert_eq!(libraries.path(&ONNXRUNTIME), None);
    }
}
