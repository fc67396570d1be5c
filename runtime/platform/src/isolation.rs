use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use godwit_backend::{Error, known};
use godwit_worker::{Confinement, Profile};

use crate::FAMILIES;

/// The families that run in worker processes: by default all whose library is not part of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Isolation {
    families: BTreeSet<&'static str>,
    /// Whether a worker that this system cannot confine is refused.
    strict: bool,
}

const STRICT: &str = "strict";

impl Isolation {
    /// No family.
    pub fn none() -> Self {
        Self { families: BTreeSet::new(), strict: false }
    }

    /// Whether `family` runs in a worker process.
    pub fn holds(&self, family: &str) -> bool {
        self.families.contains(family)
    }

    /// Refuses a worker that is confined less than it should be, where that is asked for.
    pub(crate) fn check(&self, profile: &Profile, confinement: &Confinement) -> Result<(), Error> {
        let lacks = confinement.lacks(profile);
        if lacks.is_empty() {
            return Ok(());
        }
        let lacks = lacks.join(", ");
        if self.strict {
            return Err(Error::unavailable(format!(
                "this system cannot confine its worker process (it lacks {lacks}), and --isolate {STRICT} asks for it"
            )));
        }
        tracing::warn!(%lacks, "a worker process is confined less than it should be");
        Ok(())
    }
}

impl Default for Isolation {
    fn default() -> Self {
        let separate = FAMILIES.iter().filter(|family| family.separate_process);
        Self { families: separate.map(|family| family.name).collect(), strict: false }
    }
}

/// Names separated by commas, `all` or `none`; `strict`, alone or with them, refuses what cannot be confined.
impl FromStr for Isolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || FAMILIES.iter().map(|family| family.name);
        let named = |name: &str| {
            names().find(|known| *known == name).ok_or_else(|| {
                let known = known("families", name, names().chain(["all", "none", STRICT]));
                format!("there is no family '{name}': {known}")
            })
        };
        let mut words: Vec<&str> = text.split(',').map(str::trim).collect();
        let count = words.len();
        words.retain(|word| *word != STRICT);
        let strict = words.len() < count;
        let families = match words.as_slice() {
            [] => Self::default().families,
            ["none"] => BTreeSet::new(),
            ["all"] => names().collect(),
            list => list.iter().map(|name| named(name)).collect::<Result<_, _>>()?,
        };
        Ok(Self { families, strict })
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&str> = self.families.iter().copied().collect();
        if names.is_empty() {
            names.push("none");
        }
        names.extend(self.strict.then_some(STRICT));
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_families_that_there_are() {
        let usual = Isolation::default();
        for family in FAMILIES.iter().filter(|family| family.engine.is_some()) {
            assert_eq!(usual.holds(family.name), cfg!(target_os = "linux"), "{}", family.name);
        }
        assert!(!usual.holds("cpu"));
        let strict: Isolation = "strict".parse().unwrap();
        assert_eq!((strict.families.clone(), strict.strict), (usual.families.clone(), true));
        assert_eq!(strict.to_string().parse(), Ok(strict));
        assert_eq!(usual.to_string().parse(), Ok(usual));
        assert_eq!("none".parse(), Ok(Isolation::none()));
        let all: Isolation = "all".parse().unwrap();
        assert!(FAMILIES.iter().all(|family| all.holds(family.name)));
        let error = "cpu,rokm".parse::<Isolation>().unwrap_err();
        assert!(error.contains("'rokm'") && error.contains("known families"), "{error}");
    }
}
