//! What a server says of itself and its models.

use std::sync::Arc;

use godwit_backend::{Dim, Error, Result, Signature, TensorInfo};
use serde::Deserialize;

use crate::failure::Failure;
use crate::protocol::datatype;
use crate::status;

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

/// The signature that a server's words come to.
pub(in crate::protocol) fn signature(said: &Model) -> Result<Signature, Failure> {
    let ports = |ports: &[Port]| ports.iter().map(port).collect::<Result<Vec<_>, Failure>>();
    let signature = Signature { inputs: ports(&said.inputs)?, outputs: ports(&said.outputs)? };
    if signature.outputs.is_empty() {
        return Err(Failure::from(Error::unsupported(
            "the remote service does not tell what the model takes and gives: \
             the device's configuration has to",
        )));
    }
    Ok(signature)
}

fn port(port: &Port) -> Result<TensorInfo, Failure> {
    let dtype = datatype::dtype(&port.datatype).ok_or_else(|| {
        // A name of the protocol is short; anything else is not for a guest.
        let known =
            port.datatype.chars().all(|c| c.is_ascii_alphanumeric()) && port.datatype.len() < 10;
        let named = if known { port.datatype.as_str() } else { "no known type" };
        let message =
            format!("the model takes or gives elements of {named}, which is no dtype here");
        Failure::from(Error::unsupported(message))
    })?;
    let dims = port.shape.iter().map(|&size| match size {
        -1 => Ok(Dim::Unknown),
        size => usize::try_from(size).map(Dim::Known).map_err(|_| {
            Failure::lie(status::ODD, format!("'{}' has a dimension of {size}", port.name))
        }),
    });
    let dims = Some(dims.collect::<Result<Vec<_>, _>>()?);
    Ok(TensorInfo { name: Arc::from(port.name.as_str()), dtype, dims })
}

/// What the operator knows, if the server does not contradict it.
pub(in crate::protocol) fn agree(known: Signature, said: &Signature) -> Result<Signature, Failure> {
    let (inputs, outputs) = (&known.inputs, &known.outputs);
    let complete = inputs.len() == said.inputs.len();
    for (mine, theirs) in [(inputs, &said.inputs), (outputs, &said.outputs)] {
        for info in mine {
            let other = theirs.iter().find(|other| other.name == info.name);
            if !complete || !other.is_some_and(|other| compatible(info, other)) {
                let theirs: Vec<String> = theirs.iter().map(TensorInfo::to_string).collect();
                let message = "the remote service's model is another than the one configured";
                let source = format!("configured is {info}, served is {}", theirs.join("; "));
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
