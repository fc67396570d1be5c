use std::sync::{Mutex, PoisonError};

use godwit_backend::Result;
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder, mds};
use http::header::AUTHORIZATION;
use tokio::time::timeout;

use super::{PATIENCE, sensitive, unavailable};
use crate::options::Google;
use crate::web::Request;

/// Access tokens, which the library keeps and renews.
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
        let token = timeout(PATIENCE, source.access_token()).await;
        let token = token.map_err(|_| unavailable("Google does not answer"))?;
        let token = token.map_err(unavailable)?;
        let value = sensitive(&format!("Bearer {}", token.token))?;
        request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Starts over with a new source: the library would give the same token until it expires.
    pub(crate) fn forget(&self) -> bool {
        self.source.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }

    fn source(&self) -> Result<AccessTokenCredentials> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = &*source {
            return Ok(source.clone());
        }
        // The library asks the process for its cryptography. Whoever has chosen one before is left alone.
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
