use std::collections::BTreeSet;
use std::str::FromStr;

use godwit_backend::known;

use crate::family::FAMILIES;

/// The families that are driven by processes of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Isolated {
    families: BTreeSet<&'static str>,
    verbose: u8,
}

impl Isolated {
    /// MIGraphX ends its process over some models, and it is not known over which.
    pub(crate) const USUAL: &str = match cfg!(all(feature = "rocm", target_os = "linux")) {
        true => "rocm,rocm-ref",
        false => "none",
    };

    /// How much the processes log.
    pub(crate) fn with_verbose(self, verbose: u8) -> Self {
        Self { verbose, ..self }
    }

    pub(crate) fn verbose(&self) -> u8 {
        self.verbose
    }

    pub(crate) fn holds(&self, family: &str) -> bool {
        self.families.contains(family)
    }
}

impl FromStr for Isolated {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || FAMILIES.iter().map(|family| family.name);
        let families = match text {
            "none" => BTreeSet::new(),
            "all" => names().collect(),
            list => list
                .split(',')
                .map(|name| {
                    let name = name.trim();
                    names().find(|known| *known == name).ok_or_else(|| {
                        let known = known("families", name, names().chain(["all", "none"]));
                        format!("there is no family '{name}': {known}")
                    })
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Self { families, verbose: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_families_that_there_are() {
        let usual: Isolated = Isolated::USUAL.parse().unwrap();
        assert_eq!(usual.holds("rocm"), cfg!(all(feature = "rocm", target_os = "linux")));
        assert!(!usual.holds("cpu"));
        assert_eq!("none".parse::<Isolated>().unwrap(), Isolated::default());
        let all: Isolated = "all".parse().unwrap();
        assert!(FAMILIES.iter().all(|family| all.holds(family.name)));
        let error = "cpu,rokm".parse::<Isolated>().unwrap_err();
        assert!(error.contains("'rokm'") && error.contains("known families"), "{error}");
    }
}
