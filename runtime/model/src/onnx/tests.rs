use std::collections::BTreeSet;

use godwit_backend::{ErrorKind, Model};
use proptest::prelude::*;

use super::writer::{
    F32, I64, Message, STRING, attribute, header, list, loose, model, new, node, output, tensor,
    value,
};
use crate::{Format, Interface, Limits, Summary, precheck};

const DIGITS: &[u8] = include_bytes!("../../../../tests/fixtures/models/digits.onnx");

fn check_with(bytes: &[u8], limits: &Limits) -> Result<Summary, (ErrorKind, String)> {
    match precheck(&Model::onnx("m", bytes), limits) {
        Ok(summary) => Ok(summary.unwrap()),
        Err(error) => Err((error.kind(), error.message().to_owned())),
    }
}

fn check(bytes: &[u8]) -> Result<Summary, (ErrorKind, String)> {
    check_with(bytes, &Limits::default())
}

#[track_caller]
fn refused(bytes: &[u8], kind: ErrorKind, part: &str) {
    let (found, message) = check(bytes).unwrap_err();
    assert_eq!(found, kind, "{message}");
    assert!(message.contains(part), "{message}");
}

/// A graph with one of everything honest.
fn small() -> Vec<u8> {
    model(
        new()
            .message(1, node("Relu", &["x"], "r"))
            .message(1, node("Add", &["r", "w"], "y"))
            .bytes(2, "small")
            .message(5, tensor("w", F32, &[2]).bytes(9, [0; 8]))
            .message(11, value("x", F32, &[None, Some(2)]))
            .message(11, value("w", F32, &[Some(2)])),
    )
}

#[test]
fn the_digits_model() {
    let summary = check(DIGITS).unwrap();
    let signature = summary.signature().unwrap();
    let shown = |infos: &[godwit_backend::TensorInfo]| {
        infos.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(shown(&signature.inputs), "image: f32[batch, 1, 8, 8]");
    assert_eq!(shown(&signature.outputs), "logits: f32[batch, 10]");
    assert_eq!(summary.operators["Conv"], 2);
    assert_eq!(summary.operators.values().sum::<u64>(), summary.nodes);
    assert!(summary.parameter_bytes > 100_000 && summary.parameter_bytes < DIGITS.len() as u64);
    assert!(!summary.control_flow && summary.external_data.is_empty());
}

#[test]
fn a_summary_holds_what_the_file_says() {
    let summary = check(&small()).unwrap();
    let json = serde_json::to_value(&summary).unwrap();
    let expected = serde_json::json!({
        "name": "small",
        "encoding": "onnx",
        "ir_version": 8,
        "opsets": { "ai.onnx": 18 },
        "producer": "writer 1",
        "functions": 0,
        "signature": {
            "inputs": [{ "name": "x", "dtype": "f32", "dims": ["n", 2] }],
            "outputs": [{ "name": "y", "dtype": "f32", "dims": ["n"] }],
        },
        "operators": { "Add": 1, "Relu": 1 },
        "nodes": 2,
        "parameters": 2,
        "parameter_bytes": 8,
        "external_data": [],
        "control_flow": false,
        "nesting": 0,
    });
    assert_eq!(json, expected);
}

#[test]
fn every_prefix_is_answered() {
    for bytes in [small(), looped(3, new()), bomb(I64, &[9])] {
        for end in 0..bytes.len() {
            if let Err((kind, message)) = check(&bytes[..end]) {
                assert_eq!(kind, ErrorKind::InvalidEncoding, "{end} bytes: {message}");
            }
        }
    }
    // A large one is cut at fewer places; its graph is one field, so no prefix of it is whole.
    for end in (0..DIGITS.len()).step_by(997) {
        refused(&DIGITS[..end], ErrorKind::InvalidEncoding, "");
    }
}

proptest! {
    #[test]
    fn noise_is_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(&bytes);
        let _ = super::summarize(&bytes, &Limits::default());
    }

    #[test]
    fn damage_is_answered(at in any::<prop::sample::Index>(), byte: u8, which in 0..3usize) {
        let mut bytes = vec![small(), looped(2, new()), bomb(I64, &[9])].swap_remove(which);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Err((kind, message)) = check(&bytes) {
            prop_assert!(!matches!(kind, ErrorKind::Internal), "{message}");
        }
    }
}

fn bomb(element: i64, dims: &[i64]) -> Vec<u8> {
    let filler = tensor("", element, &[1]).bytes(9, [0; 8]);
    let shape = node("ConstantOfShape", &["s"], "y");
    let shape = shape.message(5, attribute("value").message(5, filler));
    model(new().message(1, shape).message(5, list("s", dims)))
}

