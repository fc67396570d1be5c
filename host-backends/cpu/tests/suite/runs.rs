use std::thread;

use futures::FutureExt;
use godwit_backend::{CheckedContext, DType, ErrorKind};
use godwit_fixtures::dims;
use godwit_fixtures::models::{echo, matmul_chain, mixed, scale};
use godwit_fixtures::onnx::Graph as Onnx;

use super::*;

fn ramp(rows: usize, n: usize) -> Tensor {
    let values: Vec<f32> =
        (0..rows * n).map(|i| u16::try_from(i % 251).map(f32::from).unwrap() / 251.0).collect();
    floats([rows, n], &values)
}

fn inputs<const N: usize>(tensors: [Tensor; N]) -> Tensors {
    tensors.into_iter().collect()
}

#[test]
fn runs_move_to_the_callers_thread_once_they_are_known_to_be_short() {
    let graph = load(&backend(1, ALWAYS), scale(3.0));
    let mut first = context(&graph);
    let run = first.run(inputs([floats([2], &[1.0, 2.0])]));
    assert!(!run.is_ready(), "a run of unknown length was done on the caller's thread");
    block_on(run).unwrap();

    let run = first.run(inputs([floats([2], &[1.0, 2.0])]));
    assert!(run.is_ready());
    assert_eq!(block_on(run).unwrap()[0].values::<f32>().unwrap(), [3.0, 6.0]);
    assert!(!first.run(inputs([floats([3], &[0.0; 3])])).is_ready(), "larger, so not known");

    let mut second = context(&graph);
    assert!(second.run(inputs([floats([2], &[1.0, 2.0])])).is_ready(), "known to the graph");
}

#[test]
fn nothing_stays_when_nothing_may() {
    let graph = load(&backend(1, NEVER), scale(3.0));
    let mut context = context(&graph);
    for _ in 0..3 {
        let run = context.run(inputs([floats([1], &[1.0])]));
        assert!(!run.is_ready());
        block_on(run).unwrap();
    }
}

#[test]
fn control_flow_never_runs_on_the_callers_thread() {
    let branch = |op| {
        let mut branch = Onnx::new("branch");
        branch.node(op, "x", "z");
        branch.output("z", DType::F32, dims![1]);
        branch
    };
    let mut onnx = Onnx::new("branches");
    onnx.input("yes", DType::Bool, dims![]);
    onnx.input("x", DType::F32, dims![1]);
    onnx.node("If", "yes", "y")
        .graph("then_branch", branch("Neg"))
        .graph("else_branch", branch("Relu"));
    onnx.output("y", DType::F32, dims![1]);
    let graph = load(&backend(1, ALWAYS), onnx.into_bytes());
    let mut context = context(&graph);
    for (byte, answer) in [(1u8, 2.0f32), (0, 0.0), (1, 2.0)] {
        let yes = Tensor::new(DType::Bool, [].into(), vec![byte].into()).unwrap();
        let run = context.run(inputs([yes, floats([1], &[-2.0])]));
        assert!(!run.is_ready());
        assert_eq!(block_on(run).unwrap()[0].values::<f32>().unwrap(), [answer]);
    }
}

#[test]
fn an_overrun_is_done_again_on_a_worker() {
    // Any run is short enough to begin here; none is short enough to end here.
    let under = Duration::from_millis(400);
    let backend = backend(1, under);
    let graph = load(&backend, matmul_chain(512, 60));
    let mut context = context(&graph);
    let small = ramp(1, 512);
    run(&mut context, [small.clone()]).unwrap();
    assert!(context.run(inputs([small.clone()])).is_ready());
    let got = run(&mut context, [small.clone()]).unwrap();
    let (got, given) = (got[0].values::<f32>().unwrap(), small.values::<f32>().unwrap());
    assert!(got.iter().zip(given).all(|(a, b)| (a - b).abs() < 1e-2));
}

#[test]
fn a_dropped_run_frees_its_worker_and_its_context_goes_on() {
    let backend = backend(1, NEVER);
    let long = load(&backend, matmul_chain(768, 300));
    let quick = load(&backend, echo(DType::F32, ["n"]));
    let mut slow = context(&long);
    let mut running = slow.run(inputs([ramp(4_000, 768)]));
    assert!((&mut running).now_or_never().is_none());
    thread::sleep(Duration::from_millis(50));
    drop(running);

    let got = run(&mut context(&quick), [floats([1], &[5.0])]).unwrap();
    assert_eq!(got[0].values::<f32>().unwrap(), [5.0]);
    let small = ramp(1, 768);
    let got = run(&mut slow, [small.clone()]).unwrap();
    let (got, given) = (got[0].values::<f32>().unwrap(), small.values::<f32>().unwrap());
    assert!(got.iter().zip(given).all(|(a, b)| (a - b).abs() < 1e-2));
}

#[test]
fn a_failing_run_is_an_error_and_the_context_goes_on() {
    for inline_under in [NEVER, ALWAYS] {
        let graph = load(&backend(1, inline_under), mixed());
        let mut context = context(&graph);
        let ids = |ids: &[i64]| Tensor::from_values([ids.len()], ids).unwrap();
        let good = |context: &mut CheckedContext| {
            let got = run(context, [ids(&[3, 4]), floats([2], &[1.0, 0.5])]).unwrap();
            assert_eq!(got[0].values::<f32>().unwrap(), [9.0, 8.0]);
        };
        good(&mut context);
        let error = run(&mut context, [ids(&[3, 99]), floats([2], &[1.0, 0.5])]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed, "{}", error.report());
        assert!(error.message().starts_with("the model failed with these inputs"), "{error}");
        good(&mut context);
    }
}

#[test]
fn contexts_side_by_side_give_their_own_answers() {
    for inline_under in [NEVER, ALWAYS] {
        let graph = load(&backend(2, inline_under), scale(2.0));
        thread::scope(|scope| {
            for caller in 0..4u16 {
                let graph = &graph;
                scope.spawn(move || {
                    let mut context = context(graph);
                    for turn in 0..200 {
                        let value = f32::from(caller * 1000 + turn);
                        let got = run(&mut context, [floats([1], &[value])]).unwrap();
                        assert_eq!(got[0].values::<f32>().unwrap(), [2.0 * value]);
                    }
                });
            }
        });
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let answer = |threads: usize| {
        let graph = load(&backend(threads, NEVER), matmul_chain(256, 8));
        let got = run(&mut context(&graph), [ramp(300, 256)]).unwrap();
        got[0].host().unwrap().to_vec()
    };
    let one = answer(1);
    assert!(one.iter().any(|&byte| byte != 0));
    assert_eq!(one, answer(2));
    assert_eq!(one, answer(5));
}
