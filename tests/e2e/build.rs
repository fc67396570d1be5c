//! Lists the guests, so that one without a test cannot go unnoticed.

#![allow(clippy::print_stdout, reason = "it is how a build script speaks to cargo")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    let guests = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../guests/src/bin");
    println!("cargo::rerun-if-changed={}", guests.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(guests)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();

    let mut code = String::from("macro_rules! foreach_guest {\n    ($mac:ident) => {\n");
    for name in names {
        writeln!(code, "        $mac!({name});")?;
    }
    code.push_str("    };\n}\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("foreach_guest.rs"), code)?;
    Ok(())
}
