//! Writes the request of a run.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use godwit_backend::{Buffer, Error, Result};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::protocol::{RunRequest, datatype, numbers};
use crate::reactor::run_beside;

#[derive(Serialize)]
struct Infer<'a> {
    /// Optional in the protocol; one server fails without it.
    id: String,
    inputs: Vec<Input<'a>>,
    outputs: Vec<Output<'a>>,
}

#[derive(Serialize)]
struct Input<'a> {
    name: &'a str,
    shape: &'a [usize],
    datatype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Size {
    binary_data_size: usize,
}

#[derive(Serialize)]
struct Output<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Form>,
}

#[derive(Serialize)]
struct Form {
    binary_data: bool,
}

/// The JSON, and the tensors that follow it if they are sent as bytes.
pub(in crate::protocol) fn encode(run: &RunRequest<'_>) -> Result<(Vec<u8>, Vec<Bytes>)> {
    let binary = run.call.binary;
    let mut tensors = Vec::new();
    let mut inputs = Vec::new();
    for (info, tensor) in run.signature.inputs.iter().zip(run.inputs) {
        let bytes = tensor.host().cloned().unwrap_or_else(|| Buffer::from(Vec::new()));
        let mut input = Input {
            name: &info.name,
            shape: tensor.shape(),
            datatype: datatype::name(info.dtype),
            parameters: None,
            data: None,
        };
        if binary {
            input.parameters = Some(Size { binary_data_size: bytes.len() });
            tensors.push(Bytes::from_owner(bytes));
        } else {
            let mut json = Vec::new();
            run_beside(bytes.len(), || numbers::write(&mut json, info.dtype, &bytes))?;
            input.data = Some(raw(json)?);
        }
        inputs.push(input);
    }
    let parameters = || binary.then_some(Form { binary_data: true });
    let outputs = run.signature.outputs.iter();
    let outputs = outputs.map(|info| Output { name: &info.name, parameters: parameters() });
    let infer = Infer { id: id(), inputs, outputs: outputs.collect() };
    let json = serde_json::to_vec(&infer).map_err(unwritten)?;
    Ok((json, tensors))
}

/// An id that tells this process's requests apart in a server's log.
pub(in crate::protocol) fn id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("godwit-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn raw(json: Vec<u8>) -> Result<Box<RawValue>> {
    let text = String::from_utf8(json).map_err(unwritten)?;
    RawValue::from_string(text).map_err(unwritten)
}

fn unwritten(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("cannot write a request").with_source(error)
}
