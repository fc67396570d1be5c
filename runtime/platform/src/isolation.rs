use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use godwit_backend::known;

use crate::FAMILIES;

/// The families that run in worker processes. By default those whose library may end its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Isolation(BTreeSet<&'static str>);

impl Isolation {
    /// No family.
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether `family` runs in a worker process.
    pub fn holds(&self, family: &str) -> bool {
        self.0.contains(family)
    }
}

impl Default for Isolation {
    fn default() -> Self {
        let separate = FAMILIES.iter().filter(|family| family.separate_process);
        Self(separate.map(|family| family.name).collect())
    }
}

/// Names separated by commas, `all` or `none`.
impl FromStr for Isolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || FAMILIES.iter().map(|family| family.name);
        let named = |name: &str| {
            names().find(|known| *known == name).ok_or_else(|| {
                let known = known("families", name, names().chain(["all", "none"]));
                format!("there is no family '{name}': {known}")
            })
        };
        Ok(Self(match text {
            "none" => BTreeSet::new(),
            "all" => names().collect(),
            list => list.split(',').map(|name| named(name.trim())).collect::<Result<_, _>>()?,
        }))
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().copied().collect();
        match names.as_slice() {
            [] => f.write_str("none"),
            names => f.write_str(&names.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_families_that_there_are() {
        let usual = Isolation::default();
        assert_eq!(usual.holds("rocm"), cfg!(all(feature = "rocm", target_os = "linux")));
        assert!(!usual.holds("cpu"));
        assert_eq!(usual.to_string().parse(), Ok(usual));
        assert_eq!("none".parse(), Ok(Isolation::none()));
        let all: Isolation = "all".parse().unwrap();
        assert!(FAMILIES.iter().all(|family| all.holds(family.name)));
        let error = "cpu,rokm".parse::<Isolation>().unwrap_err();
        assert!(error.contains("'rokm'") && error.contains("known families"), "{error}");
    }
}
