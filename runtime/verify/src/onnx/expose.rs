use std::collections::BTreeMap;

use godwit_backend::Result;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::outline::graph;
use super::wire::{damaged, fields};

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    name: String,
}

const GRAPH: u32 = 7;
const OUTPUT: u32 = 12;
const INNER: u32 = 13;

/// `model` with `values` as further outputs. Everything else stays as it is, byte by byte.
///
/// # Errors
///
/// `InvalidEncoding` when the model is damaged.
pub(crate) fn expose(model: &[u8], values: &[&str]) -> Result<Vec<u8>> {
    let inner = graph(model)?;
    // Where the file states the type of a value, it is stated for the output too.
    let mut stated: BTreeMap<String, &[u8]> = BTreeMap::new();
    for field in fields(inner)? {
        if let (INNER, Some(value)) = (field.number, field.inside) {
            stated.insert(Value::decode(value).map_err(damaged)?.name, value);
        }
    }
    let mut changed = inner.to_vec();
    for value in values {
        let written = match stated.get(*value) {
            Some(stated) => stated.to_vec(),
            None => Value { name: (*value).to_owned() }.encode_to_vec(),
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

fn put(message: &mut Vec<u8>, number: u32, inside: &[u8]) {
    encode_key(number, WireType::LengthDelimited, message);
    encode_varint(inside.len() as u64, message);
    message.extend_from_slice(inside);
}

#[cfg(test)]
mod tests {
    use godwit_fixtures::models::{DIGITS_ONNX, matmul_chain};
    use godwit_fixtures::onnx::proto::ModelProto;

    use super::super::Outline;
    use super::*;

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
            assert!(expose(cut, &["x"]).is_err() || Outline::read(cut).is_ok(), "{length}");
        }
    }

    #[test]
    fn ancestors_are_in_the_order_of_computation() {
        let outline = Outline::read(&matmul_chain(4, 4)).unwrap();
        let producer = outline.producer("h3").unwrap();
        assert_eq!(outline.ancestors(producer), [0, 1, 2]);
        assert_eq!((outline.producer("x"), outline.producer("reflection")), (None, None));
        assert_eq!(outline.outputs, ["y"]);
    }
}
