//! The Open Inference Protocol over HTTP, with its extension for binary tensors.

mod address;
pub(super) mod answer;
mod metadata;
pub(super) mod request;

use godwit_backend::{Error, ErrorKind, Memory, Signature, Tensors};
use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

pub(super) use address::Address;
pub(super) use metadata::{Model as Described, Port, signature};

use super::{Call, Http, RunRequest, datatype};
use crate::answer::Expected;
use crate::call_error::{CallError, CallResult};
use crate::options::{Binary, Endpoint, RemoteModel};
use crate::status;
use crate::web::Request;

pub(super) const HEADER_LENGTH: HeaderName =
    HeaderName::from_static("inference-header-content-length");

/// The extension's name in a server's metadata.
const BINARY: &str = "binary_tensor_data";

/// Longer than any description of a model.
const METADATA: u64 = 4 << 20;

#[derive(Debug)]
pub(crate) struct Oip {
    address: Address,
    binary: Binary,
    /// Whether the server takes tensors as bytes, once known.
    extension: OnceCell<bool>,
}

impl Oip {
    pub(super) fn new(options: &Endpoint) -> Self {
        let address = Address::of(&options.url);
        Self { address, binary: options.binary, extension: OnceCell::new() }
    }

    /// The signature of a model, which must be ready.
    pub(super) async fn describe(
        &self,
        http: Http<'_>,
        model: &RemoteModel,
    ) -> CallResult<(Signature, Call)> {
        // Servers answer with different statuses for a model that they do not have.
        let unknown = || Error::not_found(status::NO_SUCH_MODEL);
        let said = self.get(http, model, Address::model).await;
        let said: Described =
            said.map_err(|failure: CallError| failure.replaced_by(&[ErrorKind::Failed], unknown))?;
        self.ready(http, model).await?;
        let signature = signature(model, &said)?;
        let binary = match self.binary {
            Binary::Always => true,
            Binary::Never => false,
            Binary::Auto => self.asks_for_bytes(http, model).await?,
        };
        if !binary {
            datatype::only_json(&signature)?;
        }
        Ok((signature, Call { model: model.clone(), binary }))
    }

    /// Fails unless the server is ready, whatever its models.
    pub(super) async fn server_ready(&self, http: Http<'_>) -> CallResult<()> {
        let request = Request::get(self.address.server_ready());
        let answer = http.send(&RemoteModel::default(), request).await;
        let not_ready = || Error::unavailable("the remote service is not ready");
        answer.map(drop).map_err(|failure| failure.replaced_by(&[ErrorKind::Failed], not_ready))
    }

    async fn ready(&self, http: Http<'_>, model: &RemoteModel) -> CallResult<()> {
        let url = self.address.ready(model);
        let answer = http.send(model, Request::get(url)).await;
        let not_ready = || Error::unavailable("the model is not ready on the remote service");
        // Some servers answer with the status of a bad request.
        let kinds = [ErrorKind::Failed, ErrorKind::NotFound];
        answer.map(drop).map_err(|failure| failure.replaced_by(&kinds, not_ready))
    }

    async fn asks_for_bytes(&self, http: Http<'_>, model: &RemoteModel) -> CallResult<bool> {
        let asks = || async {
            let server: metadata::Server =
                self.get(http, model, |address, _| address.server()).await?;
            Ok::<_, CallError>(server.extensions.iter().any(|extension| extension == BINARY))
        };
        self.extension.get_or_try_init(asks).await.copied()
    }

    async fn get<T: DeserializeOwned>(
        &self,
        http: Http<'_>,
        model: &RemoteModel,
        url: impl Fn(&Address, &RemoteModel) -> url::Url,
    ) -> CallResult<T> {
        let request = Request::get(url(&self.address, model));
        let mut reader = http.send(model, request).await?;
        let memory = Memory::new(
            godwit_backend::Arena::new(0),
            godwit_backend::Budget::new("metadata", METADATA),
        );
        let text = reader.rest(&memory).await?;
        serde_json::from_slice(&text.bytes).map_err(|error| CallError::malformed(error.to_string()))
    }

    pub(super) async fn run(&self, http: Http<'_>, run: RunRequest<'_>) -> CallResult<Tensors> {
        let (header, tensors) = request::encode(&run)?;
        let (url, length) = (self.address.infer(&run.call.model), header.len());
        let kind = if run.call.binary { "application/octet-stream" } else { "application/json" };
        let mut request = Request::post(url, HeaderValue::from_static(kind), header, tensors);
        if run.call.binary {
            request.headers.insert(HEADER_LENGTH, HeaderValue::from(length));
        }
        let reader = http.send(&run.call.model, request).await?;
        let length = answer::header_length(&reader)?;
        answer::is_json_or_bytes(&reader, length.is_some())?;
        let expected = Expected::new(run.signature, &run.shapes());
        answer::decode(reader, length, expected, run.memory).await
    }
}
