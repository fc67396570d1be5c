use std::process::ExitCode;

use bytesize::ByteSize;
use clap::Args;
use godwit_backend::Device;
use godwit_model::text::shown;
use godwit_platform::{
    AbsentFamily, LoadedLibrary, Platform, PlatformOptions, Readiness, ServiceState,
};
use serde::Serialize;

use crate::error::Result;
use crate::option::ServiceOption;
use crate::progress::Progress;
use crate::table::table;
use crate::{print, runtime};

const EXAMPLES: &str = "\
Examples:
  godwit devices
  godwit devices --json
      as JSON, with every property of each device and every place searched for a missing library
  godwit devices --library openvino=/opt/openvino/runtime
      check whether this library works
  godwit devices --device remote=https://triton.example
      check whether this service is ready, in addition to those in godwit.toml
  godwit run --device openvino-cpu:0 --model digits=digits.onnx digits.wasm
      run every model of an app on one of them";

/// List the devices of this machine, and why others are unavailable.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DevicesArgs {
    /// Also check whether this remote service is ready. Repeat for more services.
    #[arg(long = "device", value_name = "remote=URL")]
    devices: Vec<ServiceOption>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    devices: &'a [Device],
    libraries: &'a [LoadedLibrary],
    remote: Vec<Readiness>,
    absent: &'a [AbsentFamily],
}

pub(crate) fn devices(args: &DevicesArgs, mut options: PlatformOptions) -> Result<ExitCode> {
    options.endpoints.extend(ServiceOption::all(&args.devices));
    let platform = Progress::during("loading engines", || Platform::open(&options));
    let remote = match platform.services() {
        Some(services) => {
            let _shown = Progress::new("asking services");
            runtime::block_on(async { Ok(services.probe().await) })?
        }
        None => Vec::new(),
    };
    let listing = Listing {
        devices: platform.devices(),
        libraries: platform.libraries(),
        remote,
        absent: platform.absent(),
    };
    if args.json {
        print::json(&listing)?;
    } else {
        print::text(&human(&listing))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn human(listing: &Listing<'_>) -> String {
    let header = ["DEVICE", "KIND", "NAME", "DRIVER", "MEMORY", "PRECISION", "READS"];
    let mut text = match listing.devices {
        [] => "no devices\n".to_owned(),
        devices => table(header, devices.iter().map(row), &[]),
    };
    if !listing.libraries.is_empty() {
        text.push_str("\nlibraries:\n");
    }
    for LoadedLibrary { family, engine, found } in listing.libraries {
        let version = found.version.as_ref().map(|version| format!(" {version}"));
        text.push_str(&format!(
            "  {family}: {engine}{}, {} ({})\n",
            version.unwrap_or_default(),
            shown(&found.path.display().to_string()),
            found.place.source
        ));
    }
    if !listing.remote.is_empty() {
        text.push_str("\nremote:\n");
    }
    for Readiness { device, state, why } in &listing.remote {
        let said = match state {
            ServiceState::Ready => "ready",
            ServiceState::NotTold => "unknown, as its protocol has no readiness check",
            ServiceState::Absent => "unavailable",
        };
        let why = why.as_ref().map(|why| format!(": {}", shown(why)));
        let device = shown(device.as_str());
        text.push_str(&format!("  {device}: {said}{}\n", why.unwrap_or_default()));
    }
    if !listing.absent.is_empty() {
        text.push_str("\nunavailable:\n");
    }
    for absent in listing.absent {
        text.push_str(&absence(absent));
    }
    text
}

fn absence(AbsentFamily { family, why, looked, install }: &AbsentFamily) -> String {
    let mut text = format!("  {}: {}\n", shown(family), shown(why));
    // A single place is named in the reason.
    if let [_, _, ..] = looked.as_slice() {
        let places = looked.iter().map(|place| match &place.path {
            Some(path) => path.display().to_string(),
            None => place.to_string(),
        });
        let places: Vec<String> = places.collect();
        text.push_str(&format!("    searched: {}\n", shown(&places.join("; "))));
    }
    if let Some(command) = install {
        text.push_str(&format!("    install it: {command}\n"));
    }
    text
}

fn row(device: &Device) -> [String; 7] {
    let size = |bytes: u64| ByteSize(bytes).display().iec().to_string();
    let memory =
        device.memory.map(|memory| format!("{} of {} free", size(memory.free), size(memory.total)));
    let reads: Vec<&str> = device.capabilities.encodings.iter().map(|e| e.name()).collect();
    [
        device.id.to_string(),
        device.kind.to_string(),
        device.name.clone(),
        device.driver.clone(),
        memory.unwrap_or_else(|| "-".to_owned()),
        device.capabilities.precision.to_string(),
        reads.join(", "),
    ]
}
