//! What an echo costs over what it carries, drawn on two logarithmic axes.

use std::fmt::Write as _;

use crate::engine::Engine;
use crate::report::{EngineReport, PeerRow, Report};

const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 440.0;
/// Room for the axes' labels: left, top, right, bottom.
const MARGIN: [f64; 4] = [70.0, 40.0, 250.0, 55.0];

/// Powers of ten that an axis covers.
#[derive(Clone, Copy)]
struct Axis {
    from: f64,
    to: f64,
}

struct Line {
    name: String,
    colour: &'static str,
    dashed: bool,
    /// Bytes and microseconds.
    points: Vec<(f64, f64)>,
}

fn colour(engine: Engine) -> &'static str {
    match engine {
        Engine::Tract => "#2e8540",
        Engine::OnnxRuntime => "#1b6ca8",
        Engine::OpenVino => "#b3541e",
    }
}

/// Ours are drawn through, the peer's dashed, in the colour of the library.
pub(crate) fn svg(report: &Report) -> String {
    let mut lines = Vec::new();
    for engine in Engine::ALL {
        let of_it = |row: &&PeerRow| row.engine == engine && row.model.starts_with("echo");
        let points = report.peer.iter().filter(of_it);
        let points = points.map(|row| (row.bytes as f64, row.comparison.added_ns.median / 1e3));
        let name = format!("wasmtime-wasi-nn, {}", engine.name());
        lines.push(Line { name, colour: colour(engine), dashed: true, points: points.collect() });
    }
    for EngineReport { engine, rows, .. } in &report.engines {
        let points = rows.iter().filter(|row| row.echo);
        let points = points.map(|row| (row.bytes as f64, row.comparison.added_ns.median / 1e3));
        let name = format!("Godwit, {}", engine.name());
        lines.push(Line { name, colour: colour(*engine), dashed: false, points: points.collect() });
    }
    if let Some(EngineReport { rows, .. }) = report.engines.first() {
        let points = rows.iter().filter(|row| row.echo);
        let points = points.map(|row| (row.bytes as f64, row.copy_ns / 1e3)).collect();
        lines.push(Line { name: "one copy".into(), colour: "#888888", dashed: false, points });
    }
    lines.retain(|line| !line.points.is_empty());
    draw(&lines)
}

fn draw(lines: &[Line]) -> String {
    let (x, y) = (axis(lines, |point| point.0), axis(lines, |point| point.1));
    let [left, top, right, bottom] = MARGIN;
    let across = |value: f64| left + x.at(value) * (WIDTH - left - right);
    let down = |value: f64| HEIGHT - bottom - y.at(value) * (HEIGHT - top - bottom);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{left}\" y=\"22\" font-size=\"15\">What a guest's inference adds to the same one made natively</text>\n"
    );
    // Writing to a string cannot fail.
    for (value, label) in x.ticks(bytes) {
        let at = across(value);
        let (upper, lower) = (top, HEIGHT - bottom);
        let _ = writeln!(
            out,
            "<path d=\"M{at:.1} {upper}V{lower}\" stroke=\"#dddddd\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            lower + 18.0
        );
    }
    for (value, label) in y.ticks(micros) {
        let at = down(value);
        let _ = writeln!(
            out,
            "<path d=\"M{left} {at:.1}H{:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            WIDTH - right,
            left - 8.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">bytes in, and as many out</text>",
        (left + WIDTH - right) / 2.0,
        HEIGHT - 12.0
    );
    let mut lowest = f64::INFINITY;
    for Line { name, colour, dashed, points } in lines {
        let Some(&(end_x, end_y)) = points.last() else { continue };
        let path: Vec<String> =
            points.iter().map(|&(x, y)| format!("{:.1},{:.1}", across(x), down(y))).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{}/>",
            path.join(" "),
            if *dashed { " stroke-dasharray=\"6 4\"" } else { "" }
        );
        for &(x, y) in points {
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"/>",
                across(x),
                down(y)
            );
        }
        // Lines end close to each other; their names need room.
        let mut label = down(end_y) + 4.0;
        if lowest.is_finite() && (label - lowest).abs() < 14.0 {
            label = lowest + 14.0;
        }
        lowest = label;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{label:.1}\" fill=\"{colour}\">{name}</text>",
            across(end_x) + 8.0
        );
    }
    out + "</svg>\n"
}

fn axis(lines: &[Line], of: impl Fn(&(f64, f64)) -> f64) -> Axis {
    let values = || lines.iter().flat_map(|line| &line.points).map(&of).filter(|it| *it > 0.0);
    let from = values().fold(f64::INFINITY, f64::min).log10().floor();
    let to = values().fold(0.0, f64::max).log10().ceil();
    // Without a point, any axis will do.
    if from.is_finite() && to > from { Axis { from, to } } else { Axis { from: 0.0, to: 1.0 } }
}

impl Axis {
    /// From 0, where the axis begins, to 1.
    fn at(self, value: f64) -> f64 {
        (value.max(f64::MIN_POSITIVE).log10() - self.from).max(0.0) / (self.to - self.from)
    }

    fn ticks(self, label: fn(f64) -> String) -> Vec<(f64, String)> {
        let mut ticks = Vec::new();
        let mut power = self.from;
        while power <= self.to {
            ticks.push((10f64.powf(power), label(10f64.powf(power))));
            power += 1.0;
        }
        ticks
    }
}

fn bytes(value: f64) -> String {
    match value {
        _ if value >= 999_999.5 => format!("{:.0} MB", value / 1e6),
        _ if value >= 999.5 => format!("{:.0} kB", value / 1e3),
        _ => format!("{value:.0} B"),
    }
}

fn micros(value: f64) -> String {
    match value {
        _ if value >= 999.5 => format!("{:.0} ms", value / 1e3),
        _ if value >= 0.9995 => format!("{value:.0} us"),
        _ => format!("{:.0} ns", value * 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_where_their_numbers_say() {
        let points = vec![(10.0, 1.0), (1000.0, 100.0)];
        let drawn = draw(&[Line { name: "it".into(), colour: "#000000", dashed: false, points }]);
        assert!(drawn.contains("points=\"70.0,385.0 590.0,40.0\""), "{drawn}");
        assert!(drawn.contains(">100 B<") && drawn.contains(">10 us<"), "{drawn}");
    }

    #[test]
    fn nothing_to_draw_is_drawn() {
        assert!(draw(&[]).ends_with("</svg>\n"));
    }
}
