//! The first operator that errs is found, wherever it stands.

use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{Backend, DType, Model, Target, Tensor};
use godwit_fixtures::dims;
use godwit_fixtures::models::matmul_chain;
use godwit_fixtures::onnx::Graph;
use godwit_model::Limits;
use godwit_verify::bisect::{Bisect, FirstDivergence};
use godwit_verify::{ProfileName, Replay, ReplayOptions, Sample, VerifyOptions, Work, verify};

use crate::interpreter::Interpreter;

fn sample(model: &Model) -> Sample {
    let x = Tensor::from_values([2, 4], &[1f32, 2.0, -3.0, 4.0, 0.5, -0.25, 1.5, 2.5]).unwrap();
    Sample { digest: model.digest().to_string(), inputs: vec![("x".into(), x)] }
}

fn search(onnx: Vec<u8>, interpreter: Interpreter) -> Option<FirstDivergence> {
    let model = Model::onnx("m", onnx);
    let backend: Arc<dyn Backend> = Arc::new(interpreter);
    let bisect = Bisect {
        backend: &backend,
        model: &model,
        sample: &sample(&model),
        reference: &Target::new("x:0"),
        other: &Target::new("x:1"),
        tolerance: ProfileName::Fp32.tolerance(Work::default()),
        limits: &Limits::default(),
    };
    block_on(bisect.run()).unwrap()
}

fn wrong(names: &[&str]) -> Interpreter {
    Interpreter { wrong: names.iter().map(|&name| name.into()).collect(), ..Default::default() }
}

/// Two branches that meet: nodes 0 to 2 on one, 3 to 5 on the other, 6 joins, 7 ends.
fn branches() -> Vec<u8> {
    let mut graph = Graph::new("branches");
    graph.input("x", DType::F32, dims!["n", 4]);
    graph.initializer("half", [1, 4], &[0.5f32; 4]);
    for side in ["a", "b"] {
        graph.node("Mul", ["x", "half"], &format!("{side}0"));
        graph.node("Add", [format!("{side}0"), "half".into()], &format!("{side}1"));
        graph.node("Mul", [format!("{side}1"), "half".into()], &format!("{side}2"));
    }
    graph.node("Add", ["a2", "b2"], "sum");
    graph.node("Relu", "sum", "y");
    graph.output("y", DType::F32, dims!["n", 4]);
    graph.into_bytes()
}

#[test]
fn every_place_in_a_chain_is_found_in_a_few_steps() {
    let layers = 33;
    for place in 0..layers {
        let name = format!("MatMul_{place}");
        let found = search(matmul_chain(4, layers), wrong(&[&name])).unwrap();
        assert_eq!((found.node, found.position, found.operator.as_str()), (name, place, "MatMul"));
        assert_eq!(found.nodes, layers);
        assert!((found.max_abs - 0.5).abs() < 1e-5, "{}", found.max_abs);
        assert!(found.probes <= 8, "{} probes", found.probes);
        assert!(found.notes.is_empty(), "{:?}", found.notes);
    }
}

#[test]
fn the_branch_that_errs_is_found_and_of_two_errors_one_with_sound_inputs() {
    let names = ["Mul_0", "Add_1", "Mul_2", "Mul_3", "Add_4", "Mul_5", "Add_6", "Relu_7"];
    for (place, name) in names.iter().enumerate() {
        let found = search(branches(), wrong(&[name])).unwrap();
        assert_eq!((found.node.as_str(), found.position), (*name, place));
    }
    for pair in [["Mul_0", "Mul_5"], ["Add_4", "Relu_7"], ["Mul_2", "Add_6"]] {
        let found = search(branches(), wrong(&pair)).unwrap();
        assert!(pair.contains(&found.node.as_str()), "{found:?}");
    }
    let later = search(branches(), wrong(&["Mul_0", "Add_1"])).unwrap();
    assert_eq!(later.node, "Mul_0", "Add_1 had a wrong input already");
}

#[test]
fn devices_that_agree_have_no_first_operator() {
    assert_eq!(search(branches(), wrong(&[])), None);
}

#[test]
fn a_value_that_cannot_be_read_is_stepped_over() {
    let hidden = Interpreter { hidden: Some("h4".into()), ..wrong(&["MatMul_6"]) };
    let found = search(matmul_chain(4, 8), hidden).unwrap();
    assert_eq!(found.node, "MatMul_6");
    assert!(found.notes.iter().any(|note| note.contains("could not be observed")), "{found:?}");
}

#[test]
fn an_error_of_fusion_is_said_to_be_one() {
    let fused = Interpreter { only_fused: true, ..wrong(&["MatMul_2"]) };
    let found = search(matmul_chain(4, 5), fused).unwrap();
    assert!(found.notes.iter().any(|note| note.contains("fuses")), "{found:?}");
}

#[test]
fn a_verification_searches_when_it_is_told_to() {
    let model = Model::onnx("chain", matmul_chain(4, 6));
    let backend: Arc<dyn Backend> = Arc::new(wrong(&["MatMul_3"]));
    let replay = Replay {
        samples: vec![sample(&model)],
        models: vec![model],
        options: ReplayOptions::default(),
    };
    let options = VerifyOptions { bisect: true, ..Default::default() };
    let targets = [Target::new("x:0"), Target::new("x:1")];
    let (report, _) = block_on(verify(&backend, &replay, &targets, &options)).unwrap();
    let found = report.devices[1].first_divergence.as_ref().unwrap();
    assert_eq!(found.node, "MatMul_3");
    assert!(
        report.to_text().contains("first operator that differs: MatMul 'MatMul_3' (node 4 of 6)")
    );
}
