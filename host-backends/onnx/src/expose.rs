use std::collections::BTreeMap;

use godwit_backend::{Error, Result};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::schema::ValueInfoProto;
use crate::wire::{damaged, fields};

const GRAPH: u32 = 7;
const OUTPUT: u32 = 12;
const INNER: u32 = 13;

/// `model` with `values` as further outputs. Everything else stays as it is, byte by byte, whether the schema
/// knows it or not.
///
/// # Errors
///
/// `InvalidEncoding` when the model is damaged.
pub fn expose(model: &[u8], values: &[&str]) -> Result<Vec<u8>> {
    let inner = graph(model)?;
    // Where the file states the type of a value, it is stated for the output too.
    let mut stated: BTreeMap<String, &[u8]> = BTreeMap::new();
    for field in fields(inner)? {
        if let (INNER, Some(value)) = (field.number, field.inside) {
            stated.insert(ValueInfoProto::decode(value).map_err(damaged)?.name().to_owned(), value);
        }
    }
    let mut changed = inner.to_vec();
    for value in values {
        let written = match stated.get(*value) {
            Some(stated) => stated.to_vec(),
            None => {
                let name = Some((*value).to_owned());
                ValueInfoProto { name, ..Default::default() }.encode_to_vec()
            }
        };
        put(&mut changed, OUTPUT, &written);
    }
    let mut whole = Vec::with_capacity(model.len() + changed.len() - inner.len() + 16);
    for field in fields(model)? {
        match field.number {
            GRAPH => put(&mut whole, GRAPH, &changed),
            _ => whole.extend_from_slice(field.whole),
        }
    }
    Ok(whole)
}

/// The bytes of the outermost graph.
fn graph(model: &[u8]) -> Result<&[u8]> {
    let graph = fields(model)?.into_iter().find(|field| field.number == GRAPH);
    let inside = graph.and_then(|field| field.inside);
    inside.ok_or_else(|| Error::invalid_encoding("the model holds no graph"))
}

fn put(message: &mut Vec<u8>, number: u32, inside: &[u8]) {
    encode_key(number, WireType::LengthDelimited, message);
    encode_varint(inside.len() as u64, message);
    message.extend_from_slice(inside);
}

#[cfg(test)]
mod tests {
    use godwit_fixtures::models::{DIGITS_ONNX, matmul_chain};

    use super::*;
    use crate::schema::ModelProto;

    #[test]
    fn only_outputs_are_added() {
        let model = matmul_chain(4, 3);
        let changed = expose(&model, &["h1", "h2"]).unwrap();
        let mut expected = ModelProto::decode(&*model).unwrap();
        let mut found = ModelProto::decode(&*changed).unwrap();
        let outputs = &mut found.graph.as_mut().unwrap().output;
        let added: Vec<_> =
            outputs.split_off(1).into_iter().filter_map(|value| value.name).collect();
        assert_eq!(added, ["h1", "h2"]);
        assert_eq!(found, expected);
        // The result is a model that the check in front of the engines accepts.
        let limits = godwit_model::Limits::default();
        godwit_model::onnx::summarize(&changed, &limits).unwrap();
        expected.graph = None;
        assert!(expose(&expected.encode_to_vec(), &[]).is_err());
    }

    #[test]
    fn exposing_nothing_changes_nothing() {
        assert_eq!(expose(DIGITS_ONNX, &[]).unwrap(), DIGITS_ONNX);
    }

    #[test]
    fn damaged_models_are_errors() {
        for length in [1, 10, 100, DIGITS_ONNX.len() - 1] {
            let cut = &DIGITS_ONNX[..length];
            assert!(expose(cut, &["x"]).is_err() || ModelProto::decode(cut).is_ok(), "{length}");
        }
    }
}
