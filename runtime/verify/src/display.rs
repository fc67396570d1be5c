//! Figures as people read them.

/// A time, with three digits.
pub(crate) fn seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        0.0 => return "0 s".to_owned(),
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s if s >= 1e-6 => (s * 1e6, "µs"),
        s => (s * 1e9, "ns"),
    };
    format!("{} {unit}", three(value))
}

/// A size in bytes, with three digits.
pub(crate) fn bytes(bytes: u64) -> String {
    let value = crate::number::count(bytes);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", three(value / 1e3)),
        1_000_000..1_000_000_000 => format!("{} MB", three(value / 1e6)),
        _ => format!("{} GB", three(value / 1e9)),
    }
}

/// A number, with three digits.
pub(crate) fn three(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A value with six digits.
pub(crate) fn value(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        v if !v.is_finite() => value.to_string(),
        1e-3..1e7 => {
            let text = format!("{value:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{value:.5e}"),
    }
}

/// An error: 0 as such, the rest by its magnitude.
pub(crate) fn error(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value.is_finite() => format!("{value:.2e}"),
        _ => "-".to_owned(),
    }
}

/// A part of one, as a percentage that is 100 only when it is all.
pub(crate) fn percent(part: f64) -> String {
    match part {
        1.0 => "100%".to_owned(),
        part => format!("{:.1}%", (part * 100.0).min(99.9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_in_words() {
        assert_eq!(seconds(0.012_34), "12.3 ms");
        assert_eq!(seconds(2.5e-6), "2.50 µs");
        assert_eq!((value(5.072_158_813), value(2.0)), ("5.072159".into(), "2".into()));
        assert_eq!((value(f64::NAN), value(1.5e-8)), ("NaN".into(), "1.50000e-8".into()));
        assert_eq!(seconds(0.0), "0 s");
        assert_eq!(bytes(1_234_567), "1.23 MB");
        assert_eq!((error(0.0), error(0.000_123)), ("0".into(), "1.23e-4".into()));
        assert_eq!((percent(1.0), percent(0.9999)), ("100%".into(), "99.9%".into()));
    }
}
