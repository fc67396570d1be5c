//! The WebAssembly targets without rustup: the standard library compiled from Debian's packages.
//!
//! Debian ships the source of the standard library (`rust-src`) and the C library it needs (`wasi-libc`);
//! the linker comes with every Rust toolchain. The library's own dependencies come from the registry, pinned
//! by its lock file: the copies in `rust-src` lack compiled parts. Both packages are unpacked under
//! `target/`. The only change outside it is one new folder per target in the compiler's tree, moved there in
//! one step when it is complete.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::say;
use crate::shell::{capture, cargo, cargo_target, program, root, run, rustc, succeeds};
use crate::targets::sysroot;

/// Suites that may have a newer `rust-src` than the machine's release, in the order they are tried.
const SUITES: [&str; 3] = ["trixie-backports", "trixie", "sid"];
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

pub(crate) fn install(missing: &[&str]) -> Result<()> {
    ensure!(succeeds(program("apt-get").arg("--version")), "apt-get is not installed");
    let rustlib = sysroot()?.join("lib/rustlib");
    is_writable(&rustlib)?;
    let version = rust_version()?;
    let work = root().join("target/downloads/debian");
    let unpacked = work.join(format!("rust-{version}"));
    if unpacked.join("complete").exists() {
        say::detail("the packages are already unpacked");
    } else {
        download(&work, &unpacked, &version)?;
        fs::write(unpacked.join("complete"), "")?;
    }
    let source = Source::link(&rustlib, &unpacked, &version)?;
    for target in missing {
        build(&rustlib, &unpacked, target)?;
    }
    drop(source);
    Ok(())
}

fn is_writable(rustlib: &Path) -> Result<()> {
    let probe = rustlib.join(".godwit-probe");
    fs::create_dir(&probe).or_else(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Ok(()),
        _ => Err(error),
    }).with_context(|| {
        format!(
            "the compiler's folder {} cannot be written by this user; run the command as its owner, \
             or use a toolchain of your own",
            rustlib.display()
        )
    })?;
    fs::remove_dir(&probe)?;
    Ok(())
}

/// For example `1.95.0`.
fn rust_version() -> Result<String> {
    let version = capture(rustc().arg("--version"))?;
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    ensure!(
        !number.contains('-'),
        "the compiler is {number}; Debian has the source of released versions only"
    );
    Ok(number.to_owned())
}

/// Fetches and unpacks both packages with a separate apt state.
fn download(work: &Path, unpacked: &Path, version: &str) -> Result<()> {
    let mirrors = mirrors()?;
    ensure!(!mirrors.is_empty(), "apt is not configured with a Debian mirror");
    let mut seen = Vec::new();
    for mirror in &mirrors {
        for suite in SUITES {
            let Ok(apt) = Apt::new(work, mirror, suite) else { continue };
            let Ok(listed) = apt.versions("rust-src") else { continue };
            let matching =
                listed.iter().find(|found| found.split('+').next() == Some(version)).cloned();
            seen.extend(listed);
            let (Some(matching), Ok(libc)) = (matching, apt.versions("wasi-libc")) else {
                continue;
            };
            if libc.is_empty() {
                continue;
            }
            let packages = [format!("rust-src={matching}"), "wasi-libc".to_owned()];
            say::detail(format_args!(
                "fetching {} from Debian {suite} (46 MB)",
                packages.join(" and ")
            ));
            let debs = apt.download(&packages)?;
            let _ = fs::remove_dir_all(unpacked);
            fs::create_dir_all(unpacked)?;
            for deb in debs {
                run(program("dpkg-deb").arg("-x").arg(deb).arg(unpacked))?;
            }
            return Ok(());
        }
    }
    if seen.is_empty() {
        bail!("the Debian mirror cannot be reached, or has no rust-src");
    }
    bail!("Debian has no rust-src {version} (it has {})", seen.join(", "));
}

/// The Debian mirrors that apt is configured with.
pub(crate) fn mirrors() -> Result<Vec<String>> {
    let format = ["--format", "$(COMPONENT) $(REPO_URI)", "Identifier: Packages"];
    let listed =
        capture(program("apt-get").args(["indextargets", "--no-release-info"]).args(format))?;
    let mut mirrors = Vec::new();
    for line in listed.lines() {
        let Some(("main", address)) = line.split_once(' ') else { continue };
        // Third parties have a `main` too; Debian's mirrors have it in a folder of this name.
        if address.trim_end_matches('/').ends_with("/debian")
            && !mirrors.iter().any(|m| m == address)
        {
            mirrors.push(address.to_owned());
        }
    }
    Ok(mirrors)
}

/// An apt state that is separate from the machine's.
pub(crate) struct Apt {
    folder: PathBuf,
}

