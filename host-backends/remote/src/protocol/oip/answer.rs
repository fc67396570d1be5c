//! Reads an answer. Nothing is allocated for a tensor before its index, dtype, shape and length are checked.

use godwit_backend::{Memory, Shape, Tensor, Tensors};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::HEADER_LENGTH;
use crate::answer::Expected;
use crate::call_error::{CallError, CallResult};
use crate::protocol::{datatype, numbers};
use crate::reactor::run_beside;
use crate::web::Reader;

/// Longer than any JSON in front of tensors sent as bytes.
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

/// The length of the JSON in front of tensors sent as bytes, if there is such a header.
pub(in crate::protocol) fn header_length(reader: &Reader<'_>) -> CallResult<Option<usize>> {
    let Some(length) = reader.headers().get(HEADER_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length.map(Some).ok_or_else(|| CallError::malformed("its header length is not a number"))
}

/// Refuses what a proxy or another kind of server sends with a status of success.
pub(in crate::protocol) fn is_json_or_bytes(reader: &Reader<'_>, bytes: bool) -> CallResult<()> {
    let kind = reader.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match kind {
        None | Some("application/json") => Ok(()),
        Some("application/octet-stream") if bytes => Ok(()),
        Some(other) => Err(CallError::malformed(format!("it is of type {other}"))),
    }
}

/// Reads an answer whose first `header` bytes are JSON; without a number, all of it.
pub(in crate::protocol) async fn decode(
    mut reader: Reader<'_>,
    header: Option<usize>,
    mut expected: Expected<'_>,
    memory: &Memory,
) -> CallResult<Tensors> {
    let collected;
    let mut buffer;
    let json: &[u8] = match header {
        Some(length) if length > LONGEST_HEADER => {
            return Err(CallError::mismatch(format!("its header has {length} bytes")));
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
    let answer: Answer<'_> = run_beside(json.len(), || serde_json::from_slice(json))
        .map_err(|error| CallError::malformed(error.to_string()))?;
    for output in &answer.outputs {
        let dtype = datatype::dtype(&output.datatype).ok_or_else(|| {
            CallError::mismatch(format!("it has elements of {}", output.datatype))
        })?;
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
                // An element takes two characters at least: no memory is allocated for elements that were not sent.
                if length / dtype.size() > data.get().len() {
                    return Err(CallError::mismatch("it has fewer numbers than its shape"));
                }
                let mut bytes = memory.writable(length)?;
                numbers::read(data.get(), dtype, &mut bytes)
                    .map_err(|error| CallError::mismatch(error.to_string()))?;
                bytes
            }
            (said, _) => {
                let source = format!("it has {said:?} bytes for {dtype}{shape}");
                return Err(CallError::mismatch(source));
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
