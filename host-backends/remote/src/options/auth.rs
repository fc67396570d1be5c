use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{Secret, units};

/// How the backend shows who it is. It is asked anew for every request, so tokens may change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer ...`.
    Bearer(Bearer),
    /// One header of the operator's choice: `X-Api-Key` and the like.
    Header(HeaderAuth),
    /// Signature version 4 of AWS, by the credential chain of its SDKs: environment, profile, web identity,
    /// container, instance.
    Sigv4(Sigv4),
    /// Tokens of Google: application default credentials or the metadata server.
    Google(Google),
}

impl Auth {
    /// The file that the secret is in.
    pub(crate) fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Bearer(Bearer { token: Secret::File(path), .. })
            | Self::Header(HeaderAuth { value: Secret::File(path), .. }) => Some(path),
            _ => None,
        }
    }
}

/// A bearer token and how long it may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// Where the token is.
    pub token: Secret,
    /// How long a token is good for after it was read; unset, until a server refuses it.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub expires: Option<Duration>,
}

/// A header whose value is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderAuth {
    /// Its name.
    pub name: String,
    /// Where its value is.
    pub value: Secret,
}

/// What a signature of AWS is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sigv4 {
    /// The service that is called.
    #[serde(default = "sagemaker")]
    pub service: String,
    /// Its region, for example `eu-west-1`.
    pub region: String,
    /// A profile of the shared configuration files, instead of the chain's own choice.
    #[serde(default)]
    pub profile: Option<String>,
}

fn sagemaker() -> String {
    "sagemaker".into()
}

/// What a token of Google is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Google {
    /// What the token allows.
    #[serde(default = "cloud_platform")]
    pub scopes: Vec<String>,
    /// Asks this metadata server instead of looking for application default credentials.
    #[serde(default)]
    pub metadata_server: Option<String>,
}

fn cloud_platform() -> Vec<String> {
    vec!["https://www.googleapis.com/auth/cloud-platform".into()]
}
