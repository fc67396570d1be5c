//! Running other programs, from the repository's root.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::say;

/// The repository's root: every path below is relative to it.
pub(crate) fn root() -> PathBuf {
    // Cargo sets it for `cargo run`; the compiled-in value serves a binary started by hand.
    let here =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(here).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where cargo puts what it builds.
pub(crate) fn cargo_target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A program to be run in the root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// The cargo that started us, without what it told us about ourselves: build scripts would see it.
pub(crate) fn cargo() -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The compiler that cargo will use.
pub(crate) fn rustc() -> Command {
    program(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Prints the command and runs it in the foreground.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    say::detail(format_args!("$ {}", shown(command)));
    let status = command.status().with_context(|| missing(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs the command and returns what it printed; its errors go to the terminal.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| missing(command))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is not text", shown(command)))
}

/// Whether the command exists and succeeds; what it prints is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Installs a program that cargo runs as a subcommand, unless some version of it is there.
pub(crate) fn install(name: &str, version: &str, purpose: &str) -> Result<()> {
    if succeeds(cargo().args([name.trim_start_matches("cargo-"), "--version"])) {
        say::done(format_args!("{name}: installed"));
        return Ok(());
    }
    say::step(format_args!("{name}: installing {purpose} (some minutes)"));
    run(cargo().args(["install", name, "--locked", "--version", version]))
}

/// The command as it can be typed in the root.
pub(crate) fn shown(command: &Command) -> String {
    let root = root();
    let name = Path::new(command.get_program());
    let name = match name.strip_prefix(&root) {
        Ok(inside) => inside,
        // The toolchain's full path only hides what is being run.
        Err(_) => name.file_name().filter(|file| *file == "cargo").map_or(name, Path::new),
    };
    let is_in_root = command.get_current_dir() == Some(&*root);
    let relative = |arg: &OsStr| match Path::new(arg).strip_prefix(&root) {
        Ok(inside) if is_in_root => inside.to_string_lossy().into_owned(),
        _ => arg.to_string_lossy().into_owned(),
    };
    let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    // A program may refuse a variable that depends on the current folder.
    let set = set.map(|(name, value)| match Path::new(value).strip_prefix(&root) {
        Ok(inside) if is_in_root => {
            format!("{}=$PWD/{}", name.display(), quoted(&inside.to_string_lossy()))
        }
        _ => format!("{}={}", name.display(), quoted(&value.to_string_lossy())),
    });
    let args = command.get_args().map(|arg| quoted(&relative(arg)));
    let name = name.to_string_lossy().into_owned();
    set.chain([name]).chain(args).collect::<Vec<_>>().join(" ")
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+%".contains(c);
    match arg {
        "" => "''".to_owned(),
        _ if arg.chars().all(plain) => arg.to_owned(),
        _ => format!("'{}'", arg.replace('\'', r"'\''")),
    }
}

fn missing(command: &Command) -> String {
    format!("`{}` could not be started: is it installed?", command.get_program().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_typed() {
        let mut command = program(root().join("target/debug/godwit"));
        command.args(["run", "--dir", "a::/b", "it's here", ""]);
        assert_eq!(shown(&command), r"target/debug/godwit run --dir a::/b 'it'\''s here' ''");
        let mut command = program(root().join("target/debug/godwit"));
        command
            .env("GODWIT_ENGINES", root().join("target/engines"))
            .env_remove("HOME")
            .arg("devices");
        assert_eq!(
            shown(&command),
            "GODWIT_ENGINES=$PWD/target/engines target/debug/godwit devices"
        );
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = capture(program("false").arg("--now")).unwrap_err().to_string();
        assert!(error.starts_with("`false --now` failed"), "{error}");
        let error = run(&mut program("no-such-program")).unwrap_err().to_string();
        assert!(error.contains("`no-such-program` could not be started"), "{error}");
    }
}
