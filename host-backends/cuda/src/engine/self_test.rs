//! Tests that the GPU computes, with a small graph whose result is known.

use godwit_backend::{Error, Result, Stop};
use godwit_tract::guarded;
use tract_onnx::prelude::{Tensor, TractResult, tvec};
use tract_onnx::tract_core::internal::IntoTValue;

use super::compile::{compile, parse};
use super::crossing;
use crate::fault::explain;

/// `y = x w + b`: the product runs in cuBLAS, the sum in a kernel of tract.
const MODEL: &[u8] = include_bytes!("self_test.onnx");

const ROWS: usize = 16;
const INNER: usize = 8;
const COLUMNS: usize = 4;

/// The weights in the file, row-major: `w[k][j] = k - j`, `b[j] = j / 2`.
fn weight(k: usize, j: usize) -> f32 {
    k as f32 - j as f32
}

fn bias(j: usize) -> f32 {
    j as f32 / 2.0
}

fn input(i: usize, k: usize) -> f32 {
    (i as f32 - 4.0) / (k as f32 + 1.0)
}

/// Runs the graph on this thread's stream and compares.
pub(crate) fn run() -> Result<()> {
    let refused = || Error::unavailable("the GPU cannot run a small graph");
    let answer = guarded(refused, || {
        let (model, _) = parse(MODEL, &Stop::default())?.into_model();
        let compiled = compile(model)?;
        let run = || -> TractResult<Vec<f32>> {
            let x: Vec<f32> =
                (0..ROWS).flat_map(|i| (0..INNER).map(move |k| input(i, k))).collect();
            let x = Tensor::from_shape(&[ROWS, INNER], &x)?.into_tvalue();
            let outputs = compiled.plan.spawn()?.run(tvec!(x))?;
            crossing::wait()?;
            let y = outputs.into_iter().next().unwrap_or_else(|| Tensor::default().into_tvalue());
            Ok(y.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
        };
        run().map_err(|error| explain(format!("{error:#}"), refused()))
    })?;
    check(&answer)
}

fn check(answer: &[f32]) -> Result<()> {
    let wrong = || Error::unavailable("the GPU computed a wrong result for a small graph");
    if answer.len() != ROWS * COLUMNS {
        return Err(wrong().with_source(format!("{} values were returned", answer.len())));
    }
    for (at, value) in answer.iter().enumerate() {
        let (i, j) = (at / COLUMNS, at % COLUMNS);
        let right = (0..INNER).map(|k| input(i, k) * weight(k, j)).sum::<f32>() + bias(j);
        // TF32 would exceed this.
        if (value - right).abs() > 1e-4 * right.abs().max(1.0) {
            let source = format!("{value} instead of {right} at [{i}, {j}]");
            return Err(wrong().with_source(source));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_backend::DType;
    use godwit_fixtures::onnx::Graph;
    use tract_onnx::prelude::TypedSimplePlan;

    /// The graph as the file should hold it.
    fn written() -> Vec<u8> {
        let weights: Vec<f32> =
            (0..INNER).flat_map(|k| (0..COLUMNS).map(move |j| weight(k, j))).collect();
        let biases: Vec<f32> = (0..COLUMNS).map(bias).collect();
        let [rows, inner, columns] = [ROWS, INNER, COLUMNS].map(|n| n as i64);
        let mut graph = Graph::new("proof");
        graph.input("x", DType::F32, [rows, inner]);
        graph.initializer("w", [inner, columns], &weights);
        graph.initializer("b", [columns], &biases);
        graph.node("MatMul", ["x", "w"], "xw");
        graph.node("Add", ["xw", "b"], "y");
        graph.output("y", DType::F32, [rows, columns]);
        graph.into_bytes()
    }

    #[test]
    fn the_file_is_what_is_written_here() {
        assert!(
            MODEL == written(),
            "engine/self_test.onnx is not the graph that this module describes"
        );
    }

    /// tract's own processor kernels, on the same file.
    #[test]
    fn the_file_is_the_graph_that_is_compared() {
        let (model, _) = parse(MODEL, &Stop::default()).unwrap().into_model();
        let x: Vec<f32> = (0..ROWS).flat_map(|i| (0..INNER).map(move |k| input(i, k))).collect();
        let x = Tensor::from_shape(&[ROWS, INNER], &x).unwrap().into_tvalue();
        let plan = TypedSimplePlan::new(model).unwrap();
        let y = plan.run(tvec!(x)).unwrap().remove(0);
        let mut answer = y.try_as_plain_ram().unwrap().as_slice::<f32>().unwrap().to_vec();
        check(&answer).unwrap();
        answer[5] += 0.01;
        let error = check(&answer).unwrap_err();
        assert!(error.report().contains("at [1, 1]"), "{}", error.report());
        assert!(check(&[]).is_err());
    }
}
