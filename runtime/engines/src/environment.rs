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

/// Why Godwit has no folder of engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFolder {
    /// Neither `GODWIT_ENGINES` nor the user's home is known.
    Unset,
    /// `GODWIT_ENGINES` is not an absolute path.
    Relative(PathBuf),
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

    /// Godwit's own folder of engines: `GODWIT_ENGINES`, or one in the user's data folder.
    ///
    /// # Errors
    ///
    /// [`NoFolder`] if neither is set, or the variable names a folder that depends on where the user happens to be:
    /// whoever filled that one would choose what is loaded.
    pub fn engines_folder(&self) -> Result<PathBuf, NoFolder> {
        if let Some(chosen) = self.variable(ENGINES_VARIABLE).map(PathBuf::from) {
            return if chosen.is_absolute() { Ok(chosen) } else { Err(NoFolder::Relative(chosen)) };
        }
        let data = self.data.as_ref().filter(|data| data.is_absolute());
        Ok(data.ok_or(NoFolder::Unset)?.join("godwit").join("engines"))
    }

    /// A variable that is set to something.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(Path::new(name).as_os_str()).filter(|value| !value.is_empty())
    }
}
