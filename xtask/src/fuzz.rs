//! Hostile inputs, for as long as they are asked for.

use anyhow::Result;

use crate::shell::{program, run};
use crate::{guests, native, say, targets};

pub(crate) fn fuzz(args: &[String]) -> Result<()> {
    targets::install()?;
    guests::build()?;
    say::step("fuzz: building the program that makes the inputs");
    let fuzz = native::build("godwit-fuzz")?;
    say::step("fuzz: trying inputs; a failure names the command that repeats it");
    run(program(fuzz).args(args))
}
