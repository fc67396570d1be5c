use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use godwit_backend::{Error, Result};
use http::header::HOST;
use http::{HeaderName, HeaderValue};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::timeout;

use super::{CREDENTIALS_TIMEOUT, unavailable};
use crate::options::Sigv4;
use crate::reactor::run_beside;
use crate::web::Request;

/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_secs(60);

/// How long credentials without an expiry are cached: their file may change.
const KEPT: Duration = Duration::from_secs(300);

/// Signs requests with the credentials that the AWS chain finds.
#[derive(Debug)]
pub(crate) struct Signer {
    options: Sigv4,
    chain: OnceCell<SharedCredentialsProvider>,
    held: Mutex<Option<(Credentials, SystemTime)>>,
}

impl Signer {
    pub(crate) fn new(options: Sigv4) -> Self {
        Self { options, chain: OnceCell::new(), held: Mutex::default() }
    }

    async fn credentials(&self) -> Result<Credentials> {
        let mut held = self.held.lock().await;
        let now = SystemTime::now();
        if let Some((credentials, _)) = held.as_ref().filter(|(_, until)| *until > now) {
            return Ok(credentials.clone());
        }
        let chain = self.chain.get_or_try_init(|| self.chain()).await?;
        let credentials = chain.provide_credentials().await.map_err(unavailable)?;
        let until = credentials.expiry().map(|expiry| expiry - MARGIN);
        *held = Some((credentials.clone(), until.unwrap_or(now + KEPT)));
        Ok(credentials)
    }

    async fn chain(&self) -> Result<SharedCredentialsProvider> {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(self.options.region.clone()))
            .http_client(http);
        if let Some(profile) = &self.options.profile {
            loader = loader.profile_name(profile);
        }
        let found = loader.load().await.credentials_provider();
        found.ok_or_else(|| unavailable("the AWS credential chain is empty"))
    }

    pub(crate) async fn forget(&self) -> bool {
        self.held.lock().await.take().is_some()
    }

    pub(crate) async fn sign(&self, request: &mut Request) -> Result<()> {
        let credentials = timeout(CREDENTIALS_TIMEOUT, self.credentials());
        let credentials = credentials
            .await
            .map_err(|_| unavailable("the AWS credential chain gave no credentials in time"))??;
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::internal("cannot sign a request").with_source(error)
        };
        let identity = credentials.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.options.region)
            .name(&self.options.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(error.into()))?
            .into();
        // The signature covers the host header, so it has to be the one that hyper will send.
        let host = request.url.host_str().unwrap_or_default();
        let host = match request.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let value = HeaderValue::from_str(&host).map_err(|error| failed(error.into()))?;
        request.headers.insert(HOST, value);
        let headers = request.headers.iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let length = usize::try_from(request.body.len()).unwrap_or(usize::MAX);
        let digest = run_beside(length, || request.body.sha256());
        let body = SignableBody::Precomputed(digest);
        let signable =
            SignableRequest::new(request.method.as_str(), request.url.as_str(), headers, body);
        let signable = signable.map_err(|error| failed(error.into()))?;
        let signed = sign(signable, &params).map_err(|error| failed(error.into()))?;
        let (headers, _) = signed.into_parts().0.into_parts();
        for header in headers {
            let name = HeaderName::try_from(header.name()).map_err(|error| failed(error.into()))?;
            let value = HeaderValue::from_str(header.value());
            let mut value = value.map_err(|error| failed(error.into()))?;
            value.set_sensitive(true);
            request.headers.insert(name, value);
        }
        Ok(())
    }
}
