//! The metadata of a server and its models.

use std::sync::Arc;

use godwit_backend::{Dim, Error, Result, Signature, TensorInfo};
use serde::Deserialize;

use crate::call_error::{CallError, CallResult};
use crate::options::RemoteModel;
use crate::protocol::datatype;

#[derive(Debug, Deserialize)]
pub(super) struct Server {
    #[serde(default)]
    pub(super) extensions: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol) struct Model {
    #[serde(default)]
    pub(in crate::protocol) inputs: Vec<Port>,
    #[serde(default)]
    pub(in crate::protocol) outputs: Vec<Port>,
}

#[derive(Debug, Deserialize)]
pub(in crate::protocol) struct Port {
    pub(in crate::protocol) name: String,
    pub(in crate::protocol) datatype: String,
    pub(in crate::protocol) shape: Vec<i64>,
}

/// The signature of `model`: the configured one, if the server's metadata does not contradict it, or the
/// server's.
pub(in crate::protocol) fn signature(model: &RemoteModel, said: &Model) -> CallResult<Signature> {
    let said = served(said)?;
    match model.signature() {
        Some(configured) => agree(configured, &said),
        None => Ok(said),
    }
}

fn served(said: &Model) -> CallResult<Signature> {
    let ports = |ports: &[Port]| ports.iter().map(port).collect::<CallResult<Vec<_>>>();
    let signature = Signature { inputs: ports(&said.inputs)?, outputs: ports(&said.outputs)? };
    if signature.outputs.is_empty() {
        return Err(CallError::from(Error::unsupported(
            "the remote service has no metadata of the model: configure its inputs and outputs",
        )));
    }
    Ok(signature)
}

fn port(port: &Port) -> CallResult<TensorInfo> {
    let dtype = datatype::dtype(&port.datatype).ok_or_else(|| {
        // A name of the protocol is short. Anything else is not shown to a guest.
        let known =
            port.datatype.chars().all(|c| c.is_ascii_alphanumeric()) && port.datatype.len() < 10;
        let named = if known { port.datatype.as_str() } else { "an unknown type" };
        let message = format!("the model has inputs or outputs of {named}, which is not supported");
        CallError::from(Error::unsupported(message))
    })?;
    let dims = port.shape.iter().map(|&size| match size {
        -1 => Ok(Dim::Unknown),
        size => usize::try_from(size).map(Dim::Known).map_err(|_| {
            CallError::malformed(format!("'{}' has a dimension of {size}", port.name))
        }),
    });
    let dims = Some(dims.collect::<Result<Vec<_>, _>>()?);
    Ok(TensorInfo { name: Arc::from(port.name.as_str()), dtype, dims })
}

fn agree(known: Signature, said: &Signature) -> CallResult<Signature> {
    let (inputs, outputs) = (&known.inputs, &known.outputs);
    let complete = inputs.len() == said.inputs.len();
    for (mine, theirs) in [(inputs, &said.inputs), (outputs, &said.outputs)] {
        for info in mine {
            let other = theirs.iter().find(|other| other.name == info.name);
            if !complete || !other.is_some_and(|other| compatible(info, other)) {
                let theirs: Vec<String> = theirs.iter().map(TensorInfo::to_string).collect();
                let message = "the remote service's model does not match the configured signature";
                let source = format!("configured: {info}; served: {}", theirs.join("; "));
                return Err(Error::invalid_argument(message).with_source(source).into());
            }
        }
    }
    Ok(known)
}

fn compatible(mine: &TensorInfo, theirs: &TensorInfo) -> bool {
    let dims = |(mine, theirs): (&Dim, &Dim)| match (mine, theirs) {
        (Dim::Known(mine), Dim::Known(theirs)) => mine == theirs,
        _ => true,
    };
    mine.dtype == theirs.dtype
        && match (&mine.dims, &theirs.dims) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(dims),
            _ => true,
        }
}
