//! What was found, for people.

use comfy_table::{Table, presets};

use super::Report;
use crate::measure::stats::Interval;

pub(super) fn text(report: &Report) -> String {
    let mut text = format!(
        "{}\n{}\n{} pairs of blocks of {} ms, A-B-B-A; median [95 % interval]\n\n",
        report.machine, report.server, report.blocks, report.block_ms,
    );
    let mut calls = table(&[
        "protocol",
        "model",
        "bare client, us",
        "guest / bare",
        "guest - bare, us",
        "Rust / bare",
        "guest / tritonclient",
        "guests / bare, at once",
        "noise",
    ]);
    for row in &report.rows {
        let added = row.guest_over_bare.added_ns;
        let us = |ns: f64| ns / 1e3;
        let added = Interval { median: us(added.median), low: us(added.low), high: us(added.high) };
        calls.add_row([
            row.protocol.to_owned(),
            row.model.clone(),
            format!("{:.0}", us(row.guest_over_bare.first_ns)),
            interval(row.guest_over_bare.ratio, 3),
            interval(added, 1),
            interval(row.rust_over_bare.ratio, 3),
            interval(row.guest_over_python.ratio, 3),
            interval(row.guests_over_bare_at_once.ratio, 3),
            interval(row.noise, 3),
        ]);
    }
    text.push_str(&format!("{calls}\n\n"));
    let at_once = report.at_once as f64;
    let mut throughput =
        table(&["protocol", "model", "callers", "calls a second, bare", "calls a second, guests"]);
    for row in &report.rows {
        let found = &row.guests_over_bare_at_once;
        throughput.add_row([
            row.protocol.to_owned(),
            row.model.clone(),
            report.at_once.to_string(),
            format!("{:.0}", at_once * 1e9 / found.first_ns),
            format!("{:.0}", at_once * 1e9 / found.second_ns),
        ]);
    }
    text.push_str(&format!("{throughput}\n\n"));
    let mut connections = table(&["protocol", "client", "calls", "connections opened for them"]);
    for found in &report.connections {
        connections.add_row([
            found.protocol.to_owned(),
            found.client.to_owned(),
            found.calls.to_string(),
            found.opened.to_string(),
        ]);
    }
    text.push_str(&connections.to_string());
    text
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(header.iter().copied());
    table
}

fn interval(Interval { median, low, high }: Interval, digits: usize) -> String {
    format!("{median:.digits$} [{low:.digits$}, {high:.digits$}]")
}
