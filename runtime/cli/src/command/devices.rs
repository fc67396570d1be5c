use std::process::ExitCode;

use bytesize::ByteSize;
use clap::Args;
use godwit_backend::Device;
use serde::Serialize;

use crate::failure::Outcome;
use crate::option::Libraries;
use crate::print;
use crate::progress::Progress;
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
  godwit run --device openvino-cpu:0 --model digits=digits.onnx digits.wasm
      run every model of an app on one of them";

/// List the devices here, and say why others are absent.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DevicesArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Listing {
    devices: Vec<Device>,
    libraries: Vec<LoadedLibrary>,
    absent: Vec<AbsentFamily>,
}

pub(crate) fn devices(args: &DevicesArgs, libraries: &Libraries) -> Outcome<ExitCode> {
    let progress = Progress::new("loading engines");
    let machine = Machine::open(libraries);
    drop(progress);
    let listing = Listing {
        devices: machine.devices(),
        libraries: machine.libraries().to_vec(),
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
