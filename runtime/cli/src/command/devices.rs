use std::process::ExitCode;

use bytesize::ByteSize;
use clap::Args;
use godwit_backend::Device;
use serde::Serialize;

use crate::failure::Outcome;
use crate::print;
use crate::stack::{AbsentFamily, Machine};
use crate::table::table;

const EXAMPLES: &str = "\
Examples:
  godwit devices
  godwit devices --json
      for programs, with everything that is known of each device
  godwit run --device cpu:0 --model digits=digits.onnx digits.wasm
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
    absent: Vec<AbsentFamily>,
}

pub(crate) fn devices(args: &DevicesArgs) -> Outcome<ExitCode> {
    let machine = Machine::open();
    let listing = Listing { devices: machine.devices(), absent: machine.absent().to_vec() };
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
    if !listing.absent.is_empty() {
        text.push_str("\nabsent:\n");
    }
    for AbsentFamily { family, why } in &listing.absent {
        text.push_str(&format!("  {family}: {why}\n"));
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
