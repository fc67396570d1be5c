//! Graphs by name and from bytes.

use super::{
    ExecutionTarget, Graph, GraphEncoding, all, code, good, load, load_by_name, only, refused, run,
    tensor, tripled, values,
};
use crate::{Case, Given, ok};

pub(super) const CASES: &[Case] = &[
    ("load-by-name", by_name),
    ("load-by-name-twice", by_name_twice),
    ("load-by-unknown-name", by_unknown_name),
    ("load-by-odd-name", by_odd_name),
    ("load-bytes", bytes),
    ("load-bytes-twice", bytes_twice),
    ("load-autodetect", autodetect),
    ("load-too-few-parts", too_few_parts),
    ("load-too-many-parts", too_many_parts),
    ("load-garbage", garbage),
    ("load-cut-short", cut_short),
    ("load-for-target", for_target),
];

fn encoding(name: &str) -> GraphEncoding {
    match name {
        "openvino" => GraphEncoding::Openvino,
        "onnx" => GraphEncoding::Onnx,
        "tensorflow" => GraphEncoding::Tensorflow,
        "pytorch" => GraphEncoding::Pytorch,
        "tensorflowlite" => GraphEncoding::Tensorflowlite,
        "ggml" => GraphEncoding::Ggml,
        "autodetect" => GraphEncoding::Autodetect,
        other => panic!("no encoding is called '{other}'"),
    }
}

#[track_caller]
fn triples(graph: &Graph) {
    assert_eq!(tripled(&good(graph.init_execution_context()), 2.0), 6.0);
}

fn by_name(_: Given<'_>) -> String {
    triples(&good(load_by_name("scale")));
    ok()
}

fn by_name_twice(_: Given<'_>) -> String {
    let (one, other, add) =
        (good(load_by_name("scale")), good(load_by_name("scale")), good(load_by_name("add")));
    triples(&other);
    triples(&one);
    let inputs = [("a", tensor(&[1], &[1.0])), ("b", tensor(&[1], &[2.0]))];
    assert_eq!(values(&only(good(run(&good(add.init_execution_context()), inputs)))), [3.0]);
    ok()
}

fn by_unknown_name(_: Given<'_>) -> String {
    refused("an unknown name", load_by_name("no such model"))
}

fn by_odd_name(_: Given<'_>) -> String {
    let long = "x".repeat(1 << 20);
    let names = ["", "/", "../scale", "scale/", "SCALE", "scale\0", long.as_str()];
    all(names.map(|name| refused("an odd name", load_by_name(name))))
}

fn bytes(given: Given<'_>) -> String {
    let parts = given.parts("scale");
    triples(&good(load(&parts, encoding(given.encoding), ExecutionTarget::Cpu)));
    ok()
}

fn bytes_twice(given: Given<'_>) -> String {
    let [scale, add] = ["scale", "add"]
        .map(|name| good(load(&given.parts(name), encoding(given.encoding), ExecutionTarget::Cpu)));
    triples(&scale);
    let inputs = [("a", tensor(&[1], &[1.0])), ("b", tensor(&[1], &[2.0]))];
    assert_eq!(values(&only(good(run(&good(add.init_execution_context()), inputs)))), [3.0]);
    ok()
}

fn autodetect(given: Given<'_>) -> String {
    match load(&given.parts("scale"), GraphEncoding::Autodetect, ExecutionTarget::Cpu) {
        Ok(graph) => {
            triples(&graph);
            ok()
        }
        Err(error) => format!("unsupported: {}", code(&error)),
    }
}

fn too_few_parts(given: Given<'_>) -> String {
    let encoding = encoding(given.encoding);
    refused("a model of no parts", load(&[], encoding, ExecutionTarget::Cpu))
}

fn too_many_parts(given: Given<'_>) -> String {
    let mut parts = given.parts("scale");
    parts.resize(5, b"more".to_vec());
    refused("a model of five parts", load(&parts, encoding(given.encoding), ExecutionTarget::Cpu))
}

/// Neither fish nor fowl, in as many parts as the encoding has.
fn garbage(given: Given<'_>) -> String {
    let name = if given.which() == "own" { given.encoding } else { given.which() };
    let mut parts = vec![b"neither fish nor fowl".to_vec()];
    if name == "openvino" {
        parts.push(vec![0; 16]);
    }
    refused("garbage", load(&parts, encoding(name), ExecutionTarget::Cpu))
}

fn cut_short(given: Given<'_>) -> String {
    let parts = given.parts("digits");
    let (first, rest) = parts.split_first().expect("a model has a part");
    all([0, 1, 10, 50, 90].map(|percent| {
        let mut cut = vec![first[..first.len() * percent / 100].to_vec()];
        cut.extend_from_slice(rest);
        refused("part of a model", load(&cut, encoding(given.encoding), ExecutionTarget::Cpu))
    }))
}

fn for_target(given: Given<'_>) -> String {
    let target = match given.which() {
        "cpu" => ExecutionTarget::Cpu,
        "gpu" => ExecutionTarget::Gpu,
        "tpu" => ExecutionTarget::Tpu,
        other => panic!("no target is called '{other}'"),
    };
    match load(&given.parts("scale"), encoding(given.encoding), target) {
        Ok(graph) => {
            triples(&graph);
            ok()
        }
        Err(error) => format!("refused: {}", code(&error)),
    }
}
