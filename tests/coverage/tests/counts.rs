//! The walk over ONNX files counts what the onnx package counts (`count_operators.py`).

#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

use std::collections::BTreeMap;
use std::path::Path;

use godwit_coverage::cases;
use godwit_onnx::{Outline, decode};
use serde::Deserialize;

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Counts {
    onnx: String,
    models: usize,
    graphs: usize,
    operators: BTreeMap<String, usize>,
}

#[test]
fn every_node_of_every_case_is_counted_as_the_onnx_package_counts() {
    let expected: Counts = serde_json::from_str(include_str!("../counts.json")).unwrap();
    let folder = cases::installed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let mut counts = Counts { onnx: cases::ONNX.replace("onnx ", ""), ..Counts::default() };
    for case in cases::read(&folder).unwrap() {
        let outline = Outline::of(&decode(&case.model().unwrap().into()).unwrap());
        counts.models += 1;
        counts.graphs += outline.graphs;
        assert_eq!(outline.nodes, outline.operators.values().sum::<usize>(), "{}", case.name);
        for ((domain, name), count) in outline.operators {
            let name = if domain.is_empty() { name } else { format!("{domain}.{name}") };
            *counts.operators.entry(name).or_default() += count;
        }
    }
    assert_eq!(counts, expected);
}
