use std::sync::{Mutex, PoisonError};

use godwit_backend::Result;
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder, mds};
use http::header::AUTHORIZATION;
use tokio::time::timeout;

use super::{CREDENTIALS_TIMEOUT, sensitive, unavailable};
use crate::options::Google;
use crate::web::Request;

/// Access tokens. The library caches and renews them.
#[derive(Debug)]
pub(crate) struct Tokens {
    options: Google,
    source: Mutex<Option<AccessTokenCredentials>>,
}

impl Tokens {
    pub(crate) fn new(options: Google) -> Self {
        Self { options, source: Mutex::default() }
    }

    pub(crate) async fn sign(&self, request: &mut Request) -> Result<()> {
        let source = self.source()?;
        let token = timeout(CREDENTIALS_TIMEOUT, source.access_token()).await;
        let token =
            token.map_err(|_| unavailable("Google did not give an access token in time"))?;
        let token = token.map_err(unavailable)?;
        let value = sensitive(&format!("Bearer {}", token.token))?;
        request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Discards the token source: the library would return the same token until it expires.
    pub(crate) fn forget(&self) -> bool {
        self.source.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    fn source(&self) -> Result<AccessTokenCredentials> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = &*source {
            return Ok(source.clone());
        }
        // The library uses the default provider of the process. One that is installed already is kept.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let built = match &self.options.metadata_server {
            Some(server) => mds::Builder::default()
                .with_endpoint(server)
                .with_scopes(&self.options.scopes)
                .build_access_token_credentials(),
            None => Builder::default()
                .with_scopes(&self.options.scopes)
                .build_access_token_credentials(),
        };
        Ok(source.insert(built.map_err(unavailable)?).clone())
    }
}