#[test]
fn a_constant_of_shape_is_sized() {
    assert!(check(&bomb(I64, &[1000, 1000])).is_ok());
    for dims in [&[1_000_000_000][..], &[1 << 40, 1 << 40], &[i64::MAX; 8], &[1 << 31, 0]] {
        refused(&bomb(I64, dims), ErrorKind::TooLarge, "'ConstantOfShape'");
    }
    let bare = model(
        new()
            .message(1, node("ConstantOfShape", &["s"], "y"))
            .message(5, list("s", &[1_000_000_000])),
    );
    assert!(bare.len() < 100);
    refused(&bare, ErrorKind::TooLarge, "268435456 bytes");
}

#[test]
fn other_nodes_that_make_much_of_little() {
    let many = || attribute("value_ints").int(8, 1 << 20).int(8, 1 << 20);
    let constant = |name| node("Constant", &[], name).message(5, many());
    let with = |sized: Message| model(new().message(1, constant("s")).message(1, sized));
    refused(&with(node("Expand", &["x", "s"], "y")), ErrorKind::TooLarge, "'Expand'");
    refused(&with(node("Tile", &["x", "s"], "y")), ErrorKind::TooLarge, "'Tile'");
    let through = new()
        .message(1, constant("a"))
        .message(1, node("Identity", &["a"], "s"))
        .message(1, node("ConstantOfShape", &["s"], "y"));
    refused(&model(through), ErrorKind::TooLarge, "'ConstantOfShape'");
    let random = node("RandomNormal", &[], "y");
    let random = random.message(5, attribute("shape").int(8, 1 << 40));
    refused(&model(new().message(1, random)), ErrorKind::TooLarge, "'RandomNormal'");
    let range = new()
        .message(1, node("Range", &["a", "b", "c"], "y"))
        .message(5, list("a", &[0]))
        .message(5, list("b", &[1 << 40]))
        .message(5, list("c", &[1]));
    refused(&model(range), ErrorKind::TooLarge, "'Range'");
}

#[test]
fn many_medium_bombs_are_one_large_one() {
    let graph = new().each(0..40, |graph, i| {
        graph.message(1, node("ConstantOfShape", &["s"], &format!("y{i}")))
    });
    let each = 10 << 20;
    refused(
        &loose(graph.message(5, list("s", &[each / 4]))),
        ErrorKind::TooLarge,
        "'ConstantOfShape'",
    );
}

#[test]
fn weights_are_held_to_what_is_there() {
    let with = |weights: Message| loose(new().message(5, weights));
    assert!(check(&with(tensor("w", F32, &[3]).bytes(9, [0; 12]))).is_ok());
    assert!(check(&with(tensor("w", F32, &[0, 7]))).is_ok());
    assert!(check(&with(tensor("w", I64, &[2]).int(7, 1).int(7, -1))).is_ok());
    assert!(check(&with(tensor("w", F32, &[2]).bytes(4, [0; 8]))).is_ok());
    let wrong = ErrorKind::InvalidEncoding;
    refused(&with(tensor("w", F32, &[3]).bytes(9, [0; 11])), wrong, "'w' claims 3 elements");
    refused(&with(tensor("w", F32, &[3])), wrong, "'w' claims 3 elements");
    refused(&with(tensor("w", I64, &[2]).bytes(4, [0; 8])), wrong, "'w' claims 2 elements");
    refused(&with(tensor("w", F32, &[2]).bytes(9, [0; 8]).bytes(4, [0; 8])), wrong, "'w'");
    refused(&with(tensor("w", F32, &[-1])), wrong, "negative");
    refused(&with(tensor("w", 99, &[1])), wrong, "element type");
    refused(&with(tensor("w", F32, &[1 << 40])), ErrorKind::TooLarge, "'w' claims");
    refused(&with(tensor("w", F32, &[i64::MAX, 2])), ErrorKind::TooLarge, "'w' claims");
}

fn external(location: &str) -> Vec<u8> {
    let entry = new().bytes(1, "location").bytes(2, location);
    loose(new().message(5, tensor("w", F32, &[4]).message(13, entry).int(14, 1)))
}

#[test]
fn other_files_are_denied_without_naming_them() {
    let (kind, message) = check(&external("weights.bin")).unwrap_err();
    assert_eq!(kind, ErrorKind::Denied);
    assert!(!message.contains("weights.bin"), "{message}");

    let allowing = Limits { allow_external_data: true, ..Limits::default() };
    let summary = check_with(&external("weights.bin"), &allowing).unwrap();
    assert_eq!(summary.external_data, BTreeSet::from(["weights.bin".to_owned()]));
    assert_eq!(summary.parameter_bytes, 16);
    for location in ["../../etc/shadow", "/etc/shadow", ""] {
        let (kind, message) = check_with(&external(location), &allowing).unwrap_err();
        assert_eq!(kind, ErrorKind::Denied);
        assert!(!message.contains("shadow"), "{message}");
    }
}

