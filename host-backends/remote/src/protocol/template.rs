//! JSON by the operator's template, for services with an interface of their own.

use std::collections::BTreeMap;
use std::fmt;

use godwit_backend::{Buffer, DType, Error, Result, Shape, Signature, Tensor, Tensors};
use http::HeaderValue;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::datatype::only_json;
use super::invoke::configured;
use super::oip::answer::is_json_or_bytes;
use super::{Call, Http, RunRequest, numbers};
use crate::answer::Expected;
use crate::call_error::{CallError, CallResult};
use crate::options::{RemoteModel, Template};
use crate::reactor::run_beside;
use crate::service::Service;
use crate::web::Request;

#[derive(Debug)]
pub(crate) struct Form(Template);

impl Form {
    pub(super) fn new(template: Template) -> Self {
        Self(template)
    }

    pub(super) fn describe(
        &self,
        service: &Service,
        model: &RemoteModel,
    ) -> CallResult<(Signature, Call)> {
        let signature = configured(service, model)?;
        only_json(&signature)?;
        let mut outputs = signature.outputs.iter();
        if let Some(lost) = outputs.find(|info| !self.0.outputs.contains_key(&*info.name)) {
            let message = format!(
                "the template of device '{}' has no JSON pointer for the output '{}'",
                service.device.id, lost.name
            );
            return Err(Error::invalid_argument(message).into());
        }
        Ok((signature, Call { model: model.clone(), binary: false }))
    }

    pub(super) async fn run(&self, http: Http<'_>, run: RunRequest<'_>) -> CallResult<Tensors> {
        let mut json = Vec::new();
        let length = run.inputs.iter().map(Tensor::byte_len).sum();
        run_beside(length, || write(&mut json, &self.0.request, &run))?;
        let kind = HeaderValue::from_static("application/json");
        let request = Request::post(http.service.options.url.clone(), kind, json, Vec::new());
        let mut reader = http.send(&run.call.model, request).await?;
        is_json_or_bytes(&reader, false)?;
        let collected = reader.rest(run.memory).await?;
        let text = &collected.bytes;
        let answer: &RawValue = run_beside(text.len(), || serde_json::from_slice(text))
            .map_err(|error| CallError::malformed(error.to_string()))?;
        let mut expected = Expected::new(run.signature, &run.shapes());
        for info in &run.signature.outputs {
            let pointer = self.0.outputs.get(&*info.name).map(String::as_str).unwrap_or_default();
            let found = find(answer, pointer).ok_or_else(|| {
                CallError::malformed(format!("the answer has no value at {pointer}"))
            })?;
            let shape = shape(found).map_err(|error| CallError::mismatch(error.to_string()))?;
            let (index, length) = expected.place(&info.name, info.dtype, &shape)?;
            let mut bytes = run.memory.writable(length)?;
            numbers::read(found.get(), info.dtype, &mut bytes)
                .map_err(|error| CallError::mismatch(error.to_string()))?;
            expected.put(index, Tensor::new(info.dtype, shape, bytes.freeze())?);
        }
        expected.finish()
    }
}

/// Writes the template with the inputs inserted.
fn write(into: &mut Vec<u8>, template: &Value, run: &RunRequest<'_>) -> Result<()> {
    let unwritten =
        |error: serde_json::Error| Error::internal("cannot write a request").with_source(error);
    match template {
        Value::Array(values) => {
            into.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    into.push(b',');
                }
                write(into, value, run)?;
            }
            into.push(b']');
        }
        Value::Object(fields) => {
            into.push(b'{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    into.push(b',');
                }
                serde_json::to_writer(&mut *into, name).map_err(unwritten)?;
                into.push(b':');
                write(into, value, run)?;
            }
            into.push(b'}');
        }
        Value::String(text) => match input(text, run) {
            Some((tensor, bytes, false)) => {
                nested(into, tensor.dtype(), tensor.shape(), &bytes)?;
            }
            Some((tensor, bytes, true)) => numbers::write(into, tensor.dtype(), &bytes)?,
            None => serde_json::to_writer(&mut *into, text).map_err(unwritten)?,
        },
        other => serde_json::to_writer(&mut *into, other).map_err(unwritten)?,
    }
    Ok(())
}

