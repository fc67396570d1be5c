//! The Open Inference Protocol inside the one request that a cloud forwards: an invocation of AWS SageMaker, a
//! `:rawPredict` of Google Vertex AI. Neither has metadata, so the operator configures the signature.

use godwit_backend::{Error, Signature, Tensors};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use url::Url;

use super::oip::{answer, request};
use super::{Call, Http, RunRequest, datatype};
use crate::answer::Expected;
use crate::call_error::{CallError, CallResult};
use crate::options::{Binary, Endpoint, Protocol, RemoteModel};
use crate::service::Service;
use crate::web::Request;

#[derive(Debug)]
pub(crate) struct Invoke {
    url: Url,
    binary: bool,
    /// The content type of JSON followed by tensors, up to the length of the JSON.
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
    ) -> CallResult<(Signature, Call)> {
        let signature = configured(service, model)?;
        if !self.binary {
            datatype::only_json(&signature)?;
        }
        Ok((signature, Call { model: model.clone(), binary: self.binary }))
    }

    pub(super) async fn run(&self, http: Http<'_>, run: RunRequest<'_>) -> CallResult<Tensors> {
        let (header, tensors) = request::encode(&run)?;
        let kind = match run.call.binary {
            true => HeaderValue::try_from(format!("{}{}", self.mime, header.len())).ok(),
            false => None,
        };
        let kind = kind.unwrap_or(HeaderValue::from_static("application/json"));
        let request = Request::post(self.url.clone(), kind, header, tensors);
        let reader = http.send(&run.call.model, request).await?;
        let kind = reader.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let length =
            match kind.and_then(|kind| kind.strip_prefix(self.mime)) {
                Some(length) => Some(length.trim().parse().map_err(|_| {
                    CallError::malformed("the length of its header is not a number")
                })?),
                // Triton's port for Vertex AI answers like its own port.
                None => {
                    let length = answer::header_length(&reader)?;
                    answer::is_json_or_bytes(&reader, length.is_some())?;
                    length
                }
            };
        let expected = Expected::new(run.signature, &run.shapes());
        answer::decode(reader, length, expected, run.memory).await
    }
}

/// The configured signature.
pub(super) fn configured(service: &Service, model: &RemoteModel) -> CallResult<Signature> {
    model.signature().ok_or_else(|| {
        CallError::from(Error::unsupported(format!(
            "the protocol of device '{}' has no metadata: configure 'inputs' and 'outputs' of the model",
            service.device.id
        )))
    })
}
