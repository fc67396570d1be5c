use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// The two forms in which guests speak wasi-nn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Abi {
    /// `wasi:nn@0.2.0-rc-2024-10-28`.
    Component,
    /// `wasi_ephemeral_nn`.
    Module,
}

impl Abi {
    /// Its name in `expected.toml` and in the names of cases.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Module => "module",
        }
    }

    /// The file of the guest.
    #[must_use]
    pub fn guest(self) -> &'static str {
        match self {
            Self::Component => "wasi-nn-component.wasm",
            Self::Module => "wasi-nn-module.wasm",
        }
    }
}

/// How binding a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The text of the standard, or of what it stands on, leaves no choice.
    Must,
    /// The text is silent or vague; this is what the guests of a host for strangers can hope for.
    Should,
}

impl Level {
    /// Its name in `expected.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
        }
    }
}

/// One thing that a host does or does not do.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// `ABI/CASE`, or `ABI/CASE/VARIANT`.
    pub name: String,
    /// In which of the guests it is.
    pub abi: Abi,
    /// Its name there.
    pub case: String,
    /// What the guest is told besides.
    pub args: Vec<String>,
    /// The models that the host offers by name.
    pub models: Vec<String>,
    /// How binding it is.
    pub level: Level,
    /// What the standard says, or what is hoped for.
    pub says: String,
    /// Where it says so.
    pub source: String,
    /// The lines that the guest may end with; `*` at the end stands for anything.
    pub expect: Vec<String>,
    /// Whether the host may end the guest instead.
    pub trap: bool,
    /// The most memory that the host's process may take, in MiB.
    pub memory_mib: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    abi: Abi,
    case: String,
    /// The same with each of these, as the guest's argument and for `{each}`.
    #[serde(default)]
    each: Vec<String>,
    #[serde(default)]
    models: Vec<String>,
    level: Level,
    says: String,
    source: String,
    expect: Vec<String>,
    #[serde(default)]
    trap: bool,
    memory_mib: Option<u64>,
}

/// Every case, in the order of `expected.toml`.
///
/// # Errors
///
/// If that file is not as described, which a test excludes.
pub fn cases() -> Result<Vec<Case>> {
    let file: File =
        toml::from_str(include_str!("../expected.toml")).context("expected.toml is damaged")?;
    Ok(file.case.into_iter().flat_map(Entry::expand).collect())
}

impl Entry {
    fn expand(self) -> Vec<Case> {
        if self.each.is_empty() {
            return vec![self.with(None)];
        }
        self.each.iter().map(|each| self.with(Some(each))).collect()
    }

    fn with(&self, each: Option<&str>) -> Case {
        let name = [Some(self.abi.name()), Some(&self.case), each];
        let filled = |text: &String| text.replace("{each}", each.unwrap_or_default());
        Case {
            name: name.into_iter().flatten().collect::<Vec<_>>().join("/"),
            abi: self.abi,
            case: self.case.clone(),
            args: each.map(str::to_owned).into_iter().collect(),
            models: self.models.iter().map(filled).collect(),
            level: self.level,
            says: filled(&self.says),
            source: self.source.clone(),
            expect: self.expect.clone(),
            trap: self.trap,
            memory_mib: self.memory_mib,
        }
    }
}

impl Case {
    /// Whether the guest may end with this line.
    #[must_use]
    pub fn expects(&self, line: &str) -> bool {
        self.expect.iter().any(|expected| match expected.strip_suffix('*') {
            Some(start) => line.starts_with(start),
            None => line == expected,
        })
    }
}