#[test]
fn external_data_inside_attributes_counts() {
    let entry = new().bytes(1, "location").bytes(2, "w");
    let hidden = tensor("", F32, &[4]).message(13, entry);
    let constant = node("Constant", &[], "y").message(5, attribute("value").message(5, hidden));
    refused(&loose(new().message(1, constant)), ErrorKind::Denied, "1 other file");
}

/// `depth` loops inside one another around `innermost`.
fn looped(depth: usize, innermost: Message) -> Vec<u8> {
    let graph = (0..depth).fold(innermost, |body, _| {
        let body = attribute("body").message(6, body);
        new().message(1, node("Loop", &["n"], "y").message(5, body))
    });
    loose(graph)
}

#[test]
fn nesting_is_counted_and_bounded() {
    let summary = check(&looped(16, new().message(1, node("Relu", &["x"], "y")))).unwrap();
    assert_eq!((summary.nesting, summary.nodes), (16, 17));
    assert_eq!(summary.operators["Loop"], 16);
    assert!(summary.control_flow);
    refused(&looped(17, new()), ErrorKind::TooLarge, "more than 16 deep");
    refused(&looped(2000, new()), ErrorKind::TooLarge, "more than 16 deep");
}

#[test]
fn types_inside_types_are_bounded() {
    let ty = (0..5000).fold(new(), |ty, _| new().message(4, new().message(1, ty)));
    let input = new().bytes(1, "x").message(2, ty);
    refused(&model(new().message(11, input)), ErrorKind::TooLarge, "more than 16 deep");
}

#[test]
fn nodes_values_and_names_are_bounded() {
    let limits = Limits { max_nodes: 3, max_values: 6, max_name_len: 12, ..Limits::default() };
    let three = |number, message: Message| {
        new().each(0..3, move |graph, _| graph.message(number, message.clone()))
    };
    assert!(check_with(&loose(three(1, node("Relu", &["x"], ""))), &limits).is_ok());
    let nodes = three(1, node("Relu", &["x"], "")).message(1, node("Relu", &["x"], ""));
    let values = three(5, tensor("w", F32, &[0])).message(5, tensor("w", F32, &[0]));
    let long = new().message(1, node("Relu", &["a name of 20 letters"], "y"));
    for (graph, part) in
        [(nodes, "the 3 nodes"), (values, "the 6 values"), (long, "a name of 20 bytes, and 12")]
    {
        let (kind, message) = check_with(&loose(graph), &limits).unwrap_err();
        assert_eq!(kind, ErrorKind::TooLarge);
        assert!(message.contains(part), "{message}");
    }
}

fn function(name: &str, calls: &[(&str, usize)]) -> Message {
    let calls = calls.iter().flat_map(|&(callee, times)| std::iter::repeat_n(callee, times));
    new()
        .bytes(1, name)
        .bytes(10, "own")
        .each(calls, |f, callee| f.message(7, node(callee, &["x"], "").bytes(7, "own")))
}

fn with_functions(functions: impl IntoIterator<Item = Message>) -> Vec<u8> {
    let call = node("f0", &["x"], "y").bytes(7, "own");
    let graph = new().message(1, call).message(12, output()).message(11, value("x", F32, &[]));
    header().message(7, graph).each(functions, |model, f| model.message(25, f)).0
}

#[test]
fn functions_are_counted_as_what_they_expand_to() {
    let honest = with_functions([function("f0", &[("f1", 3)]), function("f1", &[("Leaf", 2)])]);
    let summary = check(&honest).unwrap();
    assert_eq!(summary.nodes, 6);
    assert_eq!(summary.operators["own.Leaf"], 2);
    assert!(matches!(summary.format, Format::Onnx { functions: 2, .. }));

    let names: Vec<String> = (0..12).map(|i| format!("f{i}")).collect();
    let tenfold = names.windows(2).map(|pair| function(&pair[0], &[(&pair[1], 10)]));
    refused(&with_functions(tenfold), ErrorKind::TooLarge, "functions come to more");
    let names: Vec<String> = (0..5000).map(|i| format!("f{i}")).collect();
    let chain = names.windows(2).map(|pair| function(&pair[0], &[(&pair[1], 1)]));
    refused(&with_functions(chain), ErrorKind::TooLarge, "call one another more than 16 deep");
    let circle = [function("f0", &[("f1", 1)]), function("f1", &[("f0", 1)])];
    refused(&with_functions(circle), ErrorKind::InvalidEncoding, "calls itself");
}

