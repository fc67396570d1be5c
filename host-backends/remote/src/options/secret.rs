use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where a secret is. The configuration says where, never what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
pub enum Secret {
    /// A file, read again when the secret is refused or has expired; a newline at its end is dropped.
    File(PathBuf),
    /// An environment variable of this process.
    Env(String),
    /// A program and its arguments, without a shell; what it prints is the secret.
    Command(Vec<String>),
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reference)
    }
}

/// Takes what says where a secret is, and does not repeat one that is written out.
struct Reference;

impl<'de> Visitor<'de> for Reference {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "where the secret is: { file = \"...\" }, { env = \"...\" } or { command = [...] }",
        )
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Secret, E> {
        let message = "a secret is not written here, only where it is: \
                       { file = \"...\" }, { env = \"...\" } or { command = [...] }";
        Err(E::custom(message))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
        Secret::deserialize(MapAccessDeserializer::new(map))
    }
}

/// A secret's value. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Revealed(String);

impl Revealed {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a secret)")
    }
}
