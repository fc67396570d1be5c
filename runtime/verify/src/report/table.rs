//! The report as tables for a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use godwit_model::text::shown;

use super::{DeviceReport, Report, sentences, view};

pub(super) fn text(report: &Report) -> String {
    let mut text = format!("{}\n\n{}", shown(&sentences::headline(report)), devices(report));
    for device in &report.devices {
        remarks(&mut text, device);
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
    let columns: Vec<_> = view::columns(report).collect();
    let header = ["DEVICE", "VERDICT"].into_iter().chain(columns.iter().map(|it| it.heading));
    let rows = report.devices.iter().map(|device| {
        let mut cells = vec![device.device.clone(), device.verdict.word().to_owned()];
        let figures = columns.iter().map(|column| (column.cell)(device));
        cells.extend(figures.map(|figure| figure.unwrap_or_else(|| "-".to_owned())));
        cells
    });
    table(&header.collect::<Vec<_>>(), rows, 3)
}

fn remarks(text: &mut String, device: &DeviceReport) {
    let remarks = view::remarks(device);
    if remarks.is_empty() {
        return;
    }
    text.push_str(&format!("\n{} {}\n", shown(&device.device), device.verdict.word()));
    for view::Remark { sentence, elements } in remarks {
        text.push_str(&format!("  {}\n", shown(&sentence)));
        text.extend(elements.map(|elements| format!("    {}\n", shown(&elements))));
    }
}

/// Rows under a header, without rules. Columns from index `right` on are aligned right.
fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, right: usize) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().copied());
    table.add_rows(rows.map(|row| row.iter().map(|cell| shown(cell)).collect::<Vec<_>>()));
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
