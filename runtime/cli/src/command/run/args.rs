use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{ArgGroup, Args, ValueHint};
use godwit_backend::DeviceId;
use godwit_host::{Dir, Limits};
use godwit_platform::ModelSpec;

use crate::option::{DeviceOption, dir, env, model, timeout};

/// What a 32-bit address reaches.
const MOST_MEMORY: ByteSize = ByteSize::gib(4);

const EXAMPLES: &str = "\
Examples:
  godwit run hello.wasm
      an app without models
  godwit run --model digits=digits.onnx --dir ./images::/images digits.wasm /images
      the app loads the model by the name 'digits', and sees ./images as /images
  godwit run --model m=m.onnx --model m=m.xml --device cpu:0 app.wasm
      one model in two encodings: the first that the device reads is taken
  godwit run --model m=m.onnx,device=openvino-cpu:0,set.num_streams=2 app.wasm
      a model with a device of its own, and an option for that device
  godwit run --device remote=https://triton.example/v2/models/digits digits.wasm
      the app's model is the one that is served there
  godwit run --model digits=remote:digits-v2,device=triton:0 digits.wasm
      a model of the remote device that godwit.toml calls triton:0
  godwit run --report --timeout 30s --max-memory 256MiB --model m=m.onnx app.wasm -- --fast
      say what ran where; stop it after 30 seconds; --fast is for the app

Options after APP.wasm that godwit knows are its own, up to the app's first argument or '--'.";

/// Run an app, with the models it may use.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    group = ArgGroup::new("reporting").args(["report", "report_file"]).multiple(true)
)]
pub(crate) struct RunArgs {
    /// A component that exports wasi:cli/run, a core module with a `_start` function, or what
    /// `godwit compile` made of one.
    #[arg(value_name = "APP.wasm", value_hint = ValueHint::FilePath)]
    pub(super) app: PathBuf,

    /// Arguments for the app.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) args: Vec<String>,

    /// Offer a model by name. Repeat it for more models, or with the same name for the same model in
    /// another encoding. PATH may be a folder that holds one model. OpenVINO IR: the .xml; the .bin is
    /// taken from beside it. An OPTION is one of the device's backend. A remote device has models of its
    /// own: it is asked for the one called NAME, or with remote:OTHER in place of PATH for that one.
    #[arg(
        short, long = "model",
        value_name = "NAME=PATH[,encoding=ENCODING][,device=ID][,set.OPTION=VALUE]...",
        value_parser = model,
        value_hint = ValueHint::FilePath,
        help_heading = "Models"
    )]
    pub(super) models: Vec<ModelSpec>,

    /// The device for models that name none; see `godwit devices`. Nothing stands in for it
    /// [default: cpu:0]. With remote=URL it is a service elsewhere, called remote:0; if the URL names a
    /// model, that one is offered too.
    #[arg(long, value_name = "ID|remote=URL", help_heading = "Models")]
    pub(super) device: Option<DeviceOption>,

    /// Let the app load model bytes of its own, too.
    #[arg(long, help_heading = "Models")]
    pub(super) guest_models: bool,

    /// Let the app see a folder. GUEST is its name inside, PATH alone means the same name on both
    /// sides, and :ro at the end refuses writing.
    #[arg(
        long = "dir",
        value_name = "HOST::GUEST[:ro]",
        value_parser = dir,
        value_hint = ValueHint::DirPath,
        help_heading = "What the app sees"
    )]
    pub(super) dirs: Vec<Dir>,

    /// Set a variable of the app's environment, which is empty otherwise.
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = env, help_heading = "What the app sees")]
    pub(super) env: Vec<(String, String)>,

    /// Stop the app after this time: 500ms, 30s, 5m.
    #[arg(long, value_name = "TIME", value_parser = timeout, help_heading = "Limits")]
    pub(super) timeout: Option<Duration>,

    /// The most memory the app may use, up to 4GiB: 64MiB, 1GiB [default: 1GiB].
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "Limits")]
    pub(super) max_memory: Option<ByteSize>,

    /// The most bytes of tensors, and of models it brings, that the app may hold at one time
    /// [default: 1GiB].
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Limits")]
    pub(super) max_tensor_bytes: Option<ByteSize>,

    /// Keep what every model was asked and answered in a folder, for `godwit verify --replay`.
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        help_heading = "Report"
    )]
    pub(super) record: Option<PathBuf>,

    /// When it ends, say on standard error which device ran each model, how often, how long, and with
    /// how many bytes.
    #[arg(long, help_heading = "Report")]
    pub(super) report: bool,

    /// Give the report as JSON.
    #[arg(long, requires = "reporting", help_heading = "Report")]
    pub(super) json: bool,

    /// Write the report to a file instead.
    #[arg(
        long,
        value_name = "PATH",
        value_hint = ValueHint::FilePath,
        help_heading = "Report"
    )]
    pub(super) report_file: Option<PathBuf>,
}

impl RunArgs {
    /// The device that the command line names.
    pub(super) fn device(&self) -> Option<DeviceId> {
        self.device.as_ref().map(DeviceOption::id)
    }

    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits { timeout: self.timeout, ..Limits::default() };
        if let Some(ByteSize(bytes)) = self.max_memory {
            limits.memory = bytes;
        }
        if let Some(ByteSize(bytes)) = self.max_tensor_bytes {
            limits.tensor_bytes = bytes;
            // A single tensor may be all of them.
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            limits.hostcall_bytes = limits.hostcall_bytes.max(bytes);
        }
        limits
    }
}

fn size(text: &str) -> Result<ByteSize, String> {
    text.parse()
        .map_err(|_| "not a size: write a number and a unit, such as 512MiB or 2GB".to_owned())
}

fn memory(text: &str) -> Result<ByteSize, String> {
    let bytes = size(text)?;
    if bytes > MOST_MEMORY {
        return Err("WebAssembly memory has 4GiB at most".to_owned());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(memory("64MiB"), Ok(ByteSize::mib(64)));
        assert_eq!(memory("4GiB"), Ok(ByteSize::gib(4)));
        for wrong in ["", "-1", "lots", "5GiB"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
