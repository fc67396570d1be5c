//! The Open Inference Protocol over HTTP, with its extension for tensors as bytes.

mod address;
pub(super) mod answer;
mod metadata;
pub(super) mod request;

use godwit_backend::{Error, ErrorKind, Memory, Result, Signature, Tensors};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

pub(super) use address::Address;
pub(super) use metadata::{Model as Described, Port, agree, signature};

use super::{Asked, Call, datatype, numbers, send};
use crate::answer::Expected;
use crate::failure::Failure;
use crate::options::{Binary, Endpoint, RemoteModel};
use crate::service::Service;
use crate::status;
use crate::web::{Body, Client, Request};

pub(super) const HEADER_LENGTH: HeaderName =
    HeaderName::from_static("inference-header-content-length");

/// The name of the extension in a server's metadata.
const BINARY: &str = "binary_tensor_data";

/// Longer than any description of a model.
const METADATA: u64 = 4 << 20;

#[derive(Debug)]
pub(crate) struct Oip {
    address: Address,
    binary: Binary,
    /// Whether the server takes tensors as bytes, once it has said so.
    extension: OnceCell<bool>,
}

impl Oip {
    pub(super) fn new(options: &Endpoint) -> Self {
        let address = Address::of(&options.url);
        Self { address, binary: options.binary, extension: OnceCell::new() }
    }

    /// The signature of a model that is ready.
    pub(super) async fn describe(
        &self,
        client: &Client,
        service: &Service,
        model: &RemoteModel,
    ) -> Result<(Signature, Call), Failure> {
        let said: Described =
            self.get(client, service, model, Address::model).await.map_err(unknown)?;
        self.ready(client, service, model).await?;
        let signature = match model.signature() {
            Some(known) => agree(known, &signature(&said)?)?,
            None => signature(&said)?,
        };
        let binary = match self.binary {
            Binary::Always => true,
            Binary::Never => false,
            Binary::Auto => self.asks_for_bytes(client, service, model).await?,
        };
        if !binary {
            let all = signature.inputs.iter().chain(&signature.outputs);
            if let Some(lost) = all.map(|info| info.dtype).find(|dtype| !datatype::in_json(*dtype))
            {
                return Err(numbers::no_json(lost).into());
            }
        }
        Ok((signature, Call { model: model.clone(), binary }))
    }

    /// Fails unless the server is ready, whatever its models are.
    pub(super) async fn server_ready(
        &self,
        client: &Client,
        service: &Service,
    ) -> Result<(), Failure> {
        let request = Request::get(self.address.server_ready());
        let answer = send(client, service, &RemoteModel::default(), request).await;
        answer.map(drop).map_err(|failure| match failure.error.kind() {
            ErrorKind::Failed => {
                let error = Error::unavailable("the remote service is not ready");
                Failure { error: error.with_source(failure.error), ..failure }
            }
            _ => failure,
        })
    }

    async fn ready(
        &self,
        client: &Client,
        service: &Service,
        model: &RemoteModel,
    ) -> Result<(), Failure> {
        let url = self.address.ready(model);
        let answer = send(client, service, model, Request::get(url)).await;
        answer.map(drop).map_err(|failure| match failure.error.kind() {
            // Some say so with a status of a bad request.
            ErrorKind::Failed | ErrorKind::NotFound => {
                let error = Error::unavailable("the model is not ready on the remote service");
                Failure { error: error.with_source(failure.error), ..failure }
            }
            _ => failure,
        })
    }

    async fn asks_for_bytes(
        &self,
        client: &Client,
        service: &Service,
        model: &RemoteModel,
    ) -> Result<bool, Failure> {
        let asks = || async {
            let server: metadata::Server =
                self.get(client, service, model, |address, _| address.server()).await?;
            Ok::<_, Failure>(server.extensions.iter().any(|extension| extension == BINARY))
        };
        self.extension.get_or_try_init(asks).await.copied()
    }

    async fn get<T: DeserializeOwned>(
        &self,
        client: &Client,
        service: &Service,
        model: &RemoteModel,
        url: impl Fn(&Address, &RemoteModel) -> url::Url,
    ) -> Result<T, Failure> {
        let request = Request::get(url(&self.address, model));
        let mut reader = send(client, service, model, request).await?;
        let memory = Memory::new(
            godwit_backend::Arena::new(0),
            godwit_backend::Budget::new("metadata", METADATA),
        );
        let text = reader.rest(&memory).await?;
        serde_json::from_slice(&text.bytes)
            .map_err(|error| Failure::lie(status::ODD, error.to_string()))
    }

    pub(super) async fn run(
        &self,
        client: &Client,
        service: &Service,
        asked: Asked<'_>,
    ) -> Result<Tensors, Failure> {
        let (header, tensors) = request::encode(&asked)?;
        let mut body = Body::default();
        let mut headers = http::HeaderMap::new();
        if asked.call.binary {
            headers.insert(HEADER_LENGTH, HeaderValue::from(header.len()));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        body.push(header);
        tensors.into_iter().for_each(|tensor| body.push(tensor));
        let url = self.address.infer(&asked.call.model);
        let request = Request { method: Method::POST, url, headers, body };
        let reader = send(client, service, &asked.call.model, request).await?;
        let length = answer::header_length(&reader)?;
        answer::is_json_or_bytes(&reader, length.is_some())?;
        let expected = Expected::new(asked.signature, &asked.shapes());
        answer::decode(reader, length, expected, asked.memory).await
    }
}

/// What servers say of a model they do not have differs; that they do not have it is meant by all.
fn unknown(failure: Failure) -> Failure {
    match failure.error.kind() {
        ErrorKind::Failed => {
            let error = Error::not_found(status::UNKNOWN);
            Failure { error: error.with_source(failure.error), ..failure }
        }
        _ => failure,
    }
}