impl Apt {
    pub(crate) fn new(work: &Path, mirror: &str, suite: &str) -> Result<Self> {
        let folder = work.join(suite);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("lists/partial"))?;
        fs::create_dir_all(folder.join("cache/archives/partial"))?;
        fs::write(folder.join("status"), "")?;
        let signed = if Path::new(KEYRING).exists() {
            format!("Signed-By: {KEYRING}\n")
        } else {
            String::new()
        };
        let source =
            format!("Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\n{signed}");
        fs::write(folder.join("list.sources"), source)?;
        let apt = Self { folder };
        say::detail(format_args!("reading the package list of Debian {suite}"));
        // Without this, apt succeeds although a mirror cannot be reached.
        let strict = ["-o", "APT::Update::Error-Mode=any"];
        capture(apt.command("apt-get").args(strict).args(["--quiet", "update"]))?;
        Ok(apt)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program(name);
        command.current_dir(&self.folder);
        let path =
            |option: &str, inside: &str| format!("{option}={}", self.folder.join(inside).display());
        for option in [
            path("Dir::Etc::sourcelist", "list.sources"),
            "Dir::Etc::sourceparts=-".to_owned(),
            path("Dir::State::Lists", "lists"),
            path("Dir::State::status", "status"),
            path("Dir::Cache", "cache"),
            // The folder belongs to the current user; apt's own user cannot write to it.
            "APT::Sandbox::User=root".to_owned(),
        ] {
            command.arg("-o").arg(option);
        }
        command
    }

    /// The versions of `package` on offer.
    pub(crate) fn versions(&self, package: &str) -> Result<Vec<String>> {
        let table = capture(self.command("apt-cache").args(["madison", package]))?;
        let version = |line: &str| line.split('|').nth(1).map(|version| version.trim().to_owned());
        Ok(table.lines().filter_map(version).collect())
    }

    pub(crate) fn download(&self, packages: &[String]) -> Result<Vec<PathBuf>> {
        capture(self.command("apt-get").args(["--quiet", "download"]).args(packages))?;
        let entries = fs::read_dir(&self.folder)?.flatten().map(|entry| entry.path());
        Ok(entries.filter(|path| path.extension().is_some_and(|end| end == "deb")).collect())
    }
}

/// A link to the library's source in the compiler's tree, removed on drop.
struct Source(Option<PathBuf>);

impl Source {
    fn link(rustlib: &Path, unpacked: &Path, version: &str) -> Result<Self> {
        let place = rustlib.join("src/rust");
        if place.join("library/Cargo.lock").exists() {
            return Ok(Self(None));
        }
        fs::create_dir_all(rustlib.join("src"))?;
        // A run that was killed may have left a stale link.
        let _ = fs::remove_file(&place);
        let source = unpacked.join(format!("usr/src/rustc-{version}"));
        ensure!(source.join("library").exists(), "the package rust-src holds no library folder");
        std::os::unix::fs::symlink(source, &place)?;
        Ok(Self(Some(place)))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Some(place) = &self.0 {
            let _ = fs::remove_file(place);
            if let Some(parent) = place.parent() {
                let _ = fs::remove_dir(parent);
            }
        }
    }
}

/// Compiles the standard library for `target` and moves it into the compiler's tree.
fn build(rustlib: &Path, unpacked: &Path, target: &str) -> Result<()> {
    say::detail(format_args!("compiling the standard library for {target} (about a minute)"));
    let project = unpacked.join("hello");
    fs::create_dir_all(project.join("src"))?;
    fs::write(
        project.join("Cargo.toml"),
        "[package]\nname = \"hello\"\nedition = \"2024\"\n[lib]\n[profile.release]\nopt-level = \"s\"\ncodegen-units = 1\n[workspace]\n",
    )?;
    fs::write(project.join("src/lib.rs"), "")?;
    let built = cargo_target().join("std-from-source");
    // All libraries in it are copied, so none may be from an earlier compiler.
    let _ = fs::remove_dir_all(&built);
    let mut compile = cargo();
    compile.current_dir(&project).env("RUSTC_BOOTSTRAP", "1");
    // Guests are linked with LTO, which needs the bitcode that cargo would leave out.
    // Guests must not contain paths of this machine.
    let source = rustlib.join("src/rust");
    let flags = format!("-Cembed-bitcode=yes\x1f--remap-path-prefix={}=/rustc", source.display());
    compile.env("CARGO_ENCODED_RUSTFLAGS", flags);
    compile.args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", target]);
    run(compile.arg("--target-dir").arg(&built))?;

    let staged = rustlib.join(format!(".{target}-staged"));
    let _ = fs::remove_dir_all(&staged);
    fs::create_dir_all(staged.join("lib/self-contained"))?;
    let is_library = |name: &str| name.ends_with(".rlib") && !name.starts_with("libhello");
    copy(&built.join(target).join("release/deps"), &staged.join("lib"), is_library)?;
    let is_c = |name: &str| {
        (name.starts_with("crt1") && name.ends_with(".o"))
            || (name.starts_with("lib") && name.ends_with(".a"))
    };
    copy(&unpacked.join("usr/lib").join(target), &staged.join("lib/self-contained"), is_c)?;
    let place = rustlib.join(target);
    let _ = fs::remove_dir_all(&place);
    fs::rename(&staged, &place)?;

    if let Err(error) = try_out(&project, target) {
        let _ = fs::remove_dir_all(&place);
        return Err(error.context(format!("the {target} library that was built does not link")));
    }
    // Artifacts that were compiled with another copy of the library do not match this one.
    let _ = fs::remove_dir_all(cargo_target().join(target));
    say::detail(format_args!("{target} is now in {}", place.display()));
    Ok(())
}

/// Links a program, to verify the compiled library.
fn try_out(project: &Path, target: &str) -> Result<()> {
    let program = project.join("hello.rs");
    fs::write(&program, "fn main() { println!(\"hello\"); }\n")?;
    let out = project.join(format!("hello-{target}.wasm"));
    run(rustc().args(["-O", "-Clto", "--target", target]).arg(&program).arg("-o").arg(out))
}

fn copy(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let entries = fs::read_dir(from)
        .with_context(|| format!("{} was neither unpacked nor built", from.display()))?;
    let mut copied = 0;
    for entry in entries {
        let entry = entry?;
        if wanted(&entry.file_name().to_string_lossy()) {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
            copied += 1;
        }
    }
    ensure!(copied > 0, "{} contains nothing to install", from.display());
    Ok(())
}
