//! What the table and the page show of a device.

use super::{DeviceReport, OutputReport, Report, Verdict, sentences};
use crate::display::{bytes, error, percent, seconds, three, value};

/// A column of figures.
pub(super) struct Column {
    /// Its heading in the table.
    pub(super) heading: &'static str,
    /// Its heading on the page, which shows each output's figures elsewhere.
    pub(super) title: Option<&'static str>,
    /// Whether it is left out if no device has a figure.
    is_optional: bool,
    pub(super) cell: fn(&DeviceReport) -> Option<String>,
}

impl Column {
    const fn new(
        heading: &'static str,
        title: Option<&'static str>,
        cell: fn(&DeviceReport) -> Option<String>,
    ) -> Self {
        Self { heading, title, is_optional: false, cell }
    }

    const fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }
}

const COLUMNS: [Column; 12] = [
    Column::new("PROFILE", Some("Tolerance"), |device| {
        device.verdict.tolerance().map(|tolerance| tolerance.profile.to_string())
    }),
    Column::new("MAX ABS", Some("Largest error"), |device| {
        outputs(device, |output| Some(output.comparison.max_abs), f64::max).map(error)
    }),
    Column::new("MAX REL", None, |device| {
        outputs(device, |output| Some(output.comparison.max_rel), f64::max).map(error)
    }),
    Column::new("MAX ULP", None, |device| {
        let ulps = device.outputs.iter().map(|output| output.comparison.ulps.max).max();
        ulps.map(|ulps| ulps.to_string())
    }),
    Column::new("COSINE", None, |device| {
        let cosine = outputs(device, |output| output.cosine, f64::min);
        cosine.map(|cosine| format!("{cosine:.6}"))
    }),
    Column::new("TOP-1", Some("Same top-1"), |device| {
        let top1 = |output: &OutputReport| {
            let ranking = output.comparison.ranking;
            (ranking.rows > 0).then(|| ranking.top1_rate())
        };
        outputs(device, top1, f64::min).map(percent)
    }),
    Column::new("MEDIAN", Some("Median"), |device| {
        device.latency.as_ref().map(|latency| seconds(latency.median))
    }),
    Column::new("P95", Some("95 %"), |device| {
        device.latency.as_ref().map(|latency| seconds(latency.p95))
    }),
    Column::new("LOAD", Some("Load"), |device| device.load_seconds.map(seconds)),
    Column::new("MEMORY", Some("Memory"), |device| device.footprint.map(bytes)),
    Column::new("COST/1000", Some("Cost of 1000"), |device| device.cost_per_1000.map(value))
        .optional(),
    Column::new("J/1000", Some("Joules of 1000"), |device| device.joules_per_1000.map(three))
        .optional(),
];

/// The columns that `report` has figures for.
pub(super) fn columns(report: &Report) -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(|column| {
        !column.is_optional || report.devices.iter().any(|device| (column.cell)(device).is_some())
    })
}

/// The worst figure of all outputs.
fn outputs(
    device: &DeviceReport,
    figure: impl Fn(&OutputReport) -> Option<f64>,
    worst: fn(f64, f64) -> f64,
) -> Option<f64> {
    device.outputs.iter().filter_map(figure).reduce(worst)
}

/// A sentence about a device, and the elements it is about.
pub(super) struct Remark {
    pub(super) sentence: String,
    pub(super) elements: Option<String>,
}

/// Why a device has its verdict, and its notes.
pub(super) fn remarks(device: &DeviceReport) -> Vec<Remark> {
    let plain = |sentence: String| Remark { sentence, elements: None };
    let mut remarks = Vec::new();
    if let Verdict::Failed { why } | Verdict::Absent { why } = &device.verdict {
        remarks.push(plain(why.clone()));
    }
    remarks.extend(device.findings.iter().map(|finding| {
        let elements: Vec<String> = finding.first.iter().map(sentences::difference).collect();
        let elements = (!elements.is_empty()).then(|| elements.join(", "));
        Remark { sentence: sentences::finding(finding), elements }
    }));
    remarks.extend(device.first_divergence.as_ref().map(sentences::divergence).map(plain));
    remarks.extend(device.notes.iter().map(|note| plain(format!("note: {note}"))));
    remarks
}
