use std::error::Error as _;

use bytes::Bytes;
use godwit_backend::{Error, Result};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use super::{Body, Reader};
use crate::call_error::{CallError, CallResult, RetryRule};
use crate::options::{Endpoint, Http2};
use crate::traffic::Meter;
use crate::{status, tls};

/// The bytes of an error's body that are logged.
const EXCERPT: usize = 512;

/// A request, which may be sent more than once.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Request {
    pub(crate) fn get(url: Url) -> Self {
        let (headers, body) = (HeaderMap::new(), Body::default());
        Self { method: Method::GET, url, headers, body }
    }

    /// A request with `first` and then `rest` as its body.
    pub(crate) fn post(
        url: Url,
        content_type: HeaderValue,
        first: Vec<u8>,
        rest: Vec<Bytes>,
    ) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
        let mut body = Body::default();
        body.push(first);
        rest.into_iter().for_each(|piece| body.push(piece));
        Self { method: Method::POST, url, headers, body }
    }
}

/// The connections to one endpoint.
#[derive(Debug)]
pub(crate) struct Client {
    client: reqwest::Client,
    options: Endpoint,
}

impl Client {
    pub(crate) fn new(options: &Endpoint) -> Result<Self> {
        let wrong = |error: reqwest::Error| {
            let message = format!("cannot configure the connections of device '{}'", options.id);
            Error::invalid_argument(message).with_source(error.without_url())
        };
        let mut builder = reqwest::Client::builder()
            .use_preconfigured_tls(tls::client(&options.id, &options.tls, options.http2)?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .user_agent(concat!("godwit/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.timeouts.connect)
            .pool_max_idle_per_host(options.pool.idle)
            .pool_idle_timeout(options.pool.keep);
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(wrong)?);
        }
        builder = match options.http2 {
            Http2::Auto => builder,
            Http2::Always => builder.http2_prior_knowledge(),
            Http2::Never => builder.http1_only(),
        };
        Ok(Self { client: builder.build().map_err(wrong)?, options: options.clone() })
    }

    /// Sends `request` once. The answer has a status of success, and its length is limited.
    pub(crate) async fn send<'a>(
        &self,
        request: Request,
        meter: &'a Meter,
    ) -> CallResult<Reader<'a>> {
        let length = request.body.len();
        if length > self.options.limits.request {
            let message = format!("a request of {length} bytes exceeds the configured limit");
            return Err(Error::too_large(message).into());
        }
        let built = self.client.request(request.method, request.url).headers(request.headers);
        meter.sent(length);
        let sent = built.body(reqwest::Body::wrap(request.body)).send().await;
        let response = sent.map_err(undelivered)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let limit = match status.is_success() {
            true => self.options.limits.response,
            false => EXCERPT as u64,
        };
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let announced = announced.and_then(|length| length.parse::<u64>().ok());
        if status == StatusCode::OK && announced.is_some_and(|length| length > limit) {
            let error = Error::too_large(status::TOO_LARGE);
            let announced = format!("it announces {} bytes", announced.unwrap_or_default());
            return Err(error.with_source(announced).into());
        }
        let mut reader = Reader::new(response, limit, self.options.timeouts.idle, meter);
        if status == StatusCode::OK {
            return Ok(reader);
        }
        let said = reader.excerpt(EXCERPT).await;
        Err(status::failure(status, &headers, &said))
    }
}

/// The error of a request that got no answer.
fn undelivered(error: reqwest::Error) -> CallError {
    let error = error.without_url();
    let mut cause = error.source();
    let mut is_certificate = false;
    let mut unprocessed = false;
    while let Some(source) = cause {
        is_certificate |= source.downcast_ref::<rustls::Error>().is_some();
        // TLS errors are wrapped in an error of the socket.
        if let Some(io) = source.downcast_ref::<std::io::Error>() {
            let inner = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            is_certificate |= inner.is_some();
        }
        unprocessed |= source.to_string().contains("REFUSED_STREAM");
        cause = source.source();
    }
    let again = match () {
        () if is_certificate => RetryRule::Never,
        () if error.is_connect() || unprocessed => RetryRule::NotRun,
        () => RetryRule::IfIdempotent,
    };
    let message = if error.is_connect() { status::UNREACHABLE } else { status::CLOSED };
    CallError::new(Error::unavailable(message).with_source(error), again)
}