/// The input for `{name}` or `{name:flat}`, and whether it is flat.
fn input<'a>(text: &str, run: &RunRequest<'a>) -> Option<(&'a Tensor, Buffer, bool)> {
    let name = text.strip_prefix('{')?.strip_suffix('}')?;
    let (name, flat) = match name.strip_suffix(":flat") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let index = run.signature.inputs.iter().position(|info| &*info.name == name)?;
    let tensor = run.inputs.get(index)?;
    Some((tensor, tensor.host()?.clone(), flat))
}

fn nested(into: &mut Vec<u8>, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<()> {
    match shape {
        [] => numbers::write_one(into, dtype, bytes),
        [_] => numbers::write(into, dtype, bytes),
        [outer, inner @ ..] => {
            into.push(b'[');
            let row = bytes.len().checked_div(*outer).unwrap_or_default();
            for index in 0..*outer {
                if index > 0 {
                    into.push(b',');
                }
                let row = bytes.get(index * row..(index + 1) * row).unwrap_or_default();
                nested(into, dtype, inner, row)?;
            }
            into.push(b']');
            Ok(())
        }
    }
}

/// The value at a JSON pointer. Only the lists and objects on the way are parsed.
fn find<'a>(from: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    let mut found = from;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        found = match token.parse::<usize>() {
            Ok(index) if found.get().trim_start().starts_with('[') => {
                let list: Vec<&RawValue> = serde_json::from_str(found.get()).ok()?;
                list.get(index).copied()?
            }
            _ => {
                let mut fields: BTreeMap<String, &RawValue> =
                    serde_json::from_str(found.get()).ok()?;
                fields.remove(&token)?
            }
        };
    }
    Some(found)
}

/// The shape of nested lists, which must have the same length at each depth.
fn shape(json: &RawValue) -> Result<Shape, serde_json::Error> {
    let mut from = serde_json::Deserializer::from_str(json.get());
    let mut dims = Depth.deserialize(&mut from)?;
    dims.reverse();
    Ok(Shape::new(dims))
}

/// Reads dimensions, the innermost first.
struct Depth;

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Vec<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<usize>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Vec<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers or lists of them")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Vec<usize>, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Vec<usize>, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Vec<usize>, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Vec<usize>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<usize>, A::Error> {
        let mut inner: Option<Vec<usize>> = None;
        let mut length = 0;
        while let Some(dims) = seq.next_element_seed(Self)? {
            if inner.get_or_insert_with(|| dims.clone()) != &dims {
                return Err(serde::de::Error::custom("lists of different lengths"));
            }
            length += 1;
        }
        let mut dims = inner.unwrap_or_default();
        dims.push(length);
        Ok(dims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_followed_and_a_shape_is_seen() {
        let json = r#"{"a/b": [{"x": 1}, {"scores": [[1, 2.5], [3, 4], [5, 6]]}], "n": []}"#;
        let json: &RawValue = serde_json::from_str(json).unwrap();
        let at = |pointer: &str| find(json, pointer);
        let scores = at("/a~1b/1/scores").unwrap();
        assert_eq!(shape(scores).unwrap()[..], [3, 2]);
        assert!(shape(at("/a~1b/0/x").unwrap()).unwrap().is_empty());
        assert_eq!(shape(at("/n").unwrap()).unwrap()[..], [0]);
        assert!(at("/a~1b/2").is_none() && at("/n/x").is_none());
        let ragged: &RawValue = serde_json::from_str("[[1], [1, 2]]").unwrap();
        assert!(shape(ragged).is_err());
    }
}
