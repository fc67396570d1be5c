use std::time::Duration;

/// How long an app may run: `500ms`, `30s`, `5m`.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|_| {
        "not a duration: write a number and a unit, such as 500ms, 30s or 5m".to_owned()
    })?;
    if time.is_zero() { Err("the timeout must be greater than zero".to_owned()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_is_not_nothing() {
        assert_eq!(timeout("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(timeout("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "30", "0s", "-1s", "soon"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }
}
