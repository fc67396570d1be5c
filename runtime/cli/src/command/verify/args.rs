use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};
use godwit_host::Dir;
use godwit_platform::ModelSpec;
use godwit_verify::ProfileName;

use crate::option::{dir, env, model, timeout};

const EXAMPLES: &str = "\
Examples:
  godwit verify --model digits=digits.onnx --dir ./images::/images digits.wasm /images
      run the app once on every device here, and compare what its models answered
  godwit verify --model m=m.onnx --devices cpu:0,ort-cpu:0 --bisect
      without an app: inputs made from the model's signature; find the operator that differs
  godwit verify --model m=m.onnx --replay trace/ --html report.html
      the inputs that 'godwit run --record trace/' recorded; a page to hand on
  godwit verify --model m=m.onnx --devices cpu:0,remote=https://triton.example/v2/models/m
      whether a server elsewhere answers as this machine does
  godwit verify --model m=m.onnx --devices ort-cpu:0 --against golden.json
      against what '--save golden.json' kept before an update

Exit codes of this command:
  0    every device that is here gives the reference's answers, and nothing got worse
  10   a device answers differently, or a change since the golden file is a regression
  11   a device failed
  69   no device answered";

/// Prove that devices give the same answers: run the same on each, compare, and say what differs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// The app to run on every device. Without one, the models are run with inputs made from their
    /// signatures, or with those of a recording.
    #[arg(value_name = "APP.wasm", value_hint = ValueHint::FilePath)]
    pub(super) app: Option<PathBuf>,

    /// Arguments for the app.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) args: Vec<String>,

    /// A model by name. Repeat it for more models, or with the same name for another encoding.
    #[arg(
        short, long = "model",
        value_name = "NAME=PATH[,encoding=ENCODING]",
        value_parser = model,
        value_hint = ValueHint::FilePath,
        required = true,
        help_heading = "Models"
    )]
    pub(super) models: Vec<ModelSpec>,

    /// The devices to compare, separated by commas, or 'all'. With remote=URL a service elsewhere is one
    /// of them: remote:0, remote:1 and so on.
    #[arg(long, value_name = "IDS", default_value = "all", help_heading = "Devices")]
    pub(super) devices: String,

    /// Compare with this device. Otherwise with the one of the highest precision.
    #[arg(long, value_name = "ID", help_heading = "Devices")]
    pub(super) reference: Option<String>,

    /// An option for one device: openvino-cpu:0,precision=bf16.
    #[arg(long = "set", value_name = "ID,OPTION=VALUE", value_parser = setting, help_heading = "Devices")]
    pub(super) settings: Vec<Setting>,

    /// What an hour of a device costs: cuda:0=2.50. Repeat it for more devices.
    #[arg(long = "cost-per-hour", value_name = "ID=COST", value_parser = rate, help_heading = "Devices")]
    pub(super) costs: Vec<Rate>,

    /// What a device draws while it computes: cuda:0=350. Repeat it for more devices.
    #[arg(long, value_name = "ID=WATTS", value_parser = rate, help_heading = "Devices")]
    pub(super) watts: Vec<Rate>,

    /// Run what was recorded by 'godwit run --record' instead of an app.
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        conflicts_with_all = ["app", "samples"],
        help_heading = "Inputs"
    )]
    pub(super) replay: Option<PathBuf>,

    /// How many inputs to make for each model [default: 8].
    #[arg(long, value_name = "N", conflicts_with = "app", help_heading = "Inputs")]
    pub(super) samples: Option<usize>,

    /// Decides every input that is made.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Inputs")]
    pub(super) seed: u64,

    /// The size of a dimension that the model leaves open: batch=4.
    #[arg(long = "dim", value_name = "SYMBOL=SIZE", value_parser = dim, help_heading = "Inputs")]
    pub(super) dims: Vec<(String, usize)>,

    /// The values of an input that is made: input_ids=0..30521.
    #[arg(long = "range", value_name = "INPUT=LOW..HIGH", value_parser = range, help_heading = "Inputs")]
    pub(super) ranges: Vec<(String, (f64, f64))>,

    /// Also run zeros, ones, denormals, large and negative values.
    #[arg(long, conflicts_with_all = ["app", "replay"], help_heading = "Inputs")]
    pub(super) edges: bool,

    /// How often each input is run, for the times [default: 3].
    #[arg(long, value_name = "N", conflicts_with = "app", help_heading = "Inputs")]
    pub(super) repeat: Option<usize>,

    /// How far answers may be apart: exact, fp32, tf32, fp16, bf16 or int8. Otherwise by what the devices
    /// say they compute in.
    #[arg(long, value_name = "PROFILE", help_heading = "Judgement")]
    pub(super) profile: Option<ProfileName>,

    /// On devices that differ, find the first operator that does; ONNX only.
    #[arg(long, help_heading = "Judgement")]
    pub(super) bisect: bool,

    /// Compare each device with what a golden file holds of it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Judgement")]
    pub(super) against: Option<PathBuf>,

    /// From how many times as long on a device counts as slower than in the golden file.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.25, value_parser = factor, help_heading = "Judgement")]
    pub(super) slower: f64,

    /// Write what the devices answered, and how fast, to a golden file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub(super) save: Option<PathBuf>,

    /// Print the report as JSON.
    #[arg(long, help_heading = "Report")]
    pub(super) json: bool,

    /// Write the report as one HTML page.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub(super) html: Option<PathBuf>,

    /// Write a declaration of equivalence for each device that is equivalent to the reference.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub(super) declare: Option<PathBuf>,

    /// Let the app see a folder.
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

    /// Stop the app after this time on each device: 500ms, 30s, 5m.
    #[arg(long, value_name = "TIME", value_parser = timeout, help_heading = "What the app sees")]
    pub(super) timeout: Option<Duration>,
}

