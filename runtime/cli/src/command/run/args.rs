use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{ArgGroup, Args, ValueHint};
use godwit_backend::DeviceId;
use godwit_host::{Dir, Limits};
use godwit_platform::{ModelSource, ModelSpec, files};

use crate::option::{DeviceOption, dir, env, model, size, timeout};

/// What a 32-bit address reaches.
const MOST_MEMORY: ByteSize = ByteSize::gib(4);

const EXAMPLES: &str = "\
Examples:
  godwit run hello.wasm
      an app without models
  godwit run --model digits=digits.onnx --dir ./images::/images digits.wasm /images
      the app loads the model as 'digits' and sees the folder ./images as /images
  godwit run --model m=m.onnx --model m=m.xml --device cpu:0 app.wasm
      one model in two encodings: the first that the device supports is used
  godwit run --model m=m.onnx,device=openvino-cpu:0,set.num_streams=2 app.wasm
      a model on a specific device, with an option of that device
  godwit run --device remote=https://triton.example/v2/models/digits digits.wasm
      use the model that a remote service serves
  godwit run --model digits=remote:digits-v2,device=triton:0 digits.wasm
      use the model 'digits-v2' of triton:0, a remote device in godwit.toml
  godwit run --report --timeout 30s --max-memory 256MiB --model m=m.onnx app.wasm -- --fast
      report what ran where, stop after 30 seconds, and pass --fast to the app

Options of godwit may follow APP.wasm, up to the first argument of the app or '--'.";

/// Run an app with its models.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    group = ArgGroup::new("reporting").args(["report", "report_file"]).multiple(true)
)]
pub(crate) struct RunArgs {
    /// A component that exports wasi:cli/run, a core module with a `_start` function, or the output of
    /// `godwit compile`.
    #[arg(value_name = "APP.wasm", value_hint = ValueHint::FilePath)]
    pub(super) app: PathBuf,

    /// Arguments for the app.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) args: Vec<String>,

    /// Make a model available to the app as NAME. Repeat for more models, or with the same NAME to add
    /// another encoding of a model. PATH is a file, or a folder with one model; for OpenVINO IR, the .xml
    /// file next to its .bin file. OPTION is an option of the device. On a remote device the model NAME is
    /// used; write remote:OTHER instead of PATH to use the model OTHER.
    #[arg(
        short, long = "model",
        value_name = "NAME=PATH[,encoding=ENCODING][,device=ID][,set.OPTION=VALUE]...",
        value_parser = model,
        value_hint = ValueHint::FilePath,
        help_heading = "Models"
    )]
    pub(super) models: Vec<ModelSpec>,

    /// The device for models without `device=`; see `godwit devices`. Godwit never falls back silently to
    /// another one [default: cpu:0]. remote=URL is a remote service, which becomes the device remote:0; a
    /// model that the URL names is made available, too.
    #[arg(long, value_name = "ID|remote=URL", help_heading = "Models")]
    pub(super) device: Option<DeviceOption>,

    /// Allow the app to load models that it brings itself.
    #[arg(long, help_heading = "Models")]
    pub(super) guest_models: bool,

    /// Give the app access to the folder HOST under the name GUEST. A single path means the same name on
    /// both sides; the suffix :ro makes it read-only.
    #[arg(
        long = "dir",
        value_name = "HOST::GUEST[:ro]",
        value_parser = dir,
        value_hint = ValueHint::DirPath,
        help_heading = "App environment"
    )]
    pub(super) dirs: Vec<Dir>,

    /// Set an environment variable of the app. No variables are inherited.
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = env, help_heading = "App environment")]
    pub(super) env: Vec<(String, String)>,

    /// Stop after this duration, such as 500ms, 30s or 5m. Compiling the app and loading its models count.
    #[arg(long, value_name = "TIME", value_parser = timeout, help_heading = "Limits")]
    pub(super) timeout: Option<Duration>,

    /// Give up a model of the command line that is not loaded after this duration.
    #[arg(
        long,
        value_name = "TIME",
        value_parser = timeout,
        default_value = "10m",
        help_heading = "Limits"
    )]
    pub(super) load_timeout: Duration,

    /// Limit the memory of the app, up to 4GiB [default: 1GiB].
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "Limits")]
    pub(super) max_memory: Option<ByteSize>,

    /// Limit the size of all tensors, and of models the app brings, that exist at the same time
    /// [default: 1GiB].
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Limits")]
    pub(super) max_tensor_bytes: Option<ByteSize>,

    /// Limit how many bytes the app writes in all, to standard output and error and to files
    /// [default: 10GiB].
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Limits")]
    pub(super) max_output: Option<ByteSize>,

    /// Limit how many files, folders and streams the app has open at the same time [default: 512].
    #[arg(long, value_name = "NUMBER", help_heading = "Limits")]
    pub(super) max_files: Option<usize>,

    /// Limit how many objects of the host the app holds at the same time: tensors, models, files, streams
    /// and so on [default: 10000].
    #[arg(long, value_name = "NUMBER", help_heading = "Limits")]
    pub(super) max_handles: Option<usize>,

    /// Record the inputs and outputs of all models in a folder, for `godwit verify --replay`.
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        help_heading = "Report"
    )]
    pub(super) record: Option<PathBuf>,

    /// Report to standard error which device ran each model, how often, for how long, and with how many
    /// bytes.
    #[arg(long, help_heading = "Report")]
    pub(super) report: bool,

    /// Write the report as JSON.
    #[arg(long, requires = "reporting", help_heading = "Report")]
    pub(super) json: bool,

    /// Write the report to a file instead of standard error.
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

    /// Bytes that an engine may take in its worker process, where nothing else is said.
    pub(super) fn engine_memory(&self) -> u64 {
        let models = self.models.iter().map(|spec| match &spec.source {
            ModelSource::Path(path) => files::size(path),
            ModelSource::Remote(_) => 0,
        });
        engine_memory(models.fold(0, u64::saturating_add), self.limits().tensor_bytes)
    }

    /// All but the time, of which compiling and loading have their part.
    pub(super) fn limits(&self) -> Limits {
        let defaults = Limits::default();
        let mut limits = Limits {
            handles: self.max_handles.unwrap_or(defaults.handles),
            files: self.max_files.unwrap_or(defaults.files),
            output_bytes: self.max_output.map_or(defaults.output_bytes, |ByteSize(bytes)| bytes),
            ..defaults
        };
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

/// What an engine may take for models of so many bytes and tensors of so many.
fn engine_memory(models: u64, tensors: u64) -> u64 {
    models.saturating_mul(8).saturating_add(tensors.saturating_mul(2)).saturating_add(512 << 20)
}

fn memory(text: &str) -> Result<ByteSize, String> {
    let bytes = size(text)?;
    if bytes > MOST_MEMORY {
        return Err("the memory of an app is limited to 4GiB".to_owned());
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
        assert_eq!(engine_memory(10, 1 << 20), 80 + (2 << 20) + (512 << 20));
        assert_eq!(engine_memory(u64::MAX, 1), u64::MAX);
        for wrong in ["", "-1", "lots", "5GiB"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
