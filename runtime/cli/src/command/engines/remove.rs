use std::path::Path;

use clap::Args;
use godwit_engines::{Engine, Version};

use super::{engine, failed, size};
use crate::error::Result;
use crate::print;

const EXAMPLES: &str = "\
Examples:
  godwit engines remove openvino
  godwit engines remove openvino --version 2025.1.0
      only this release

Only engines that 'godwit engines install' installed are removed.";

/// Remove installed engines.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RemoveArgs {
    /// The engines to remove.
    #[arg(value_name = "NAME", value_parser = engine(), required = true)]
    engines: Vec<&'static Engine>,

    /// Remove only this release [default: all releases].
    #[arg(long, value_name = "VERSION", value_parser = version)]
    version: Option<Version>,
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| "write numbers with dots, such as 2026.4.1".to_owned())
}

pub(super) fn remove(args: &RemoveArgs, folder: &Path) -> Result<()> {
    for engine in &args.engines {
        let removed = godwit_engines::remove(engine, folder, args.version.as_ref())
            .map_err(|error| failed(format!("cannot remove {}", engine.name), &error))?;
        for gone in &removed {
            print::text(&format!(
                "removed {} {} ({})\n",
                gone.engine,
                gone.version,
                size(gone.size)
            ))?;
        }
        if removed.is_empty() {
            let version = args.version.as_ref().map(|version| format!(" {version}"));
            print::text(&format!(
                "{}{} is not installed in '{}'\n",
                engine.name,
                version.unwrap_or_default(),
                folder.display()
            ))?;
        }
    }
    Ok(())
}
