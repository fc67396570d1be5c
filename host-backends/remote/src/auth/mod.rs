//! Authentication, added anew to every request.

#[cfg(feature = "google")]
mod google;
mod secret;
#[cfg(feature = "aws")]
mod sigv4;

use std::time::Duration;

use godwit_backend::{Error, Result};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use crate::options::{Auth, Endpoint, Protocol};
use crate::web::Request;

/// The credentials of one endpoint.
#[derive(Debug)]
pub(crate) enum Credentials {
    None,
    /// A header, the prefix of its value, and the secret.
    Header(HeaderName, &'static str, secret::SecretCache),
    #[cfg(feature = "aws")]
    Sigv4(sigv4::Signer),
    #[cfg(feature = "google")]
    Google(google::Tokens),
}

impl Credentials {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self> {
        let id = &endpoint.id;
        match &endpoint.auth {
            Auth::None => Ok(Self::None),
            Auth::Bearer(bearer) => {
                let keeper = secret::SecretCache::new(bearer.token.clone(), bearer.expires);
                Ok(Self::Header(AUTHORIZATION, "Bearer ", keeper))
            }
            Auth::Header(header) => {
                let name = header.name.parse().map_err(|_| {
                    Error::invalid_argument(format!(
                        "device '{id}': '{}' is not a valid header name",
                        header.name
                    ))
                })?;
                Ok(Self::Header(name, "", secret::SecretCache::new(header.value.clone(), None)))
            }
            Auth::Sigv4(_) if endpoint.protocol == Protocol::OipGrpc => Err(Error::unsupported(
                format!("device '{id}': AWS signatures need HTTP: gRPC requests cannot be signed"),
            )),
            #[cfg(feature = "aws")]
            Auth::Sigv4(options) => Ok(Self::Sigv4(sigv4::Signer::new(options.clone()))),
            #[cfg(feature = "google")]
            Auth::Google(options) => Ok(Self::Google(google::Tokens::new(options.clone()))),
            #[allow(
                unreachable_patterns,
                reason = "the remaining variants depend on cargo features"
            )]
            _ => Err(Error::unsupported(format!(
                "device '{id}': this build does not include its authentication method"
            ))),
        }
    }

    /// Adds the credentials to `request`.
    pub(crate) async fn sign(&self, request: &mut Request) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Header(name, before, keeper) => {
                let secret = keeper.get().await?;
                let text = format!("{before}{}", secret.expose());
                request.headers.insert(name.clone(), sensitive(&text)?);
                Ok(())
            }
            #[cfg(feature = "aws")]
            Self::Sigv4(signer) => signer.sign(request).await,
            #[cfg(feature = "google")]
            Self::Google(tokens) => tokens.sign(request).await,
        }
    }

    /// Discards credentials that a server refused. Returns whether a new attempt may get others.
    pub(crate) async fn refused(&self) -> bool {
        match self {
            Self::None => false,
            Self::Header(_, _, keeper) => keeper.forget().await,
            #[cfg(feature = "aws")]
            Self::Sigv4(signer) => signer.forget().await,
            #[cfg(feature = "google")]
            Self::Google(tokens) => tokens.forget(),
        }
    }
}

/// How long a source of credentials may take.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(20);

/// Credentials could not be obtained. The reason is for the operator, not for the guest.
fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::denied("this host has no credentials for the remote service").with_source(source)
}

fn sensitive(text: &str) -> Result<HeaderValue> {
    let value = HeaderValue::from_str(text);
    // The library's error does not say which value is meant.
    let mut value = value.map_err(|_| {
        unavailable("the credentials contain a byte that an HTTP header cannot carry")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
