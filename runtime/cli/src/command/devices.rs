use std::process::ExitCode;

use bytesize::ByteSize;
use clap::Args;
use godwit_backend::Device;
use serde::Serialize;
use tokio::runtime::Builder;

use crate::failure::{Code, Failure, Outcome};
use crate::option::ServiceOption;
use crate::print;
use crate::progress::Progress;
use crate::remote::{Readiness, State};
use crate::sources::Sources;
use crate::stack::{AbsentFamily, LoadedLibrary, Machine};
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  godwit devices
  godwit devices --json
      for programs, with everything that is known of each device, and every place where a library
      that is absent was looked for
  godwit devices --library openvino=/opt/openvino/runtime
      whether that one works
  godwit devices --device remote=https://triton.example
      whether that service is ready; those of godwit.toml are asked without being named
  godwit run --device openvino-cpu:0 --model digits=digits.onnx digits.wasm
      run every model of an app on one of them";

/// List the devices here, and say why others are absent.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DevicesArgs {
    /// Also ask a service elsewhere whether it is ready. Repeat it for more.
    #[arg(long = "device", value_name = "remote=URL")]
    devices: Vec<ServiceOption>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Listing {
    devices: Vec<Device>,
    libraries: Vec<LoadedLibrary>,
    remote: Vec<Readiness>,
    absent: Vec<AbsentFamily>,
}

pub(crate) fn devices(args: &DevicesArgs, sources: Sources) -> Outcome<ExitCode> {
    let sources = sources.with(ServiceOption::all(&args.devices));
    let progress = Progress::new("loading engines");
    let machine = Machine::open(&sources);
    drop(progress);
    let remote = match machine.services() {
        Some(services) => {
            let progress = Progress::new("asking services");
            let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
                Failure::new(Code::Internal, "the system refused an event loop")
                    .why(error.to_string())
            })?;
            let remote = runtime.block_on(services.probe());
            drop(progress);
            remote
        }
        None => Vec::new(),
    };
    let listing = Listing {
        devices: machine.devices(),
        libraries: machine.libraries().to_vec(),
        remote,
        absent: machine.absent().to_vec(),
    };
    if args.json {
        print::json(&listing)?;
    } else {
        print::text(&human(&listing))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn human(listing: &Listing) -> String {
    let header = ["DEVICE", "KIND", "NAME", "DRIVER", "MEMORY", "PRECISION", "READS"];
    let mut text = match listing.devices.as_slice() {
        [] => "no devices\n".to_owned(),
        devices => table(header, devices.iter().map(row), &[]),
    };
    if !listing.libraries.is_empty() {
        text.push_str("\nlibraries:\n");
    }
    for LoadedLibrary { family, engine, found } in &listing.libraries {
        let version = found.version.as_ref().map(|version| format!(" {version}"));
        text.push_str(&format!(
            "  {family}: {engine}{}, {} ({})\n",
            version.unwrap_or_default(),
            found.path.display(),
            found.place.source
        ));
    }
    if !listing.remote.is_empty() {
        text.push_str("\nremote:\n");
    }
    for Readiness { device, state, why } in &listing.remote {
        let said = match state {
            State::Ready => "ready",
            State::NotTold => "not asked, as its protocol has no question for it",
            State::Absent => "absent",
        };
        let why = why.as_ref().map(|why| format!(": {why}"));
        text.push_str(&format!("  {device}: {said}{}\n", why.unwrap_or_default()));
    }
    if !listing.absent.is_empty() {
        text.push_str("\nabsent:\n");
    }
    for absent in &listing.absent {
        text.push_str(&absence(absent));
    }
    text
}

fn absence(AbsentFamily { family, why, looked, install }: &AbsentFamily) -> String {
    let mut text = format!("  {family}: {why}\n");
    // A single place is named in the reason.
    if let [_, _, ..] = looked.as_slice() {
        let places = looked.iter().map(|place| match &place.path {
            Some(path) => path.display().to_string(),
            None => place.to_string(),
        });
        let places: Vec<String> = places.collect();
        text.push_str(&format!("    looked in: {}\n", places.join("; ")));
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
