//! The Open Inference Protocol over gRPC.

mod contents;
mod messages;
mod status;

use godwit_backend::{Error, Memory, Result, Shape, Signature, Tensor, Tensors};
use http::uri::PathAndQuery;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::transport::Endpoint as Transport;

use super::{Call, RunRequest, datatype, name};
use crate::answer::Expected;
use crate::call_error::{CallError, CallResult, RetryRule};
use crate::options::{Endpoint, Http2, RemoteModel};
use crate::service::Service;
use crate::tls;
use crate::web::Request;
use messages::{
    InferInput, InferOutput, InferRequest, InferResponse, MetadataResponse, ModelRequest,
    ReadyResponse, ServerRequest,
};

#[derive(Debug)]
pub(crate) struct Channel {
    channel: tonic::transport::Channel,
    options: Endpoint,
}

impl Channel {
    pub(super) fn new(options: &Endpoint) -> Result<Self> {
        let wrong = |what: &str| {
            Error::invalid_argument(format!("the remote device '{}' {what}", options.id))
        };
        if options.proxy.is_some() {
            return Err(wrong("has a proxy, which is not supported for gRPC"));
        }
        if options.http2 == Http2::Never {
            return Err(wrong("has http2 = 'never', but gRPC needs HTTP/2"));
        }
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(options.timeouts.connect));
        let mut tls = tls::client(&options.id, &options.tls, options.http2)?;
        // The connector sets its own.
        tls.alpn_protocols.clear();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http2()
            .wrap_connector(http);
        let mut origin = options.url.clone();
        origin.set_path("");
        let transport = Transport::from_shared(origin.to_string())
            .map_err(|error| wrong("has a url that gRPC cannot use").with_source(error))?
            .connect_timeout(options.timeouts.connect)
            .tcp_nodelay(true);
        let channel = transport.connect_with_connector_lazy(connector);
        Ok(Self { channel, options: options.clone() })
    }

    async fn call<Q, A>(
        &self,
        service: &Service,
        model: &RemoteModel,
        method: &'static str,
        message: Q,
    ) -> CallResult<A>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let limits = &self.options.limits;
        let length = message.encoded_len() as u64;
        if length > limits.request {
            let message = format!("a request of {length} bytes exceeds the configured limit");
            return Err(Error::too_large(message).into());
        }
        let mut shown = Request::get(self.options.url.clone());
        super::add_model_headers(model, &mut shown)?;
        service.credentials.sign(&mut shown).await?;
        let mut request = tonic::Request::new(message);
        *request.metadata_mut() = MetadataMap::from_headers(shown.headers);
        request.set_timeout(self.options.timeouts.request);

        let most = usize::try_from(limits.response).unwrap_or(usize::MAX);
        let mut client = tonic::client::Grpc::new(self.channel.clone())
            .max_decoding_message_size(most)
            .max_encoding_message_size(usize::MAX);
        client.ready().await.map_err(|error| {
            let error = Error::unavailable(crate::status::UNREACHABLE).with_source(error);
            CallError::new(error, RetryRule::NotRun)
        })?;
        service.meter.sent(length);
        let path = PathAndQuery::from_static(method);
        let answer = client.unary(request, path, tonic_prost::ProstCodec::<Q, A>::default()).await;
        let answer = answer.map_err(status::failure)?.into_inner();
        service.meter.received(answer.encoded_len() as u64);
        Ok(answer)
    }

    pub(super) async fn server_ready(&self, service: &Service) -> CallResult<()> {
        let method = "/inference.GRPCInferenceService/ServerReady";
        let ready: ReadyResponse =
            self.call(service, &RemoteModel::default(), method, ServerRequest {}).await?;
        match ready.ready {
            true => Ok(()),
            false => Err(Error::unavailable("the remote service is not ready").into()),
        }
    }

    pub(super) async fn describe(
        &self,
        service: &Service,
        model: &RemoteModel,
    ) -> CallResult<(Signature, Call)> {
        let run = || ModelRequest {
            name: name(model).to_owned(),
            version: model.version.clone().unwrap_or_default(),
        };
        let said: MetadataResponse = self
            .call(service, model, "/inference.GRPCInferenceService/ModelMetadata", run())
            .await?;
        let ready: ReadyResponse =
            self.call(service, model, "/inference.GRPCInferenceService/ModelReady", run()).await?;
        if !ready.ready {
            let message = "the model is not ready on the remote service";
            return Err(CallError::new(Error::unavailable(message), RetryRule::NotRun));
        }
        let signature = super::oip::signature(model, &said.into())?;
        Ok((signature, Call { model: model.clone(), binary: true }))
    }

    pub(super) async fn run(&self, service: &Service, run: RunRequest<'_>) -> CallResult<Tensors> {
        let request = InferRequest {
            model_name: run.call.name().to_owned(),
            model_version: run.call.model.version.clone().unwrap_or_default(),
            id: super::oip::request::id(),
            inputs: run
                .signature
                .inputs
                .iter()
                .zip(run.inputs)
                .map(|(info, tensor)| InferInput {
                    name: info.name.to_string(),
                    datatype: datatype::name(info.dtype).to_owned(),
                    shape: tensor.shape().iter().map(|&size| size as i64).collect(),
                })
                .collect(),
            outputs: run
                .signature
                .outputs
                .iter()
                .map(|info| InferOutput { name: info.name.to_string() })
                .collect(),
            raw: run
                .inputs
                .iter()
                .filter_map(|tensor| tensor.host().cloned().map(bytes::Bytes::from_owner))
                .collect(),
        };
        let method = "/inference.GRPCInferenceService/ModelInfer";
        let answer: InferResponse = self.call(service, &run.call.model, method, request).await?;
        decode(&answer, Expected::new(run.signature, &run.shapes()), run.memory)
    }
}

fn decode(
    answer: &InferResponse,
    mut expected: Expected<'_>,
    memory: &Memory,
) -> CallResult<Tensors> {
    if !answer.raw.is_empty() && answer.raw.len() != answer.outputs.len() {
        return Err(CallError::mismatch("it names more or fewer tensors than it has"));
    }
    for (at, output) in answer.outputs.iter().enumerate() {
        let dtype = datatype::dtype(&output.datatype).ok_or_else(|| {
            CallError::mismatch(format!("it has elements of {}", output.datatype))
        })?;
        let shape: Option<Vec<usize>> =
            output.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
        let shape = shape.map(Shape::new);
        let shape = shape.ok_or_else(|| CallError::mismatch("it has a negative dimension"))?;
        let (index, length) = expected.place(&output.name, dtype, &shape)?;
        // Some servers send an empty list beside the raw bytes.
        let contents = output.contents.as_ref().filter(|contents| contents.encoded_len() > 0);
        let bytes = match (answer.raw.get(at), contents) {
            (Some(raw), None) if raw.len() == length => memory.copy_from(raw)?,
            (None, Some(contents)) => contents::bytes(contents, dtype, length, memory)?,
            (None, None) if length == 0 => memory.copy_from(&[])?,
            (raw, _) => {
                let source =
                    format!("it has {:?} bytes for {dtype}{shape}", raw.map(bytes::Bytes::len));
                return Err(CallError::mismatch(source));
            }
        };
        expected.put(index, Tensor::new(dtype, shape, bytes)?);
    }
    expected.finish()
}
