use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::Platform;

/// The variable that names Godwit's own folder of engines.
pub(crate) const ENGINES_VARIABLE: &str = "GODWIT_ENGINES";

/// What decides where libraries are looked for.
#[derive(Debug, Clone)]
pub struct Environment {
    pub(crate) platform: Option<Platform>,
    pub(crate) variables: BTreeMap<OsString, OsString>,
    /// What absolute places are below: `/`, but in tests.
    pub(crate) root: PathBuf,
    /// The user's folder for programs' data.
    pub(crate) data: Option<PathBuf>,
}

impl Environment {
    /// The one this process runs in.
    pub fn of_process() -> Self {
        Self {
            platform: Platform::here(),
            variables: env::vars_os().collect(),
            root: PathBuf::from("/"),
            data: etcetera::choose_base_strategy().ok().map(|folders| folders.data_dir()),
        }
    }

    /// Godwit's own folder of engines: `GODWIT_ENGINES`, or one in the user's data folder. `None` if the
    /// user has no such folder.
    pub fn engines_folder(&self) -> Option<PathBuf> {
        let chosen = self.variable(ENGINES_VARIABLE).map(PathBuf::from);
        chosen.or_else(|| Some(self.data.as_ref()?.join("godwit").join("engines")))
    }

    /// A variable that is set to something.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(Path::new(name).as_os_str()).filter(|value| !value.is_empty())
    }
}
