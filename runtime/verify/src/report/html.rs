//! The report as one page: no script, nothing from elsewhere, readable on paper.

use super::escape::Text;
use super::{DeviceReport, Report, plot, sentences, view};
use crate::display::{bytes, error, seconds, three, value};

const STYLE: &str = include_str!("page.css");

pub(super) fn page(report: &Report) -> String {
    let title = report.app.as_ref().or(report.models.first()).map_or("", |artifact| &artifact.name);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Verification of {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Text(title)
    );
    verdict(&mut page, report, title);
    devices(&mut page, report);
    changes(&mut page, report);
    findings(&mut page, report);
    plots(&mut page, report);
    outputs(&mut page, report);
    method(&mut page, report);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn verdict(page: &mut String, report: &Report, title: &str) {
    let class = if report.is_equivalent() { "good" } else { "bad" };
    page.push_str(&format!(
        "<header>\n<p class=\"kicker\">Verification of {}</p>\n<h1 class=\"{class}\">{}</h1>\n",
        Text(title),
        Text(&sentences::headline(report))
    ));
    if let Some(reference) = &report.reference {
        page.push_str(&format!(
            "<p>The same inputs went to every device, {} run(s) each. Answers are compared with those of \
             <b>{}</b>: {}.</p>\n",
            report.samples,
            Text(reference),
            Text(&report.reference_why)
        ));
    }
    page.push_str("</header>\n");
}

fn devices(page: &mut String, report: &Report) {
    let columns: Vec<_> = view::columns(report).filter(|column| column.title.is_some()).collect();
    let titles = columns.iter().filter_map(|column| column.title);
    let header: Vec<&str> = ["Device", "Verdict"].into_iter().chain(titles).collect();
    let rows = report.devices.iter().map(|device| {
        let about = device.stamp.as_ref().map_or(String::new(), |stamp| {
            format!(
                "<small>{}, {}, {}</small>",
                Text(&stamp.name),
                Text(&stamp.driver),
                Text(&stamp.precision)
            )
        });
        let mut cells = vec![
            format!("<b>{}</b>{about}", Text(&device.device)),
            format!("<span class=\"verdict {0}\">{0}</span>", device.verdict.word()),
        ];
        let figures = columns.iter().map(|column| (column.cell)(device));
        cells.extend(figures.map(|figure| figure.map_or_else(dash, |it| Text(&it).to_string())));
        cells
    });
    section(page, "Devices", |page| table(page, &header, rows, 3));
}

fn changes(page: &mut String, report: &Report) {
    let Some(changes) = &report.changes else { return };
    let rows = changes.iter().map(|change| {
        let class = if change.kind.is_regression() { "differs" } else { "equivalent" };
        vec![
            format!("<b>{}</b>", Text(&change.device)),
            format!("<span class=\"verdict {class}\">{}</span>", Text(change.kind.word())),
            Text(&change.what).to_string(),
        ]
    });
    let header = ["Device", "Change", "What"];
    section(page, "Since the golden file", |page| table(page, &header, rows, 3));
}

fn findings(page: &mut String, report: &Report) {
    let mut items = String::new();
    for device in &report.devices {
        let remarks = view::remarks(device);
        if remarks.is_empty() {
            continue;
        }
        items.push_str(&format!("<h3>{}</h3>\n<ul>\n", Text(&device.device)));
        for view::Remark { sentence, elements } in remarks {
            let elements = elements.map_or_else(String::new, |elements| format!("; {elements}"));
            items.push_str(&format!("<li>{}{}</li>\n", Text(&sentence), Text(&elements)));
        }
        items.push_str("</ul>\n");
    }
    if !items.is_empty() {
        section(page, "Findings", |page| page.push_str(&items));
    }
}

fn plots(page: &mut String, report: &Report) {
    let plots = [
        (
            "Error by output",
            "Bars show the largest difference of any element, the mark the tolerance of an element of typical \
             size. The scale is logarithmic.",
            plot::errors(report),
        ),
        (
            "Latency",
            "A dot is a run; the box holds the middle half of them, the mark is the median.",
            plot::latencies(report),
        ),
        (
            "Load time",
            "From the model's bytes to a graph that is ready to run.",
            plot::bars(report, "Time to load the models", |device| device.load_seconds, seconds),
        ),
        (
            "Memory",
            "Device memory of the graphs, as the devices report it.",
            plot::bars(report, "Memory of the graphs", footprint, |held| bytes(plot::whole(held))),
        ),
        (
            "Cost of 1000 runs",
            "By the configured prices.",
            plot::bars(report, "Cost of 1000 runs", |device| device.cost_per_1000, value),
        ),
        (
            "Energy of 1000 runs",
            "By the configured power, not measured.",
            plot::bars(
                report,
                "Energy of 1000 runs",
                |device| device.joules_per_1000,
                |joules| format!("{} J", three(joules)),
            ),
        ),
    ];
    for (title, caption, svg) in plots {
        let Some(svg) = svg else { continue };
        section(page, title, |page| {
            page.push_str(&format!("<figure>{svg}<figcaption>{caption}</figcaption></figure>\n"));
        });
    }
}

fn footprint(device: &DeviceReport) -> Option<f64> {
    device.footprint.map(crate::number::count).filter(|bytes| *bytes > 0.0)
}

fn outputs(page: &mut String, report: &Report) {
    let rows: Vec<Vec<String>> = report
        .devices
        .iter()
        .flat_map(|device| device.outputs.iter().map(move |output| (device, output)))
        .map(|(device, output)| {
            let found = &output.comparison;
            let used = match output.allowance_used {
                used if used.is_finite() => percent_of(used),
                _ => "beyond any".to_owned(),
            };
            vec![
                Text(&device.device).to_string(),
                format!(
                    "{} <small>{} {}</small>",
                    Text(&output.output),
                    Text(&output.model),
                    output.dtype
                ),
                found.elements.to_string(),
                error(found.max_abs),
                error(found.max_rel),
                error(output.rms),
                output.cosine.map_or_else(dash, |cosine| format!("{cosine:.7}")),
                found.ulps.max.to_string(),
                (found.nan_only_in_other + found.nan_only_in_reference + found.infinity_mismatches)
                    .to_string(),
                used,
            ]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let header = [
        "Device",
        "Output",
        "Elements",
        "Max error",
        "Max relative",
        "RMS",
        "Cosine",
        "Max ULP",
        "Not finite",
        "Of allowance",
    ];
    section(page, "Figures by output", |page| table(page, &header, rows.into_iter(), 2));
}

fn method(page: &mut String, report: &Report) {
    page.push_str("<section>\n<h2>Method</h2>\n<ul>\n");
    let mut seen = Vec::new();
    for tolerance in report.devices.iter().filter_map(|device| device.verdict.tolerance()) {
        if seen.contains(&tolerance.profile) {
            continue;
        }
        seen.push(tolerance.profile);
        page.push_str(&format!(
            "<li><b>{}</b>: an element may be off by {} of its size plus the output's root mean square; all \
             errors together by {} of that. {}.</li>\n",
            tolerance.profile,
            error(tolerance.relative),
            error(tolerance.rms),
            Text(tolerance.profile.reason())
        ));
    }
    page.push_str("</ul>\n<dl>\n");
    for artifact in report.app.iter().chain(&report.models) {
        page.push_str(&format!(
            "<dt>{}</dt><dd><code>sha256:{}</code></dd>\n",
            Text(&artifact.name),
            Text(&artifact.digest)
        ));
    }
    page.push_str("</dl>\n</section>\n");
}

fn section(page: &mut String, title: &str, content: impl FnOnce(&mut String)) {
    page.push_str(&format!("<section>\n<h2>{title}</h2>\n"));
    content(page);
    page.push_str("</section>\n");
}

/// A table whose cells are HTML. Columns from index `right` on are numbers.
fn table(
    page: &mut String,
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    right: usize,
) {
    let class = |at: usize| if at >= right { " class=\"number\"" } else { "" };
    page.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for (at, name) in header.iter().enumerate() {
        page.push_str(&format!("<th scope=\"col\"{}>{}</th>", class(at), Text(name)));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            page.push_str(&format!("<td{}>{cell}</td>", class(at)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
}

fn dash() -> String {
    "–".to_owned()
}

fn percent_of(used: f64) -> String {
    format!("{}%", three(used * 100.0))
}
