use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{Secret, units};

/// How the backend authenticates. Applied anew to every request, so tokens may change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Auth {
    /// No authentication.
    #[default]
    None,
    /// `Authorization: Bearer ...`.
    Bearer(Bearer),
    /// One header of the operator's choice: `X-Api-Key` and the like.
    Header(HeaderAuth),
    /// AWS Signature Version 4, with the credential chain of the AWS SDKs: environment, profile, web identity,
    /// container, instance.
    Sigv4(Sigv4),
    /// Google access tokens: application default credentials or the metadata server.
    Google(Google),
}

impl Auth {
    /// The path of the file that holds the secret.
    pub(crate) fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Bearer(Bearer { token: Secret::File(path), .. })
            | Self::Header(HeaderAuth { value: Secret::File(path), .. }) => Some(path),
            _ => None,
        }
    }
}

/// A bearer token and how long it may be cached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// Where to read the token.
    pub token: Secret,
    /// How long a token is valid after it was read. Default: until a server refuses it.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub expires: Option<Duration>,
}

/// A header whose value is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderAuth {
    /// The header's name.
    pub name: String,
    /// Where to read its value.
    pub value: Secret,
}

/// The scope of an AWS signature.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sigv4 {
    /// The AWS service. Default: `sagemaker`.
    #[serde(default = "sagemaker")]
    pub service: String,
    /// The region, for example `eu-west-1`.
    pub region: String,
    /// The profile of the shared configuration files. Default: the chain's own choice.
    #[serde(default)]
    pub profile: Option<String>,
}

fn sagemaker() -> String {
    "sagemaker".into()
}

/// The scope of a Google access token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Google {
    /// The OAuth scopes. Default: `cloud-platform`.
    #[serde(default = "cloud_platform")]
    pub scopes: Vec<String>,
    /// The metadata server to ask. Default: application default credentials.
    #[serde(default)]
    pub metadata_server: Option<String>,
}

fn cloud_platform() -> Vec<String> {
    vec!["https://www.googleapis.com/auth/cloud-platform".into()]
}
