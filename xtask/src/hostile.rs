//! Models that attack the host, on every device here.

use anyhow::{Context, Result};

use crate::shell::run;
use crate::{engines, migraphx, native, say};

/// Runs every hostile model on every device here.
pub(crate) fn attack(args: &[String]) -> Result<()> {
    engines::install()?;
    migraphx::install()?;
    say::step("hostile: building the program that runs the models (minutes the first time)");
    let coverage = native::build("godwit-coverage")?;
    say::step("hostile: models that look where they should not, beside another tenant");
    let mut attack = engines::command(&coverage);
    run(attack.arg("hostile").args(args))
        .context("a model ended the host or saw what is another's; the lines above name it")
}
