use godwit_backend::{DeviceId, Error};
use godwit_engines::{Absent, Altered, Engine, Found, Place, Source};
use serde::Serialize;

/// A family without a usable device.
#[derive(Debug, Clone, Serialize)]
pub struct AbsentFamily {
    /// Or one device, where others of the family may be there.
    pub family: String,
    /// The reason.
    pub why: String,
    /// Where its library was looked for.
    pub looked: Vec<Place>,
    /// The command that would bring it, or what to install where there is none.
    pub install: Option<String>,
}

impl AbsentFamily {
    pub(crate) fn new(family: impl Into<String>, why: impl Into<String>) -> Self {
        Self { family: family.into(), why: why.into(), looked: Vec::new(), install: None }
    }

    pub(crate) fn not_found(family: &str, absent: Absent) -> Self {
        // What a person set is theirs to change; an installed engine would not be looked at.
        let install = absent.wrong().is_none().then(|| absent.remedy());
        Self { family: family.into(), why: absent.to_string(), looked: absent.looked, install }
    }

    pub(crate) fn altered(family: &str, engine: &Engine, found: &Found, altered: &Altered) -> Self {
        let install = match (found.place.source, engine.by_hand) {
            // Installing another would not change what a person named.
            (Source::Configured | Source::Variable(_), _) => None,
            (_, Some(what)) => Some(what.to_owned()),
            (_, None) => Some(format!("godwit engines install {}", engine.name)),
        };
        let why = format!("the library of {} is damaged: {altered}", engine.name);
        Self { family: family.into(), why, looked: vec![found.place.clone()], install }
    }

    pub(crate) fn unusable(family: &str, engine: &Engine, found: &Found, error: &Error) -> Self {
        let why = format!("'{}' cannot be used: {}", found.path.display(), error.report());
        let install = match engine.by_hand {
            Some(what) => what.to_owned(),
            None => format!("godwit engines install {} --force", engine.name),
        };
        let looked = vec![found.place.clone()];
        Self { family: family.into(), why, looked, install: Some(install) }
    }

    /// Whether `id` is absent by this.
    pub fn holds(&self, id: &DeviceId) -> bool {
        id.as_str() == self.family || id.is_of(&self.family)
    }
}

/// The library that a family was loaded from.
#[derive(Debug, Clone, Serialize)]
pub struct LoadedLibrary {
    /// The family.
    pub family: &'static str,
    /// The engine that the library belongs to.
    pub engine: &'static str,
    /// Where it was found.
    #[serde(flatten)]
    pub found: Found,
}
