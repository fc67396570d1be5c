use std::path::PathBuf;
use std::time::Duration;

use godwit_backend::Wall;

/// How the OpenVINO backend uses the library and the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenVinoOptions {
    /// Runs that take less than this happen on the caller's thread, where waking a thread of the library
    /// and being woken by it would be a large part of them. Zero sends every run to the library's threads.
    pub inline_under: Duration,
    /// Whether runs come one after another, as from a single app: then each may use every core. If not,
    /// every core has runs of its own, side by side. A target's `hint`, `num_streams` or `threads` takes
    /// precedence.
    pub one_at_a_time: bool,
    /// How long a model may take to load. The thread of a load that takes longer cannot be stopped: the
    /// load fails, and the thread remains until the library is done with the model, if it ever is.
    pub load_deadline: Duration,
    /// A folder where compiled models are kept, so that loading them again is quick. `None` keeps none.
    pub cache_dir: Option<PathBuf>,
    /// What stands between the library and others.
    pub wall: Wall,
}

impl Default for OpenVinoOptions {
    fn default() -> Self {
        Self {
            inline_under: Duration::from_micros(200),
            one_at_a_time: false,
            load_deadline: Duration::from_secs(120),
            cache_dir: None,
            wall: Wall::default(),
        }
    }
}
