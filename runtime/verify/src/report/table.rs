//! The report for a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::{DeviceReport, Report, Verdict};
use crate::words::{bytes, error, percent, seconds, three};

pub(super) fn text(report: &Report) -> String {
    let mut text = format!("{}\n\n{}", super::words::headline(report), devices(report));
    for device in &report.devices {
        details(&mut text, device);
    }
    if let Some(changes) = &report.changes {
        text.push_str("\nSince the golden file:\n");
        let rows = changes.iter().map(|change| {
            vec![change.device.clone(), change.kind.word().to_owned(), change.what.clone()]
        });
        text.push_str(&table(&["DEVICE", "CHANGE", "WHAT"], rows, 3));
    }
    text
}

fn devices(report: &Report) -> String {
    let known =
        |of: fn(&DeviceReport) -> Option<f64>| report.devices.iter().any(|d| of(d).is_some());
    let (cost, energy) = (known(|d| d.cost_per_1000), known(|d| d.joules_per_1000));
    let mut header = vec![
        "DEVICE", "VERDICT", "PROFILE", "MAX ABS", "MAX REL", "MAX ULP", "COSINE", "TOP-1",
        "MEDIAN", "P95", "LOAD", "MEMORY",
    ];
    header.extend(cost.then_some("COST/1000"));
    header.extend(energy.then_some("J/1000"));
    let rows = report.devices.iter().map(|device| {
        let mut cells = cells(device);
        let (price, joules) = (device.cost_per_1000, device.joules_per_1000);
        cells.extend(cost.then(|| price.map_or_else(dash, crate::words::value)));
        cells.extend(energy.then(|| joules.map_or_else(dash, three)));
        cells
    });
    table(&header, rows, 3)
}

fn cells(device: &DeviceReport) -> Vec<String> {
    let profile = device.verdict.tolerance().map(|tolerance| tolerance.profile.to_string());
    let outputs = &device.outputs;
    let compared = |cell: String| if outputs.is_empty() { dash() } else { cell };
    let most = |of: fn(&super::OutputReport) -> f64| outputs.iter().map(of).fold(0.0, f64::max);
    let ulps = outputs.iter().map(|output| output.comparison.ulps.max).max();
    let cosine = outputs.iter().filter_map(|output| output.cosine).reduce(f64::min);
    let ranked = outputs.iter().filter(|output| output.comparison.ranking.rows > 0);
    let top1 = ranked.map(|output| output.comparison.ranking.top1_rate()).reduce(f64::min);
    let latency = device.latency.as_ref();
    vec![
        device.device.clone(),
        device.verdict.word().to_owned(),
        profile.unwrap_or_else(dash),
        compared(error(most(|output| output.comparison.max_abs))),
        compared(error(most(|output| output.comparison.max_rel))),
        ulps.map_or_else(dash, |ulps| ulps.to_string()),
        cosine.map_or_else(dash, |cosine| format!("{cosine:.6}")),
        top1.map_or_else(dash, percent),
        latency.map_or_else(dash, |latency| seconds(latency.median)),
        latency.map_or_else(dash, |latency| seconds(latency.p95)),
        device.load_seconds.map_or_else(dash, seconds),
        device.footprint.map_or_else(dash, bytes),
    ]
}

fn details(text: &mut String, device: &DeviceReport) {
    let mut lines = Vec::new();
    if let Verdict::Failed { why } | Verdict::Absent { why } = &device.verdict {
        lines.push(why.clone());
    }
    for finding in &device.findings {
        lines.push(super::words::finding(finding));
        let first: Vec<String> = finding.first.iter().map(super::words::difference).collect();
        if !first.is_empty() {
            lines.push(format!("  {}", first.join(", ")));
        }
    }
    lines.extend(device.first_divergence.as_ref().map(super::words::divergence));
    lines.extend(device.notes.iter().map(|note| format!("note: {note}")));
    if lines.is_empty() {
        return;
    }
    text.push_str(&format!("\n{} {}\n", device.device, device.verdict.word()));
    lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
}

/// Rows under a header, without rules; columns from `right` on are numbers.
fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, right: usize) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().copied());
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn dash() -> String {
    "-".to_owned()
}
