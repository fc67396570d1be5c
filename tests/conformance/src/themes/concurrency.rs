use std::sync::{Arc, Barrier};
use std::thread;

use futures::future::join_all;
use godwit_backend::{Graph, Memory};

use crate::bounded::block_on;
use crate::open::Open;
use crate::tensors::{floats, tensor, values};
use crate::{Case, Subject};

const THREADS: u16 = 4;
const RUNS: u16 = 50;

pub async fn contexts_do_not_see_each_others_data(subject: Subject) {
    let graph = subject.load(&Case::Split).await.expect("a small model");
    side_by_side(&vec![graph; THREADS.into()], |mine, run| {
        let x: Vec<f32> = (0..48).map(|i| f32::from(mine * 1000 + run * 3 + i)).collect();
        let total = x.chunks_exact(3).map(|row| row.iter().sum::<f32>()).collect();
        (vec![tensor([16, 3], &x)], 1, total)
    });
}

pub async fn graphs_do_not_see_each_others_weights(subject: Subject) {
    let factors = (1..=THREADS).map(|factor| Case::Scale(factor.into()));
    let graphs = join_all(factors.map(|case| {
        let subject = &subject;
        async move { subject.load(&case).await.expect("a small model") }
    }));
    side_by_side(&graphs.await, |mine, run| {
        let y = vec![f32::from(mine + 1) * f32::from(run); 32];
        (vec![floats(&[f32::from(run); 32])], 0, y)
    });
}

pub async fn loads_at_the_same_time_give_graphs_that_work(subject: Subject) {
    let graphs = join_all((0..8).map(|_| subject.load(&Case::Add))).await;
    for graph in graphs {
        let mut open = Open::on(graph.expect("a small model"), Memory::unlimited()).await;
        let sum = open.answer([floats(&[1.0]), floats(&[2.0])]).await.remove(0);
        assert_eq!(values::<f32>(&sum), [3.0]);
    }
}

/// Runs every graph on a thread of its own, all at once. `data` gives the inputs of a thread's run, the
/// position of the output to look at, and what it must hold.
fn side_by_side(
    graphs: &[Arc<dyn Graph>],
    data: impl Fn(u16, u16) -> (Vec<godwit_backend::Tensor>, usize, Vec<f32>) + Sync,
) {
    let start = Barrier::new(graphs.len());
    thread::scope(|scope| {
        for (mine, graph) in (0..).zip(graphs) {
            let (start, data) = (&start, &data);
            scope.spawn(move || {
                block_on(async {
                    let mut open = Open::on(graph.clone(), Memory::unlimited()).await;
                    start.wait();
                    for run in 0..RUNS {
                        let (inputs, output, expected) = data(mine, run);
                        let outputs = open.answer(inputs).await;
                        assert_eq!(values::<f32>(&outputs[output]), expected);
                    }
                });
            });
        }
    });
}
