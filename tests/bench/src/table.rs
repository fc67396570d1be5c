//! What was found, for people.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use crate::measure::stats::Interval;
use crate::report::{EngineReport, PeerRow, Report, Row};

pub(crate) fn text(report: &Report) -> String {
    let mut out = String::new();
    let machine = &report.machine;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{machine}, {}", machine.compiler);
    let _ = writeln!(
        out,
        "up to {} pairs of blocks of {} ms, A-B-B-A; median [95 % interval]; noise (A against A): {}\n",
        report.blocks,
        report.block_ms,
        ratio(report.noise)
    );
    report.engines.iter().for_each(|found| engine(&mut out, found));
    let mut layers = table(&["echo-4B, layer by layer", "ns"]);
    for layer in &report.layers {
        layers.add_row([layer.what.clone(), interval(layer.ns, 0)]);
    }
    let _ = writeln!(out, "{layers}\n");
    let mut allocations = table(&["model", "heap allocations of a warm run", "count", "bytes"]);
    for found in &report.allocations {
        let (count, bytes) = (format!("{:.2}", found.a_run), format!("{:.0}", found.bytes_a_run));
        allocations.add_row([found.model.clone(), found.what.clone(), count, bytes]);
    }
    let _ = writeln!(out, "{allocations}\n");
    let fresh = report.fresh_instance_ns;
    let _ = writeln!(
        out,
        "A fresh instance, from before its store to after: {:.1} us [{:.1}, {:.1}]",
        fresh.median / 1e3,
        fresh.low / 1e3,
        fresh.high / 1e3
    );
    if !report.peer.is_empty() {
        let _ = writeln!(
            out,
            "\nwasmtime-wasi-nn against the same libraries natively\n{}",
            peer(&report.peer)
        );
    }
    out
}

fn engine(out: &mut String, found: &EngineReport) {
    let name = found.engine.name();
    let _ = writeln!(out, "One inference: {name} natively, and through a guest\n{}\n", rows(found));
    if let (Some(bytes), Some(copies)) = (found.by_bytes, found.by_copies) {
        let _ = writeln!(
            out,
            "Echoes: {:.2} us a run and {:.1} ns a kB; measured in copies, {:.2} us a run and {:.2} copies of the input",
            bytes.fixed / 1e3,
            bytes.slope * 1e3,
            copies.fixed / 1e3,
            copies.slope
        );
    }
    if let Some(two) = &found.two_threads {
        let _ = writeln!(
            out,
            "Two threads on {}: {} times the runs of one; natively {}",
            two.model,
            interval(two.guests, 2),
            interval(two.native, 2)
        );
    }
    let _ = writeln!(out);
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn rows(report: &EngineReport) -> Table {
    let header = [
        "model",
        "bytes in",
        "one copy, us",
        "native, us",
        "guest, us",
        "added, us",
        "ratio",
        "native, loaded twice",
    ];
    let mut table = table(&header);
    for Row { model, bytes, echo, copy_ns, comparison, native_twice } in &report.rows {
        table.add_row([
            model.clone(),
            bytes.to_string(),
            format!("{:.2}", copy_ns / 1e3),
            format!("{:.2}", comparison.first_ns / 1e3),
            format!("{:.2}", comparison.second_ns / 1e3),
            micros(comparison.added_ns),
            if *echo { "-".into() } else { ratio(comparison.ratio) },
            native_twice.map_or_else(|| "-".into(), ratio),
        ]);
    }
    table
}

fn peer(rows: &[PeerRow]) -> Table {
    let header = ["library", "model", "bytes in", "native, us", "guest, us", "added, us", "ratio"];
    let mut table = table(&header);
    for PeerRow { engine, model, bytes, comparison } in rows {
        let echo = model.starts_with("echo");
        table.add_row([
            engine.name().to_owned(),
            model.clone(),
            bytes.to_string(),
            format!("{:.2}", comparison.first_ns / 1e3),
            format!("{:.2}", comparison.second_ns / 1e3),
            micros(comparison.added_ns),
            if echo { "-".into() } else { ratio(comparison.ratio) },
        ]);
    }
    table
}

fn micros(ns: Interval) -> String {
    interval(Interval { median: ns.median / 1e3, low: ns.low / 1e3, high: ns.high / 1e3 }, 2)
}

fn ratio(ratio: Interval) -> String {
    interval(ratio, 4)
}

fn interval(Interval { median, low, high }: Interval, digits: usize) -> String {
    format!("{median:.digits$} [{low:.digits$}, {high:.digits$}]")
}
