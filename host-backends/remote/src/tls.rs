//! TLS with the certificates that an endpoint trusts.

use std::sync::Arc;

use godwit_backend::{Error, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::options::{Http2, Tls};

/// The TLS configuration of device `id`.
pub(crate) fn client(id: &str, options: &Tls, http2: Http2) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("cannot configure TLS").with_source(error))?
        .with_root_certificates(roots(id, options)?);
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = match http2 {
        Http2::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Http2::Always => vec![b"h2".to_vec()],
        Http2::Never => vec![b"http/1.1".to_vec()],
    };
    Ok(config)
}

fn roots(id: &str, options: &Tls) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if !options.only {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!("cannot read a certificate of the system: {error}");
        }
        // Some certificates of the system may be of a form that the library does not support.
        roots.add_parsable_certificates(found.certs);
    }
    if let Some(file) = &options.roots {
        let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
            let message = format!("cannot read the trusted certificates of device '{id}'");
            Error::invalid_argument(message).with_source(error)
        };
        let certificates = CertificateDer::pem_file_iter(file);
        for certificate in certificates.map_err(|error| unreadable(error.into()))? {
            let certificate = certificate.map_err(|error| unreadable(error.into()))?;
            roots.add(certificate).map_err(|error| unreadable(error.into()))?;
        }
    }
    Ok(roots)
}
