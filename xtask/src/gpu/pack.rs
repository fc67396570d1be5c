//! The pack: programs, guests and models in a folder that is copied to another machine.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::shell::{capture, cargo, cargo_target, program, root, run};
use crate::{guests, minilm, say, targets};

/// The most bytes that one transfer may have.
const MOST: u64 = 64 << 20;

/// The language model is larger, so it is transferred in pieces.
const PIECE: u64 = 46 << 20;

const SCRIPT: &str = include_str!("run.sh");

const PROGRAMS: [(&str, &str); 2] = [("godwit-cli", "godwit"), ("godwit-gpu", "godwit-gpu")];

const FILES: [(&str, &str); 3] = [
    ("target/guests/digits.wasm", "digits.wasm"),
    ("target/guests/semantic-search.wasm", "semantic-search.wasm"),
    ("examples/digits/digits.onnx", "digits.onnx"),
];

const FOLDERS: [(&str, &str); 2] =
    [("examples/digits/images", "images"), ("examples/semantic-search/texts", "texts")];

pub(crate) fn pack(folder: &Path) -> Result<()> {
    targets::install()?;
    guests::build()?;
    say::step("gpu: building the programs with optimisation (minutes the first time)");
    let mut build = cargo();
    build.args(["build", "--release"]);
    for (package, name) in PROGRAMS {
        build.args(["--package", package, "--bin", name]);
    }
    run(&mut build)?;
    say::step(format_args!("gpu: packing into {}", shown(folder)));
    if folder.exists() {
        fs::remove_dir_all(folder).context("the old pack could not be removed")?;
    }
    fs::create_dir_all(folder)?;
    for (_, name) in PROGRAMS {
        let built = cargo_target().join("release").join(name);
        let packed = folder.join(name);
        run(program("strip").arg("-o").arg(&packed).arg(built))?;
        // To a third of its size; the script unpacks it.
        run(program("gzip").arg(&packed))?;
    }
    for (from, to) in FILES {
        fs::copy(root().join(from), folder.join(to)).with_context(|| format!("no {from}"))?;
    }
    for (from, to) in FOLDERS {
        run(program("cp").arg("-R").arg(root().join(from)).arg(folder.join(to)))?;
    }
    fs::write(folder.join("COMMIT"), commit()?)?;
    write_script(&folder.join("run.sh"))?;
    let size = size_of(folder)?;
    ensure!(size <= MOST, "the pack has {}, more than one transfer may have", say::size(size));
    say::detail(format_args!("{}: {}", shown(folder), say::size(size)));
    let pieces = folder.with_file_name("gpu-minilm");
    match split(&root().join(minilm::FOLDER), &pieces, PIECE)? {
        0 => say::detail("without the language model: `cargo xtask setup` installs it"),
        count => {
            say::detail(format_args!("{}: the language model in {count} pieces", shown(&pieces)))
        }
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The commit that the pack is built from, marked if there are uncommitted changes.
fn commit() -> Result<String> {
    let commit = capture(program("git").args(["rev-parse", "--short=12", "HEAD"]))?;
    let changed = capture(program("git").args(["status", "--porcelain", "--untracked-files=no"]))?;
    let mark = if changed.is_empty() { "" } else { "+changes" };
    Ok(format!("{}{mark}\n", commit.trim()))
}

fn write_script(path: &Path) -> Result<()> {
    fs::write(path, SCRIPT)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

fn size_of(folder: &Path) -> Result<u64> {
    let size = capture(program("du").args(["-s", "-b"]).arg(folder))?;
    let bytes = size.split_whitespace().next().unwrap_or_default();
    bytes.parse().with_context(|| format!("`du` printed no size but {size:?}"))
}

/// Splits the model into pieces, each in a separate folder; returns their number.
fn split(model: &Path, pieces: &Path, size: u64) -> Result<usize> {
    let Ok(mut file) = fs::File::open(model.join("minilm.onnx")) else { return Ok(0) };
    if pieces.exists() {
        fs::remove_dir_all(pieces)?;
    }
    let mut count = 0;
    loop {
        let mut piece = Vec::new();
        (&mut file).take(size).read_to_end(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        count += 1;
        let folder: PathBuf = pieces.join(count.to_string());
        fs::create_dir_all(&folder)?;
        let mut to = fs::File::create(folder.join(format!("minilm.onnx.{count}")))?;
        to.write_all(&piece)?;
        if count == 1 {
            fs::copy(model.join("tokenizer.json"), folder.join("tokenizer.json"))?;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("godwit-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn pieces_make_the_whole_again() {
        let model = folder("model");
        let whole: Vec<u8> = (0..=250u8).cycle().take(5000).collect();
        fs::write(model.join("minilm.onnx"), &whole).unwrap();
        fs::write(model.join("tokenizer.json"), "{}").unwrap();
        let pieces = model.join("pieces");
        assert_eq!(split(&model, &pieces, 4000).unwrap(), 2);
        let read = |count: usize| fs::read(pieces.join(format!("{count}/minilm.onnx.{count}")));
        let joined = [read(1).unwrap(), read(2).unwrap()].concat();
        assert!(joined == whole);
        assert!(pieces.join("1/tokenizer.json").exists());
        assert_eq!(split(&folder("none"), &pieces, 4000).unwrap(), 0);
        fs::remove_dir_all(model).unwrap();
    }

    #[test]
    fn the_script_is_a_script_and_finds_no_gpu_where_there_is_none() {
        let folder = folder("script");
        let script = folder.join("run.sh");
        write_script(&script).unwrap();
        assert!(crate::shell::succeeds(program("sh").arg("-n").arg(&script)), "it does not parse");
        if !Path::new("/dev/nvidiactl").exists() && !Path::new("/dev/kfd").exists() {
            let output = program(&script).output().unwrap();
            assert_eq!(output.status.code(), Some(2));
            assert!(String::from_utf8_lossy(&output.stderr).contains("/dev/nvidiactl"));
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
