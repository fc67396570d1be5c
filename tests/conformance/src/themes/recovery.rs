use futures::FutureExt;

use super::errors::misfits;
use crate::open::Open;
use crate::tensors::{floats, tensor, values};
use crate::{Case, Subject};

async fn adds(open: &mut Open) {
    let sum = open.answer([floats(&[1.0, 2.0]), floats(&[3.0, 5.0])]).await.remove(0);
    assert_eq!(values::<f32>(&sum), [4.0, 7.0]);
}

async fn squares(open: &mut Open) {
    let y = open.answer([tensor([2], &[4i64, 5]), floats(&[1.0, 2.0])]).await.remove(0);
    assert_eq!(values::<f32>(&y), [16.0, 50.0]);
}

pub async fn a_context_works_after_errors(subject: Subject) {
    let mut open = subject.open(&Case::Add).await;
    for (what, inputs) in misfits() {
        open.run(inputs).await.expect_err(what);
        adds(&mut open).await;
    }
    let mut open = subject.open(&Case::Mixed).await;
    for _ in 0..3 {
        let failed = open.run([tensor([1], &[16i64]), floats(&[1.0])]).await;
        failed.expect_err("an id without a square");
        squares(&mut open).await;
    }
}

pub async fn a_context_works_after_dropped_runs(subject: Subject) {
    let mut open = subject.open(&Case::Long).await;
    for rows in [2000, 4000] {
        let input = tensor([rows, 256], &vec![0.5f32; rows * 256]);
        let mut run = open.context.run([input].into_iter().collect());
        let done = (&mut run).now_or_never();
        assert!(done.is_none(), "the run that was to be dropped is over already");
        drop(run);
    }
    let x: Vec<f32> = (0..256u16).map(|i| f32::from(i) / 256.0).collect();
    let y = open.answer([tensor([1, 256], &x)]).await.remove(0);
    let far = values::<f32>(&y).iter().zip(&x).map(|(y, x)| (y - x).abs()).fold(0.0, f32::max);
    assert!(far < 1e-3, "off by {far} after dropped runs");
}

pub async fn a_graph_outlives_the_contexts_that_failed_on_it(subject: Subject) {
    let mut failing = subject.open(&Case::Mixed).await;
    let mut other = Open::on(failing.graph.clone(), failing.memory.clone()).await;
    failing.run([tensor([1], &[-99i64]), floats(&[1.0])]).await.expect_err("no square");
    squares(&mut other).await;
    let graph = failing.graph.clone();
    drop(failing);
    squares(&mut other).await;
    squares(&mut Open::on(graph, other.memory.clone()).await).await;
}

pub async fn a_context_outlives_the_handle_to_its_graph(subject: Subject) {
    let Open { graph, mut context, .. } = subject.open(&Case::Add).await;
    drop(graph);
    let inputs = [floats(&[1.0]), floats(&[2.0])];
    let sum = context.run(inputs.into_iter().collect()).await.expect("its own handle is enough");
    assert_eq!(sum[0].byte_len(), 4);
}
