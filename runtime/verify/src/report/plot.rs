//! Plots as inline SVG. Colours and type come from the page, so that they follow its theme.

use super::escape::Text;
use super::{DeviceReport, Report};
use crate::display::seconds;

const WIDTH: f64 = 760.0;
const LABELS: f64 = 190.0;
const ROW: f64 = 26.0;
/// Room for the figure beside a bar.
const FIGURES: f64 = 90.0;

/// The error of every output of every device: a bar to the largest difference, on a logarithmic scale,
/// and a mark where the tolerance of a typical element ends.
pub(super) fn errors(report: &Report) -> Option<String> {
    let mut rows = Vec::new();
    for device in &report.devices {
        let relative = device.verdict.tolerance().map_or(0.0, |tolerance| tolerance.relative);
        for output in &device.outputs {
            let scale = output.comparison.reference_rms();
            let allowed = 2.0 * relative * scale;
            let name = format!("{} · {}", device.device, output.output);
            rows.push((name, output.comparison.max_abs, allowed, output.runs_outside > 0));
        }
    }
    if rows.is_empty() {
        return None;
    }
    let positive = |values: &mut dyn Iterator<Item = f64>| {
        let logs = values.filter(|value| *value > 0.0 && value.is_finite()).map(f64::log10);
        logs.fold(None, |ends: Option<(f64, f64)>, log| {
            Some(ends.map_or((log, log), |(low, high)| (low.min(log), high.max(log))))
        })
    };
    let mut all = rows.iter().flat_map(|(_, error, allowed, _)| [*error, *allowed]);
    let (low, high) = positive(&mut all).unwrap_or((-8.0, 0.0));
    let (low, high) = (low.floor() - 1.0, high.ceil().max(low.floor() + 1.0));
    let axis = Axis { low, high };
    let place = |value: f64| if value > 0.0 { axis.place(value.log10()) } else { LABELS };
    let mut svg = Svg::new(rows.len(), "Largest error of each output, on a logarithmic scale");
    let step = ((high - low) / 6.0).ceil().max(1.0);
    let mut power = low;
    while power <= high + 0.5 {
        svg.tick(axis.place(power), &format!("1e{power:.0}"));
        power += step;
    }
    for (row, (name, error, allowed, outside)) in rows.iter().enumerate() {
        let class = if *outside { "bad" } else { "good" };
        svg.label(row, name);
        svg.bar(row, LABELS, place(*error), class);
        if *allowed > 0.0 {
            svg.mark(row, place(*allowed));
        }
        let figure = if *error > 0.0 { format!("{error:.1e}") } else { "exact".to_owned() };
        svg.figure(row, &figure);
    }
    Some(svg.end())
}

/// The latencies of every device: a line from the shortest to the 99th of a hundred, a box around the
/// middle half, a mark at the median, and a dot for each run.
pub(super) fn latencies(report: &Report) -> Option<String> {
    let measured = report.devices.iter().filter_map(|d| Some((&d.device, d.latency.as_ref()?)));
    let rows: Vec<_> = measured.collect();
    let high = rows.iter().map(|(_, latency)| latency.p99).fold(0.0, f64::max);
    if rows.is_empty() || high <= 0.0 {
        return None;
    }
    let axis = Axis { low: 0.0, high: high * 1.02 };
    let mut svg = Svg::new(rows.len(), "Latency of each device");
    for part in 0..=4 {
        let at = high * f64::from(part) / 4.0;
        svg.tick(axis.place(at), &seconds(at));
    }
    for (row, (name, latency)) in rows.iter().enumerate() {
        svg.label(row, name);
        let at = |part: usize| {
            let quantiles = &latency.quantiles;
            let place = quantiles.len().saturating_sub(1) * part / 4;
            axis.place(quantiles.get(place).copied().unwrap_or(latency.median))
        };
        svg.line(row, axis.place(latency.min), axis.place(latency.p99));
        for time in latency.quantiles.iter().filter(|time| **time <= high) {
            svg.dot(row, axis.place(*time));
        }
        svg.bar(row, at(1), at(3).max(at(1) + 2.0), "plain");
        svg.mark(row, axis.place(latency.median));
        svg.figure(row, &seconds(latency.median));
    }
    Some(svg.end())
}

/// A figure of every device: one bar a device.
pub(super) fn bars(
    report: &Report,
    title: &str,
    value: impl Fn(&DeviceReport) -> Option<f64>,
    shown: impl Fn(f64) -> String,
) -> Option<String> {
    let rows = report.devices.iter().filter_map(|d| Some((&d.device, value(d)?)));
    let rows: Vec<_> = rows.collect();
    let high = rows.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if high <= 0.0 {
        return None;
    }
    let axis = Axis { low: 0.0, high };
    let mut svg = Svg::new(rows.len(), title);
    for (row, (name, value)) in rows.iter().enumerate() {
        svg.label(row, name);
        svg.bar(row, LABELS, axis.place(*value), "plain");
        svg.figure(row, &shown(*value));
    }
    Some(svg.end())
}

/// A count that was converted to be drawn.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a count")]
pub(super) fn whole(value: f64) -> u64 {
    value as u64
}

struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        LABELS + part * (WIDTH - LABELS - FIGURES)
    }
}

struct Svg {
    text: String,
    bottom: f64,
}

impl Svg {
    fn new(rows: usize, title: &str) -> Self {
        let bottom = crate::number::count(rows as u64) * ROW + 8.0;
        let text = format!(
            "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>",
            bottom + 22.0,
            title = Text(title)
        );
        Self { text, bottom }
    }

    fn middle(row: usize) -> f64 {
        crate::number::count(row as u64) * ROW + ROW / 2.0 + 4.0
    }

    fn tick(&mut self, x: f64, label: &str) {
        self.text.push_str(&format!(
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"4\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            self.bottom,
            self.bottom + 15.0,
            Text(label)
        ));
    }

    fn label(&mut self, row: usize, label: &str) {
        const SHOWN: usize = 28;
        let mut short: String = label.chars().take(SHOWN).collect();
        if label.chars().nth(SHOWN).is_some() {
            short.push('…');
        }
        self.text.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}<title>{}</title></text>",
            LABELS - 8.0,
            Self::middle(row) + 4.0,
            Text(&short),
            Text(label)
        ));
    }

    fn bar(&mut self, row: usize, from: f64, to: f64, class: &str) {
        self.text.push_str(&format!(
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"14\" rx=\"2\"/>",
            Self::middle(row) - 7.0,
            (to - from).max(1.0)
        ));
    }

    fn mark(&mut self, row: usize, x: f64) {
        let y = Self::middle(row);
        self.text.push_str(&format!(
            "<line class=\"mark\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>",
            y - 10.0,
            y + 10.0
        ));
    }

    fn line(&mut self, row: usize, from: f64, to: f64) {
        let y = Self::middle(row);
        self.text.push_str(&format!(
            "<line class=\"whisker\" x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{to:.1}\" y2=\"{y:.1}\"/>"
        ));
    }

    fn dot(&mut self, row: usize, x: f64) {
        let y = Self::middle(row);
        self.text.push_str(&format!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>"));
    }

    fn figure(&mut self, row: usize, text: &str) {
        self.text.push_str(&format!(
            "<text class=\"figure\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            WIDTH - FIGURES + 8.0,
            Self::middle(row) + 4.0,
            Text(text)
        ));
    }

    fn end(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}
