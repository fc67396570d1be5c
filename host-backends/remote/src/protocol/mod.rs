//! The protocols. Each can ask for a signature and for a run.

mod datatype;
mod grpc;
mod invoke;
mod numbers;
mod oip;
mod template;

use godwit_backend::{Memory, Result, Shape, Signature, Tensors};

use crate::call_error::{CallError, CallResult};
use crate::options::{Endpoint, Protocol, RemoteModel};
use crate::service::Service;
use crate::web::{Client, Reader, Request};

/// The connections to an endpoint, with its protocol.
#[derive(Debug)]
pub(crate) enum ProtocolClient {
    Oip(Client, oip::Oip),
    Invoke(Client, invoke::Invoke),
    Template(Client, template::Form),
    Grpc(grpc::Channel),
}

/// How to call one model.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) model: RemoteModel,
    /// Whether tensors are sent as bytes.
    pub(crate) binary: bool,
}

impl Call {
    /// The server's name for the model.
    pub(crate) fn name(&self) -> &str {
        name(&self.model)
    }
}

fn name(model: &RemoteModel) -> &str {
    model.model.as_deref().unwrap_or_default()
}

impl ProtocolClient {
    pub(crate) fn new(options: &Endpoint) -> Result<Self> {
        Ok(match &options.protocol {
            Protocol::OipHttp => Self::Oip(Client::new(options)?, oip::Oip::new(options)),
            Protocol::OipGrpc => Self::Grpc(grpc::Channel::new(options)?),
            Protocol::Sagemaker | Protocol::Vertex => {
                Self::Invoke(Client::new(options)?, invoke::Invoke::new(options))
            }
            Protocol::Json(form) => {
                Self::Template(Client::new(options)?, template::Form::new(form.clone()))
            }
        })
    }

    /// The model that the endpoint's URL selects.
    pub(crate) fn named_model(options: &Endpoint) -> Option<String> {
        oip::Address::of(&options.url).model
    }

    /// Whether the protocol can ask a server if it is ready.
    pub(crate) fn tells_readiness(&self) -> bool {
        matches!(self, Self::Oip(..) | Self::Grpc(_))
    }

    /// Fails unless the server is ready, whatever its models.
    pub(crate) async fn ready(&self, service: &Service) -> CallResult<()> {
        match self {
            Self::Oip(client, form) => form.server_ready(Http { client, service }).await,
            Self::Grpc(channel) => channel.server_ready(service).await,
            Self::Invoke(..) | Self::Template(..) => Ok(()),
        }
    }

    pub(crate) async fn describe(
        &self,
        service: &Service,
        model: &RemoteModel,
    ) -> CallResult<(Signature, Call)> {
        match self {
            Self::Oip(client, form) => form.describe(Http { client, service }, model).await,
            Self::Grpc(channel) => channel.describe(service, model).await,
            Self::Invoke(_, form) => form.describe(service, model),
            Self::Template(_, form) => form.describe(service, model),
        }
    }

    pub(crate) async fn run(
        &self,
        service: &Service,
        call: &Call,
        signature: &Signature,
        inputs: &Tensors,
        memory: &Memory,
    ) -> CallResult<Tensors> {
        let run = RunRequest { call, signature, inputs, memory };
        match self {
            Self::Oip(client, form) => form.run(Http { client, service }, run).await,
            Self::Grpc(channel) => channel.run(service, run).await,
            Self::Invoke(client, form) => form.run(Http { client, service }, run).await,
            Self::Template(client, form) => form.run(Http { client, service }, run).await,
        }
    }
}

/// The arguments of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRequest<'a> {
    call: &'a Call,
    signature: &'a Signature,
    inputs: &'a Tensors,
    memory: &'a Memory,
}

impl RunRequest<'_> {
    fn shapes(&self) -> Vec<Shape> {
        self.inputs.iter().map(|input| input.shape().clone()).collect()
    }
}

/// The HTTP connections of an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Http<'a> {
    client: &'a Client,
    service: &'a Service,
}

impl<'a> Http<'a> {
    /// Sends `request` with the model's own headers and the endpoint's credentials.
    async fn send(self, model: &RemoteModel, mut request: Request) -> CallResult<Reader<'a>> {
        add_model_headers(model, &mut request)?;
        self.service.credentials.sign(&mut request).await?;
        self.client.send(request, &self.service.meter).await
    }
}

/// Adds the headers that are configured for the model.
fn add_model_headers(model: &RemoteModel, request: &mut Request) -> CallResult<()> {
    for (name, value) in &model.headers {
        let name = http::HeaderName::try_from(name).ok();
        let pair = name.zip(http::HeaderValue::try_from(value).ok());
        let (name, value) = pair.ok_or_else(|| {
            let message = "a header configured for this model is not valid";
            CallError::from(godwit_backend::Error::invalid_argument(message))
        })?;
        request.headers.insert(name, value);
    }
    Ok(())
}
