//! Graphs by name and from bytes.

use super::{
    CPU, List, SUCCESS, all, by_name, encoding, errno, good, list, raw, refused, tripled, written,
};
use crate::{Case, Given, ok};

pub(super) const CASES: &[Case] = &[
    ("load-by-name", load_by_name),
    ("load-by-unknown-name", unknown_name),
    ("load-by-name-not-text", not_text),
    ("load-bytes", bytes),
    ("load-no-parts", no_parts),
    ("load-garbage", garbage),
    ("load-encoding-out-of-range", encoding_out_of_range),
    ("load-target-out-of-range", target_out_of_range),
    ("load-for-target", for_target),
];

#[track_caller]
fn triples(graph: i32) {
    let context =
        good("init_execution_context", written(|out| raw::init_execution_context(graph, out)));
    assert_eq!(tripled(context, 2.0), 6.0);
}

fn load(parts: &[Vec<u8>], encoding: i32, target: i32) -> Result<i32, i32> {
    let parts: Vec<List> = parts.iter().map(|part| list(part)).collect();
    let List { start, len } = list(&parts);
    written(|out| raw::load(start, len, encoding, target, out))
}

fn load_by_name(_: Given<'_>) -> String {
    triples(good("load_by_name", by_name(b"scale")));
    ok()
}

fn unknown_name(_: Given<'_>) -> String {
    refused("an unknown name", by_name(b"no such model").err().unwrap_or(SUCCESS))
}

fn not_text(_: Given<'_>) -> String {
    refused("a name that is not UTF-8", by_name(b"\xff\xfe").err().unwrap_or(SUCCESS))
}

fn bytes(given: Given<'_>) -> String {
    triples(good("load", load(&given.parts("scale"), encoding(given.encoding), CPU)));
    ok()
}

fn no_parts(given: Given<'_>) -> String {
    let outcome = load(&[], encoding(given.encoding), CPU);
    refused("a model of no parts", outcome.err().unwrap_or(SUCCESS))
}

fn garbage(given: Given<'_>) -> String {
    let parts = [b"neither fish nor fowl".to_vec(), vec![0; 16]];
    let count = if given.encoding == "openvino" { 2 } else { 1 };
    let outcome = load(&parts[..count], encoding(given.encoding), CPU);
    refused("garbage", outcome.err().unwrap_or(SUCCESS))
}

fn encoding_out_of_range(given: Given<'_>) -> String {
    let parts = given.parts("scale");
    all([99, 255, 256, -1].map(|number| {
        refused("an encoding that is none", load(&parts, number, CPU).err().unwrap_or(SUCCESS))
    }))
}

fn target_out_of_range(given: Given<'_>) -> String {
    let (parts, encoding) = (given.parts("scale"), encoding(given.encoding));
    all([3, 99, 256, -1].map(|number| {
        refused("a target that is none", load(&parts, encoding, number).err().unwrap_or(SUCCESS))
    }))
}

fn for_target(given: Given<'_>) -> String {
    let target = match given.which() {
        "gpu" => 1,
        "tpu" => 2,
        other => panic!("no target is called '{other}'"),
    };
    match load(&given.parts("scale"), encoding(given.encoding), target) {
        Ok(graph) => {
            triples(graph);
            ok()
        }
        Err(number) => errno(number),
    }
}
