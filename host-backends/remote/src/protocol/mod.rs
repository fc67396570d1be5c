//! What is spoken with a server: each form knows how to ask for a signature and how to ask for a run.

mod datatype;
mod grpc;
mod invoke;
mod numbers;
mod oip;
mod template;

use godwit_backend::{Memory, Result, Shape, Signature, Tensors};

use crate::failure::Failure;
use crate::options::{Endpoint, Protocol, RemoteModel};
use crate::service::Service;
use crate::web::{Client, Request};

/// The connections to an endpoint, with the form that is spoken over them.
#[derive(Debug)]
pub(crate) enum Wire {
    Oip(Client, oip::Oip),
    Invoke(Client, invoke::Invoke),
    Template(Client, template::Form),
    Grpc(grpc::Channel),
}

/// How to call one model.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) model: RemoteModel,
    /// Whether tensors travel as bytes.
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

impl Wire {
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

    /// The one model that the endpoint's URL names.
    pub(crate) fn named_model(options: &Endpoint) -> Option<String> {
        oip::Address::of(&options.url).model
    }

    /// Whether a server can be asked if it is ready.
    pub(crate) fn tells_readiness(&self) -> bool {
        matches!(self, Self::Oip(..) | Self::Grpc(_))
    }

    /// Fails unless the server, whatever its models, is ready.
    pub(crate) async fn ready(&self, service: &Service) -> Result<(), Failure> {
        match self {
            Self::Oip(client, form) => form.server_ready(client, service).await,
            Self::Grpc(channel) => channel.server_ready(service).await,
            Self::Invoke(..) | Self::Template(..) => Ok(()),
        }
    }

    pub(crate) async fn describe(
        &self,
        service: &Service,
        model: &RemoteModel,
    ) -> Result<(Signature, Call), Failure> {
        match self {
            Self::Oip(client, form) => form.describe(client, service, model).await,
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
    ) -> Result<Tensors, Failure> {
        let run = Asked { call, signature, inputs, memory };
        match self {
            Self::Oip(client, form) => form.run(client, service, run).await,
            Self::Grpc(channel) => channel.run(service, run).await,
            Self::Invoke(client, form) => form.run(client, service, run).await,
            Self::Template(client, form) => form.run(client, service, run).await,
        }
    }
}

/// One run that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    call: &'a Call,
    signature: &'a Signature,
    inputs: &'a Tensors,
    memory: &'a Memory,
}

impl Asked<'_> {
    fn shapes(&self) -> Vec<Shape> {
        self.inputs.iter().map(|input| input.shape().clone()).collect()
    }
}

/// Sends `request` with the model's own headers and the endpoint's credentials.
async fn send<'a>(
    client: &Client,
    service: &'a Service,
    model: &RemoteModel,
    mut request: Request,
) -> Result<crate::web::Reader<'a>, Failure> {
    dress(model, &mut request)?;
    service.credentials.sign(&mut request).await?;
    client.send(request, &service.meter).await
}

/// Adds the headers that the operator has given the model.
fn dress(model: &RemoteModel, request: &mut Request) -> Result<(), Failure> {
    for (name, value) in &model.headers {
        let name = http::HeaderName::try_from(name).ok();
        let pair = name.zip(http::HeaderValue::try_from(value).ok());
        let (name, value) = pair.ok_or_else(|| {
            let message = "a header of this model's configuration cannot be sent";
            Failure::from(godwit_backend::Error::invalid_argument(message))
        })?;
        request.headers.insert(name, value);
    }
    Ok(())
}
