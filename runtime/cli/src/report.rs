use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use godwit_backend::{Budget, DeviceId};
use godwit_host::Exit;
use godwit_model::text::{clean, shown};
use godwit_platform::{Platform, ServiceUsage, files};
use godwit_policy::{Ledger, ReportRow};
use serde::Serialize;

use crate::error::Result;
use crate::print;
use crate::table::table;

const TIMED_OUT: &str = "timed-out";

/// What a run did: the devices that ran, how often, how long, with how many bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// How it ended: `exited`, `trapped`, `timed-out` or `cancelled`.
    end: &'static str,
    /// The app's own code, if it got that far.
    code: Option<i32>,
    #[serde(rename = "wall_seconds")]
    wall: f64,
    /// The most bytes of tensors held at one time.
    peak_tensor_bytes: u64,
    rows: Vec<ReportRow>,
    /// What went to services elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remote: Vec<ServiceUsage>,
}

impl Report {
    /// `exit` is `None` for a run that was cancelled.
    pub(crate) fn new(
        exit: Option<&Exit>,
        wall: Duration,
        ledger: &Ledger,
        budget: &Budget,
        platform: &Platform,
    ) -> Self {
        let (end, code) = match exit {
            Some(Exit::Code(code)) => ("exited", Some(*code)),
            Some(Exit::Trapped { .. }) => ("trapped", None),
            Some(Exit::TimedOut { .. }) => (TIMED_OUT, None),
            None => ("cancelled", None),
        };
        let rows = ledger.report().rows;
        let runs = |device: &DeviceId| -> u64 {
            rows.iter().filter(|row| row.device == *device).map(|row| row.runs).sum()
        };
        let services = platform.services();
        let remote = services.map(|services| services.usage(wall, runs)).unwrap_or_default();
        Self { end, code, wall: wall.as_secs_f64(), peak_tensor_bytes: budget.peak(), rows, remote }
    }

    /// To standard error, so that what the app prints stays its own; or to a file.
    pub(crate) fn deliver(&self, json: bool, file: Option<&Path>) -> Result<()> {
        let text = if json {
            print::document(self)?
        } else {
            clean(&self.table()).into_owned().into_bytes()
        };
        match file {
            Some(path) => Ok(files::write("the report", path, &text)?),
            None => {
                let text = String::from_utf8_lossy(&text);
                match self.end {
                    TIMED_OUT => print::note_briefly(&text),
                    _ => print::note(&text),
                }
                Ok(())
            }
        }
    }

    fn table(&self) -> String {
        let header =
            ["MODEL", "DEVICE", "RUNS", "ERRORS", "TOTAL", "MEAN", "MIN", "MAX", "IN", "OUT"];
        let right: Vec<usize> = (2..header.len()).collect();
        let mut text = match self.rows.as_slice() {
            [] => "no model was loaded\n".to_owned(),
            rows => table(header, rows.iter().map(cells), &right),
        };
        text.extend(self.remote.iter().map(service));
        text.push_str(&format!(
            "{} in {}, at most {} of tensors\n",
            self.end,
            time(Some(Duration::from_secs_f64(self.wall))),
            size(self.peak_tensor_bytes)
        ));
        text
    }
}

fn cells(row: &ReportRow) -> [String; 10] {
    [
        row.model.to_string(),
        row.device.to_string(),
        row.runs.to_string(),
        row.errors.to_string(),
        time(Some(row.total)),
        time(row.mean()),
        time(row.min),
        time(row.max),
        size(row.bytes_in),
        size(row.bytes_out),
    ]
}

fn service(usage: &ServiceUsage) -> String {
    let ServiceUsage { device, requests, retries, sent, received, labels, cost } = usage;
    let plural = if *requests == 1 { "" } else { "s" };
    let again = match retries {
        0 => String::new(),
        retries => format!(" ({retries} of them sent again)"),
    };
    let labels: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("; {}", labels.join(", ")) };
    let cost = cost.as_ref().map(|cost| format!("; cost {:.6}", cost.total)).unwrap_or_default();
    let (sent, received) = (size(*sent), size(*received));
    let line = format!(
        "{device}: {requests} request{plural}{again}, {sent} sent, {received} received{labels}{cost}"
    );
    shown(&line) + "\n"
}

fn size(bytes: u64) -> String {
    ByteSize(bytes).display().si().to_string()
}

fn time(time: Option<Duration>) -> String {
    match time {
        Some(time) => format!("{time:.1?}"),
        None => "-".to_owned(),
    }
}
