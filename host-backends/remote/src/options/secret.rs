use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where to read a secret. The configuration holds references, never secrets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
pub enum Secret {
    /// A file, read again when the secret is refused or has expired. Surrounding white space is removed.
    File(PathBuf),
    /// An environment variable of this process.
    Env(String),
    /// A program and its arguments, run without a shell; its output is the secret.
    Command(Vec<String>),
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reference)
    }
}

/// Accepts a reference to a secret. A literal secret is refused without being repeated.
struct Reference;

impl<'de> Visitor<'de> for Reference {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a reference to a secret: { file = \"...\" }, { env = \"...\" } or { command = [...] }",
        )
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Secret, E> {
        let message = "write a reference instead of the secret: \
                       { file = \"...\" }, { env = \"...\" } or { command = [...] }";
        Err(E::custom(message))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
        Secret::deserialize(MapAccessDeserializer::new(map))
    }
}

/// The value of a secret. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretValue(String);

impl SecretValue {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
