use std::fmt;

use serde::{Serialize, Serializer};

/// A release by its numbers, for example `1.31.1`; newer is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(Vec<u64>);

impl Version {
    /// Numbers with dots between; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
        numbers.ok().map(Self)
    }

    /// The numbers that `text` begins with, for names like `2026.4.1-22982`.
    pub(crate) fn at_start(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        Self::parse(text.get(..end)?.trim_end_matches('.'))
    }

    /// OpenVINO's number for its files: `2641` stands for 2026.4.1.
    pub(crate) fn counted_in_years(self) -> Self {
        match self.0.as_slice() {
            [number @ 2000..10_000] => {
                Self(vec![2000 + number / 100, number / 10 % 10, number % 10])
            }
            _ => self,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn newer_is_greater() {
        assert!(version("2026.4.1") > version("2026.4"));
        assert!(version("1.31.1") > version("1.9.2"));
        for wrong in ["", "1.", "v1", "1.x"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Version::at_start("2026.4.1-22982"), Some(version("2026.4.1")));
        assert_eq!(Version::at_start("nightly"), None);
    }

    #[test]
    fn openvino_counts_in_years() {
        assert_eq!(version("2641").counted_in_years(), version("2026.4.1"));
        assert_eq!(version("2500").counted_in_years(), version("2025.0.0"));
        assert_eq!(version("2025.1").counted_in_years(), version("2025.1"));
    }
}
