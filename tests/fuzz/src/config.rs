//! The configuration file.

use std::fs;

use godwit_platform::config;
use tempfile::TempDir;

use crate::Target;

pub(crate) struct Config {
    folder: TempDir,
}

impl Config {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
}

impl Target for Config {
    fn run(&mut self, input: &[u8]) -> Result<u64, String> {
        let file = self.folder.path().join("godwit.toml");
        fs::write(&file, input).map_err(|error| error.to_string())?;
        let _ = config::read(Some(&file));
        Ok(1)
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![b"[[device]]\ntype = \"remote\"\n".to_vec()]
    }
}