/// `ID,OPTION=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(super) device: String,
    pub(super) option: String,
    pub(super) value: String,
}

/// `ID=NUMBER`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rate {
    pub(super) device: String,
    pub(super) number: f64,
}

fn setting(text: &str) -> Result<Setting, String> {
    let parts =
        text.split_once(',').and_then(|(device, rest)| Some((device, rest.split_once('=')?)));
    match parts {
        Some((device, (option, value))) if !device.is_empty() && !option.is_empty() => {
            Ok(Setting {
                device: device.to_owned(),
                option: option.to_owned(),
                value: value.to_owned(),
            })
        }
        _ => {
            Err("write ID,OPTION=VALUE, for example --set openvino-cpu:0,precision=bf16".to_owned())
        }
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    let (device, number) =
        text.rsplit_once('=').ok_or("write ID=NUMBER, for example cuda:0=2.50")?;
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => {
            Ok(Rate { device: device.to_owned(), number })
        }
        _ => Err(format!("'{number}' is not a number of 0 or more")),
    }
}

fn dim(text: &str) -> Result<(String, usize), String> {
    let parts = text.split_once('=');
    let read = parts.and_then(|(symbol, size)| Some((symbol.to_owned(), size.parse().ok()?)));
    read.ok_or_else(|| "write SYMBOL=SIZE, for example --dim batch=4".to_owned())
}

fn range(text: &str) -> Result<(String, (f64, f64)), String> {
    let read = || {
        let (input, range) = text.rsplit_once('=')?;
        let (low, high) = range.split_once("..")?;
        Some((input.to_owned(), (low.parse().ok()?, high.parse().ok()?)))
    };
    read().ok_or_else(|| "write INPUT=LOW..HIGH, for example --range input_ids=0..30521".to_owned())
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (1.0..1e6).contains(&factor) => Ok(factor),
        _ => Err("write a factor of 1 or more, such as 1.25".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_rates_and_ranges() {
        let read = setting("openvino-cpu:0,precision=bf16").unwrap();
        assert_eq!((read.device.as_str(), read.option.as_str()), ("openvino-cpu:0", "precision"));
        assert_eq!(rate("cuda:0=2.5").unwrap(), Rate { device: "cuda:0".into(), number: 2.5 });
        assert_eq!(range("ids=0..9").unwrap(), ("ids".into(), (0.0, 9.0)));
        assert_eq!(dim("batch=4").unwrap(), ("batch".into(), 4));
        for wrong in ["", "a", "a,b", ",b=c"] {
            assert!(setting(wrong).is_err(), "{wrong}");
        }
        assert!(rate("a=-1").is_err() && rate("a=NaN").is_err() && range("a=1").is_err());
        assert!(factor("0.5").is_err() && factor("NaN").is_err());
    }
}
