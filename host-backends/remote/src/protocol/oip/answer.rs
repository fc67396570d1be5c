//! An answer of the protocol. Nothing is allocated for a tensor before its place, dtype, shape and length
//! are known to fit.

use godwit_backend::{Memory, Result, Shape, Tensor, Tensors};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::HEADER_LENGTH;
use crate::answer::Expected;
use crate::failure::Failure;
use crate::protocol::{datatype, numbers};
use crate::reactor::aside;
use crate::status::{ODD, UNFIT};
use crate::web::Reader;

/// Longer than any JSON in front of tensors that travel as bytes.
const LONGEST_HEADER: usize = 1 << 20;

#[derive(Debug, Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    outputs: Vec<Output<'a>>,
}

#[derive(Debug, Deserialize)]
struct Output<'a> {
    name: String,
    datatype: String,
    shape: Vec<usize>,
    #[serde(default)]
    parameters: Option<Parameters>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    binary_data_size: Option<usize>,
}

/// The length of the JSON in front of tensors that travel as bytes, where a header says so.
pub(in crate::protocol) fn header_length(reader: &Reader<'_>) -> Result<Option<usize>, Failure> {
    let Some(length) = reader.headers().get(HEADER_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length.map(Some).ok_or_else(|| Failure::lie(ODD, "a header length that is none"))
}

/// Refuses what a proxy or another kind of server says with a status of success.
pub(in crate::protocol) fn is_json_or_bytes(
    reader: &Reader<'_>,
    bytes: bool,
) -> Result<(), Failure> {
    let kind = reader.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match kind {
        None | Some("application/json") => Ok(()),
        Some("application/octet-stream") if bytes => Ok(()),
        Some(other) => Err(Failure::lie(ODD, format!("it is of type {other}"))),
    }
}

/// Reads an answer whose first `header` bytes are JSON; all of them, where there is no such number.
pub(in crate::protocol) async fn decode(
    mut reader: Reader<'_>,
    header: Option<usize>,
    mut expected: Expected<'_>,
    memory: &Memory,
) -> Result<Tensors, Failure> {
    let collected;
    let mut buffer;
    let json: &[u8] = match header {
        Some(length) if length > LONGEST_HEADER => {
            return Err(Failure::lie(UNFIT, format!("a header of {length} bytes")));
        }
        Some(length) => {
            buffer = vec![0; length];
            reader.fill(&mut buffer).await?;
            &buffer
        }
        None => {
            collected = reader.rest(memory).await?;
            &collected.bytes
        }
    };
    let answer: Answer<'_> = aside(json.len(), || serde_json::from_slice(json))
        .map_err(|error| Failure::lie(ODD, error.to_string()))?;
    for output in &answer.outputs {
        let dtype = datatype::dtype(&output.datatype)
            .ok_or_else(|| Failure::lie(UNFIT, format!("elements of {}", output.datatype)))?;
        let shape = Shape::from(output.shape.as_slice());
        let (index, length) = expected.place(&output.name, dtype, &shape)?;
        let said = output.parameters.as_ref().and_then(|said| said.binary_data_size);
        let mut bytes = match (said, output.data) {
            (Some(said), None) if said == length => {
                let mut bytes = memory.writable(length)?;
                reader.fill(&mut bytes).await?;
                bytes
            }
            (None, Some(data)) => {
                // Two characters an element is the least: a shape cannot ask for memory that was not sent.
                if length / dtype.size() > data.get().len() {
                    return Err(Failure::lie(UNFIT, "fewer numbers than the shape says"));
                }
                let mut bytes = memory.writable(length)?;
                numbers::read(data.get(), dtype, &mut bytes)
                    .map_err(|error| Failure::lie(UNFIT, error.to_string()))?;
                bytes
            }
            (said, _) => {
                let source = format!("{said:?} bytes for {dtype}{shape}");
                return Err(Failure::lie(UNFIT, source));
            }
        };
        if dtype == godwit_backend::DType::Bool {
            bytes.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
        }
        expected.put(index, Tensor::new(dtype, shape, bytes.freeze())?);
    }
    reader.end().await?;
    expected.finish()
}
