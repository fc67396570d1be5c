//! Whether two programs printed the same answers.

/// The first line in which they differ by more than the last printed digit of a fraction.
pub(crate) fn difference(one: &str, other: &str) -> Option<String> {
    let (one, other): (Vec<_>, Vec<_>) = (one.lines().collect(), other.lines().collect());
    (0..one.len().max(other.len())).find_map(|line| match (one.get(line), other.get(line)) {
        (Some(one), Some(other)) if agree(one, other) => None,
        (one, other) => {
            let shown =
                |line: Option<&&str>| line.map_or("(the end)".to_owned(), ToString::to_string);
            Some(format!("'{}' and '{}'", shown(one), shown(other)))
        }
    })
}

fn agree(one: &str, other: &str) -> bool {
    let (one, other) = (one.split_whitespace(), other.split_whitespace());
    one.clone().count() == other.clone().count()
        && one.zip(other).all(|(one, other)| one == other || nearly(one, other))
}

/// Fractions with the same number of digits, the last of which may differ by rounding.
fn nearly(one: &str, other: &str) -> bool {
    let unit = |text: &str| text.split_once('.').map(|(_, fraction)| fraction.len());
    match (unit(one), unit(other), one.parse::<f64>(), other.parse::<f64>()) {
        (Some(digits), Some(same), Ok(one), Ok(other)) if digits == same => {
            let digits = i32::try_from(digits).unwrap_or(i32::MAX);
            (one - other).abs() < 1.5 * 10_f64.powi(-digits)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_the_last_digit_of_a_fraction_may_differ() {
        let printed = "  1  0.408  notes.txt:18  Bees\naccuracy 0.97 (97 of 100)\n";
        assert_eq!(difference(printed, printed), None);
        assert_eq!(difference(printed, &printed.replace("0.408", "0.409")), None);
        for (old, new) in
            [("0.408", "0.410"), ("97 of", "98 of"), ("Bees", "Cats"), ("0.408", "0.4")]
        {
            assert!(difference(printed, &printed.replace(old, new)).is_some(), "{old} {new}");
        }
        let cut = printed.lines().next().unwrap();
        assert!(difference(printed, cut).unwrap().contains("(the end)"));
    }
}
