use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder to work in, which is also the home of a user who has never used `godwit` before.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// How a command ended and what it printed.
pub(crate) struct Ended {
    pub(crate) typed: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), bytes).unwrap();
        self
    }

    /// An app from its text.
    pub(crate) fn app(&self, name: &str, text: &str) -> &Self {
        self.write(name, wat::parse_str(text).unwrap())
    }

    pub(crate) fn folder(&self, name: &str) -> &Self {
        fs::create_dir(self.path(name)).unwrap();
        self
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_godwit"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("COLUMNS", "100")
            // No engine, whatever is installed on the machine.
            .env("GODWIT_OPENVINO", "absent/openvino")
            .env("GODWIT_ONNXRUNTIME", "absent/onnxruntime")
            .env("GODWIT_MIGRAPHX", "absent/migraphx")
            .env("GODWIT_ENGINES", self.path("engines"))
            .stdin(Stdio::null());
        command
    }

    /// [`command`](Self::command), with the engines that the tests run on.
    pub(crate) fn command_with_engines(&self, arguments: &str) -> Command {
        let mut command = self.command(arguments);
        command.env_remove("GODWIT_OPENVINO").env_remove("GODWIT_ONNXRUNTIME");
        command.env("GODWIT_ENGINES", engines());
        command
    }

    /// Runs `godwit` with arguments separated by spaces.
    pub(crate) fn godwit(&self, arguments: &str) -> Ended {
        Ended::of(self.command(arguments), arguments)
    }

    /// The same with the engines that the tests run on.
    pub(crate) fn godwit_with_engines(&self, arguments: &str) -> Ended {
        Ended::of(self.command_with_engines(arguments), arguments)
    }
}

/// Where the chores install engines.
pub(crate) fn engines() -> PathBuf {
    let folder = std::env::var_os("GODWIT_ENGINES").expect("run the tests with cargo");
    for library in ["openvino/2026.4.1/installed.json", "onnxruntime/1.31.1/installed.json"] {
        let file = Path::new(&folder).join(library);
        assert!(file.exists(), "{} is missing: run `cargo xtask setup`", file.display());
    }
    folder.into()
}

impl Ended {
    /// Runs `command`, which was made of `arguments`.
    pub(crate) fn of(mut command: Command, arguments: &str) -> Self {
        let output = command.output().unwrap();
        Self {
            typed: format!("godwit {arguments}"),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn expect_success(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.typed, self.stderr);
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// As a terminal would show it.
    pub(crate) fn transcript(&self) -> String {
        let Self { typed, code, stdout, stderr } = self;
        let code = code.map_or("none: a signal ended it".to_owned(), |code| code.to_string());
        format!("$ {typed}\n{stdout}{stderr}[exit code {code}]\n")
    }
}

/// The models that come with the repository.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/models").join(name)
}

/// Compares a transcript with the checked-in one, without what differs between machines and versions.
macro_rules! assert_transcript {
    ($name:expr, $ended:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(false);
        settings.add_filter(r"\d+\.\d+ [kMG]i?B", "[size]");
        settings.add_filter(r"[0-9a-f]{64}", "[sha256]");
        // The sandbox's own folder.
        settings.add_filter(r"/[^' ]*/\.tmp\w+/", "");
        settings.add_filter(r"godwit 0\.\d+\.\d+", "godwit [version]");
        settings.bind(|| insta::assert_snapshot!($name, $ended.transcript()));
    }};
}

pub(crate) use assert_transcript;
