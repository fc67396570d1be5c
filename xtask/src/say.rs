//! What a chore prints: one line a step, with its reason.

use std::fmt::Display;

/// A step that begins.
pub(crate) fn step(what: impl Display) {
    println!("\n==> {what}");
}

/// A step that was done before.
pub(crate) fn done(what: impl Display) {
    println!("==> {what}");
}

/// A detail of the step under way.
pub(crate) fn detail(what: impl Display) {
    println!("    {what}");
}

/// Why the chore failed.
pub(crate) fn failure(why: impl Display) {
    eprintln!("\nerror: {why}");
}

/// A size as people write it, in powers of ten.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_powers_of_ten() {
        let sizes = [999, 1_000, 199_949, 1_000_000, 83_506_384].map(super::size);
        assert_eq!(sizes, ["999 B", "1.0 kB", "199.9 kB", "1.0 MB", "83.5 MB"]);
    }
}
