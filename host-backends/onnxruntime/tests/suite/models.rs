//! Models with something particular about them.

use godwit_backend::{DType, Dim, ErrorKind, HostMemory, Memory, Shape, Target, Tensor};
use godwit_fixtures::onnx::Graph;
use godwit_fixtures::{dims, models};

use crate::common::{context, load, load_on, run, target};

fn floats(values: &[f32]) -> Tensor {
    Tensor::from_values([values.len()], values).unwrap()
}

#[test]
fn an_output_that_is_an_input_or_a_constant() {
    let mut graph = Graph::new("direct");
    graph.input("x", DType::F32, ["n"]);
    graph.initializer("c", [2], &[5f32, 6.0]);
    graph.node("Neg", "x", "y");
    graph.output("x", DType::F32, ["n"]);
    graph.output("c", DType::F32, [2]);
    graph.output("y", DType::F32, ["n"]);
    let graph = load(graph.into_bytes()).unwrap();
    let mut context = context(&graph, &Memory::unlimited());
    for x in [[1f32, 2.0], [3.0, 4.0], [3.0, 4.0]] {
        let outputs = run(&mut context, [floats(&x)]).unwrap();
        assert_eq!(outputs[0].values::<f32>().unwrap(), x);
        assert_eq!(outputs[1].values::<f32>().unwrap(), [5.0, 6.0]);
        assert_eq!(outputs[2].values::<f32>().unwrap(), x.map(|x| -x));
    }
}

/// What is passed on outlives the memory and the model that it was in.
#[test]
fn an_output_that_was_never_computed_outlives_everything_else() {
    let mut direct = Graph::new("direct");
    direct.input("x", DType::F32, ["n"]);
    direct.initializer("c", [20_000], &vec![5f32; 20_000]);
    direct.output("x", DType::F32, ["n"]);
    direct.output("c", DType::F32, [20_000]);
    let graph = load(direct.into_bytes()).unwrap();
    let mut context = context(&graph, &Memory::unlimited());
    let x = floats(&vec![7f32; 20_000]);
    let outputs = run(&mut context, [x]).unwrap();
    drop((context, graph));
    let noise: Vec<Vec<f32>> = (0..200).map(|_| vec![1f32; 20_000]).collect();
    assert!(outputs[0].values::<f32>().unwrap().iter().all(|x| *x == 7.0));
    assert!(outputs[1].values::<f32>().unwrap().iter().all(|c| *c == 5.0));
    drop(noise);
}

/// Each branch passes something on that it did not compute.
#[test]
fn a_branch_that_computes_nothing() {
    let branch = |from: &str| {
        let mut graph = Graph::new("branch");
        graph.node("Identity", from, "b");
        graph.output("b", DType::F32, ["n"]);
        graph
    };
    let mut graph = Graph::new("branches");
    graph.input("yes", DType::Bool, dims![]);
    graph.input("x", DType::F32, ["n"]);
    graph.input("y", DType::F32, ["n"]);
    graph
        .node("If", "yes", "z")
        .graph("then_branch", branch("x"))
        .graph("else_branch", branch("y"));
    graph.output("z", DType::F32, ["n"]);
    let graph = load(graph.into_bytes()).unwrap();
    let mut context = context(&graph, &Memory::unlimited());
    for yes in [1u8, 0, 1, 0] {
        let yes = Tensor::new(DType::Bool, Shape::default(), vec![yes].into()).unwrap();
        let expected = if yes.host().unwrap()[0] == 1 { [1f32, 2.0] } else { [3.0, 4.0] };
        let inputs = [yes, floats(&[1.0, 2.0]), floats(&[3.0, 4.0])];
        let z = run(&mut context, inputs).unwrap().remove(0);
        assert_eq!(z.values::<f32>().unwrap(), expected);
    }
}

/// An output of an earlier run stays what it was, whatever its context does next.
#[test]
fn outputs_that_are_kept_do_not_change() {
    let graph = load(models::scale(2.0)).unwrap();
    let mut context = context(&graph, &Memory::unlimited());
    let kept: Vec<Tensor> =
        (0..20u8).map(|x| run(&mut context, [floats(&[x.into()])]).unwrap().remove(0)).collect();
    let values: Vec<f32> = kept.iter().map(|y| y.values::<f32>().unwrap()[0]).collect();
    let doubled: Vec<f32> = (0..20u8).map(|x| 2.0 * f32::from(x)).collect();
    assert_eq!(values, doubled);
}

/// The library's own shape inference cannot see through a value, so it believes what the model says.
#[test]
fn an_output_of_another_shape_than_the_model_says() {
    let mut graph = Graph::new("liar");
    graph.input("x", DType::F32, [1]);
    graph.input("shape", DType::I64, [1]);
    graph.node("Expand", ["x", "shape"], "y");
    graph.output("y", DType::F32, [7]);
    let graph = load(graph.into_bytes()).unwrap();
    let mut context = context(&graph, &Memory::unlimited());
    for length in [7i64, 3, 3, 7] {
        let shape = Tensor::from_values([1], &[length]).unwrap();
        let y = run(&mut context, [floats(&[1.5]), shape]).unwrap().remove(0);
        assert_eq!(y.values::<f32>().unwrap(), vec![1.5; usize::try_from(length).unwrap()]);
    }
}