#[test]
fn a_type_no_tensor_has_is_named() {
    let strings = loose(new().message(11, value("words", STRING, &[None])));
    refused(&strings, ErrorKind::Unsupported, "input 'words' is a tensor of strings");
    let summary = super::summarize(&strings, &Limits::default()).unwrap();
    assert!(matches!(summary.signature, Interface::Unsupported { .. }));
    assert_eq!(summary.signature().unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn an_output_without_a_type_is_left_to_the_device() {
    let bytes = loose(new().message(12, new().bytes(1, "z")).message(5, tensor("z", F32, &[0])));
    let summary = check(&bytes).unwrap();
    let error = summary.signature().unwrap_err();
    assert!(error.message().contains("type of output 'z'"), "{error}");
}

#[test]
fn operators_are_allowed_and_denied_by_name() {
    let gelu = node("Gelu", &["x"], "g").bytes(7, "com.microsoft");
    let bytes = loose(new().message(1, gelu).message(1, node("Relu", &["x"], "y")));
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let deny = Limits { deny_ops: set(&["com.microsoft.Gelu"]), ..Limits::default() };
    let allow = Limits { allow_ops: Some(set(&["Relu"])), ..Limits::default() };
    for limits in [deny, allow] {
        let (kind, message) = check_with(&bytes, &limits).unwrap_err();
        assert_eq!(kind, ErrorKind::Unsupported);
        assert!(message.ends_with("not allowed here: 'com.microsoft.Gelu'"), "{message}");
    }
    let both =
        Limits { allow_ops: Some(set(&["Relu", "com.microsoft.Gelu"])), ..Limits::default() };
    assert!(check_with(&bytes, &both).is_ok());
}

#[test]
fn what_parsers_would_merge_is_refused() {
    let graph = || new().message(12, output());
    let twice = header().message(7, graph()).message(7, graph()).0;
    refused(&twice, ErrorKind::InvalidEncoding, "twice");
}

#[test]
fn names_cannot_reach_a_terminal() {
    let escape = model(new().message(1, node("Re\x1b[31mlu", &["x"], "y")));
    let (kind, message) = check(&escape).unwrap_err();
    assert_eq!(kind, ErrorKind::InvalidEncoding);
    assert!(!message.contains('\x1b') && message.contains("\\u{1b}"), "{message}");
}

#[test]
fn what_no_honest_graph_says_is_refused() {
    let wrong = ErrorKind::InvalidEncoding;
    let relu = || node("Relu", &["x"], "y");
    refused(
        &model(new().message(1, relu()).message(1, relu())),
        wrong,
        "two nodes of the model give 'y'",
    );
    refused(
        &model(new().message(11, value("x", F32, &[Some(-3)]))),
        wrong,
        "a dimension below zero",
    );
    assert!(check(&loose(new().message(11, value("x", F32, &[Some(-1)])))).is_ok());
    let unversioned = new().int(1, 8).message(7, new().message(12, output()));
    refused(&unversioned.0, wrong, "it names no operator set");
}

#[test]
fn every_value_comes_from_somewhere_and_not_from_itself() {
    let wrong = ErrorKind::InvalidEncoding;
    let add = |inputs: &[&str], output| node("Add", inputs, output);
    let x = || new().message(11, value("x", F32, &[None]));
    // In any order of the file.
    let backwards = x().message(1, add(&["x", "a"], "y")).message(1, add(&["x", "x"], "a"));
    check(&model(backwards)).unwrap();
    let cycle = x().message(1, add(&["x", "y"], "a")).message(1, add(&["a", "x"], "y"));
    refused(&model(cycle), wrong, "in a cycle");
    refused(&model(x().message(1, add(&["x", "b"], "y"))), wrong, "gives the value 'b'");
    refused(&model(x()), wrong, "gives the value 'y'");
    // A branch takes what is around it, and its names are its own.
    let branch = |taken| {
        let inside = new().message(1, add(&["x", taken], "y")).message(12, output());
        let branch = attribute("then_branch").message(6, inside);
        x().message(1, node("If", &["x"], "y").message(5, branch))
    };
    check(&model(branch("a").message(1, add(&["x", "x"], "a")))).unwrap();
    refused(&model(branch("a").message(1, add(&["x", "y"], "a"))), wrong, "in a cycle");
    refused(&model(branch("a")), wrong, "gives the value 'a'");
    refused(&model(branch("y")), wrong, "in a cycle");
}

#[test]
fn inputs_and_outputs_are_held_to_the_size_of_a_tensor() {
    for dims in [&[Some(1 << 40), Some(1 << 40)][..], &[Some(1 << 40), Some(0), None]] {
        let graph = new().message(11, value("y", F32, dims));
        refused(&model(graph), ErrorKind::TooLarge, "'y' is a tensor of more than");
    }
}
