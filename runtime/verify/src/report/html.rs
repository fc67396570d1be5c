//! The report as one page: no script, nothing from elsewhere, readable on paper.

use super::escape::Text;
use super::{DeviceReport, Report, Verdict, plot, words};
use crate::words::{bytes, error, percent, seconds, three};

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
        Text(&words::headline(report))
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
    let any = |of: fn(&DeviceReport) -> Option<f64>| report.devices.iter().any(|d| of(d).is_some());
    let (cost, energy) = (any(|d| d.cost_per_1000), any(|d| d.joules_per_1000));
    let mut header = vec![
        "Device",
        "Verdict",
        "Held to",
        "Largest error",
        "Same top-1",
        "Median",
        "95 %",
        "Load",
        "Memory",
    ];
    header.extend(cost.then_some("Cost of 1000"));
    header.extend(energy.then_some("Energy of 1000"));
    let rows = report.devices.iter().map(|device| {
        let outputs = &device.outputs;
        let largest = outputs.iter().map(|output| output.comparison.max_abs).reduce(f64::max);
        let ranked = outputs.iter().map(|output| output.comparison.ranking).filter(|r| r.rows > 0);
        let top1 = ranked.map(|ranking| ranking.top1_rate()).reduce(f64::min);
        let latency = device.latency.as_ref();
        let profile = device.verdict.tolerance().map(|t| t.profile.to_string());
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
            cell(profile),
            cell(largest.map(error)),
            cell(top1.map(percent)),
            cell(latency.map(|latency| seconds(latency.median))),
            cell(latency.map(|latency| seconds(latency.p95))),
            cell(device.load_seconds.map(seconds)),
            cell(device.footprint.map(bytes)),
        ];
        cells.extend(cost.then(|| cell(device.cost_per_1000.map(|cost| format!("{cost:.4}")))));
        cells.extend(
            energy.then(|| cell(device.joules_per_1000.map(|j| format!("{} J", three(j))))),
        );
        cells
    });
    page.push_str("<section>\n<h2>Devices</h2>\n");
    table(page, &header, rows, 3);
    page.push_str("</section>\n");
}

fn changes(page: &mut String, report: &Report) {
    let Some(changes) = &report.changes else { return };
    page.push_str("<section>\n<h2>Since the golden file</h2>\n");
    let rows = changes.iter().map(|change| {
        let class = if change.kind.is_regression() { "differs" } else { "equivalent" };
        vec![
            format!("<b>{}</b>", Text(&change.device)),
            format!("<span class=\"verdict {class}\">{}</span>", Text(change.kind.word())),
            Text(&change.what).to_string(),
        ]
    });
    table(page, &["Device", "Change", "What"], rows, 3);
    page.push_str("</section>\n");
}

fn findings(page: &mut String, report: &Report) {
    let mut items = String::new();
    for device in &report.devices {
        let mut lines: Vec<String> = Vec::new();
        if let Verdict::Failed { why } | Verdict::Absent { why } = &device.verdict {
            lines.push(why.clone());
        }
        for finding in &device.findings {
            let mut line = words::finding(finding);
            for first in &finding.first {
                line.push_str(&format!("; {}", words::difference(first)));
            }
            lines.push(line);
        }
        lines.extend(device.first_divergence.as_ref().map(words::divergence));
        lines.extend(device.notes.iter().cloned());
        if lines.is_empty() {
            continue;
        }
        items.push_str(&format!("<h3>{}</h3>\n<ul>\n", Text(&device.device)));
        lines.iter().for_each(|line| items.push_str(&format!("<li>{}</li>\n", Text(line))));
        items.push_str("</ul>\n");
    }
    if !items.is_empty() {
        page.push_str(&format!("<section>\n<h2>What was found</h2>\n{items}</section>\n"));
    }
}

fn plots(page: &mut String, report: &Report) {
    let plots = [
        (
            "Error by output",
            "Bars end at the largest difference of any element; the mark is what an element of typical size \
             may be off. The scale is logarithmic.",
            plot::errors(report),
        ),
        (
            "Latency",
            "A dot is a run; the box holds the middle half of them, the mark is the median.",
            plot::latencies(report),
        ),
        ("Load time", "From the model's bytes to a graph that runs.", plot::loads(report)),
        ("Memory", "What the devices say their graphs hold.", plot::footprints(report)),
        ("Cost of 1000 runs", "By the rates that were given.", plot::costs(report)),
        (
            "Energy of 1000 runs",
            "By the power that was given, not measured.",
            plot::energies(report),
        ),
    ];
    for (title, caption, svg) in plots {
        if let Some(svg) = svg {
            page.push_str(&format!(
                "<section>\n<h2>{title}</h2>\n<figure>{svg}<figcaption>{caption}</figcaption></figure>\n</section>\n"
            ));
        }
    }
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
    page.push_str("<section>\n<h2>Figures by output</h2>\n");
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
    table(page, &header, rows.into_iter(), 2);
    page.push_str("</section>\n");
}

fn method(page: &mut String, report: &Report) {
    page.push_str("<section>\n<h2>How it was judged</h2>\n<ul>\n");
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

/// A table of cells that are HTML already; columns from `right` on are numbers.
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

fn cell(value: Option<String>) -> String {
    value.map_or_else(dash, |value| Text(&value).to_string())
}

fn dash() -> String {
    "–".to_owned()
}

fn percent_of(used: f64) -> String {
    format!("{}%", three(used * 100.0))
}