#[test]
fn an_unaligned_input() {
    #[derive(Debug)]
    struct Shifted(Vec<u64>);
    impl HostMemory for Shifted {
        fn bytes(&self) -> &[u8] {
            &bytemuck::cast_slice(&self.0)[1..9]
        }
    }
    let bytes = godwit_backend::Buffer::from_owner(Shifted(vec![0x0080_3f00_0040_4000, 0x40]));
    let expected: Vec<f32> =
        bytes.as_chunks::<4>().0.iter().map(|it| f32::from_le_bytes(*it) * 2.0).collect();
    let x = Tensor::new(DType::F32, Shape::from([2]), bytes).unwrap();
    assert_ne!(x.host().unwrap().as_ptr().addr() % 4, 0);
    let graph = load(models::scale(2.0)).unwrap();
    let y = run(&mut context(&graph, &Memory::unlimited()), [x]).unwrap().remove(0);
    assert_eq!(y.values::<f32>().unwrap(), expected);
}

#[test]
fn inputs_with_a_default_are_no_inputs() {
    let mut graph = Graph::new("default");
    graph.input("x", DType::F32, ["n"]);
    graph.input("factor", DType::F32, [1]);
    graph.initializer("factor", [1], &[3f32]);
    graph.node("Mul", ["x", "factor"], "y");
    graph.output("y", DType::F32, ["n"]);
    let graph = load(graph.into_bytes()).unwrap();
    assert_eq!(graph.info().signature.inputs.len(), 1);
    let y = run(&mut context(&graph, &Memory::unlimited()), [floats(&[2.0])]).unwrap().remove(0);
    assert_eq!(y.values::<f32>().unwrap(), [6.0]);
}

#[test]
fn what_is_no_tensor_is_refused() {
    let mut graph = Graph::new("sequence");
    graph.input("x", DType::F32, [1]);
    graph.node("SequenceConstruct", "x", "s");
    graph.output("s", DType::F32, dims![]);
    for output in &mut graph.proto().output {
        output.r#type = None;
    }
    let error = load(graph.into_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", error.report());
    assert!(error.message().contains("'s' is a sequence"), "{error}");
}

#[test]
fn an_unknown_rank_is_told_from_a_scalar() {
    let mut graph = Graph::new("ranks");
    graph.input("x", DType::F32, dims!["n", 3]);
    graph.input("shape", DType::I64, ["rank"]);
    graph.node("Reshape", ["x", "shape"], "y");
    graph.node("ReduceSum", "x", "sum").int("keepdims", 0);
    graph.output("y", DType::F32, dims![]);
    graph.output("sum", DType::F32, dims![]);
    if let Some(tensor) = graph.proto().output[0].r#type.as_mut().unwrap().tensor_type.as_mut() {
        tensor.shape = None;
    }
    let graph = load(graph.into_bytes()).unwrap();
    assert_eq!(graph.info().signature.outputs[0].dims, None);
    assert_eq!(graph.info().signature.outputs[1].dims.as_deref(), Some::<&[Dim]>(&[]));
    let x = Tensor::from_values([2, 3], &[1f32; 6]).unwrap();
    let shape = Tensor::from_values([3], &[1i64, 6, 1]).unwrap();
    let outputs = run(&mut context(&graph, &Memory::unlimited()), [x, shape]).unwrap();
    assert_eq!(outputs[0].shape()[..], [1, 6, 1]);
    assert_eq!(outputs[1].values::<f32>().unwrap(), [6.0]);
}

#[test]
fn every_optimisation_and_number_of_threads_gives_the_same() {
    let x = Tensor::from_values([4, 64], &[0.25f32; 256]).unwrap();
    for (name, value) in [
        ("optimization", "off"),
        ("optimization", "basic"),
        ("optimization", "extended"),
        ("optimization", "all"),
        ("threads", "1"),
    ] {
        let graph = load_on(models::matmul_chain(64, 4), &target().with_option(name, value));
        let memory = Memory::unlimited();
        let y = run(&mut context(&graph.unwrap(), &memory), [x.clone()]).unwrap().remove(0);
        let far = |y: &f32| (y - 0.25).abs() > 1e-5;
        assert!(!y.values::<f32>().unwrap().iter().any(far), "{name} = {value}");
    }
}

#[test]
fn the_nodes_are_counted() {
    let off = Target::new("ort-cpu:0").with_option("optimization", "off");
    let graph = load_on(models::matmul_chain(16, 5), &off).unwrap();
    assert_eq!(graph.info().device.labels["nodes"], "CPU: 5");
    assert_eq!(graph.info().device.labels[godwit_backend::Device::OPERATORS_ELSEWHERE], "0");
}
