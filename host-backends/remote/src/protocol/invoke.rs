//! The Open Inference Protocol inside the one request that a cloud lets through: an invocation of AWS
//! SageMaker, a `:rawPredict` of Google Vertex AI. Neither tells what a model takes and gives, so the
//! operator does.

use godwit_backend::{Error, Result, Signature, Tensors};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::oip::{answer, request};
use super::{Asked, Call, datatype, numbers, send};
use crate::answer::Expected;
use crate::failure::Failure;
use crate::options::{Binary, Endpoint, Protocol, RemoteModel};
use crate::service::Service;
use crate::status;
use crate::web::{Body, Client, Request};

#[derive(Debug)]
pub(crate) struct Invoke {
    url: Url,
    binary: bool,
    /// The content type of JSON with tensors behind it, up to the length of the JSON.
    mime: &'static str,
}

impl Invoke {
    pub(super) fn new(options: &Endpoint) -> Self {
        let is_sagemaker = options.protocol == Protocol::Sagemaker;
        Self {
            url: options.url.clone(),
            binary: match options.binary {
                Binary::Auto => is_sagemaker,
                Binary::Always => true,
                Binary::Never => false,
            },
            mime: match is_sagemaker {
                true => "application/vnd.sagemaker-triton.binary+json;json-header-size=",
                false => "application/vnd.vertex-ai-triton.binary+json;json-header-size=",
            },
        }
    }

    pub(super) fn describe(
        &self,
        service: &Service,
        model: &RemoteModel,
    ) -> Result<(Signature, Call), Failure> {
        let signature = configured(service, model)?;
        if !self.binary {
            only_json(&signature)?;
        }
        Ok((signature, Call { model: model.clone(), binary: self.binary }))
    }

    pub(super) async fn run(
        &self,
        client: &Client,
        service: &Service,
        asked: Asked<'_>,
    ) -> Result<Tensors, Failure> {
        let (header, tensors) = request::encode(&asked)?;
        let mut headers = HeaderMap::new();
        let kind = match asked.call.binary {
            true => HeaderValue::try_from(format!("{}{}", self.mime, header.len())).ok(),
            false => None,
        };
        let kind = kind.unwrap_or(HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, kind);
        let mut body = Body::default();
        body.push(header);
        tensors.into_iter().for_each(|tensor| body.push(tensor));
        let request = Request { method: Method::POST, url: self.url.clone(), headers, body };
        let reader = send(client, service, &asked.call.model, request).await?;
        let kind = reader.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let length =
            match kind.and_then(|kind| kind.strip_prefix(self.mime)) {
                Some(length) => Some(length.trim().parse().map_err(|_| {
                    Failure::lie(status::ODD, "the length of its header is no number")
                })?),
                // Triton's port for Vertex answers as its own does.
                None => {
                    let length = answer::header_length(&reader)?;
                    answer::is_json_or_bytes(&reader, length.is_some())?;
                    length
                }
            };
        let expected = Expected::new(asked.signature, &asked.shapes());
        answer::decode(reader, length, expected, asked.memory).await
    }
}

/// The signature that the operator gave.
pub(super) fn configured(service: &Service, model: &RemoteModel) -> Result<Signature, Failure> {
    model.signature().ok_or_else(|| {
        Failure::from(Error::unsupported(format!(
            "device '{}' cannot tell what its models take and give: its configuration has to say \
             so, under 'inputs' and 'outputs' of the model",
            service.device.id
        )))
    })
}

/// Fails if a dtype of `signature` cannot travel as JSON.
pub(super) fn only_json(signature: &Signature) -> Result<(), Failure> {
    let all = signature.inputs.iter().chain(&signature.outputs);
    match all.map(|info| info.dtype).find(|dtype| !datatype::in_json(*dtype)) {
        Some(lost) => Err(numbers::no_json(lost).into()),
        None => Ok(()),
    }
}
