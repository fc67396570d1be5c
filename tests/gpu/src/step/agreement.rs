//! The same models, inputs and answers as on the processor.

use anyhow::{Result, bail};
use futures::executor::block_on;
use godwit_backend::{DType, Memory, Tensor, Tensors};
use godwit_fixtures::{models, references};

use super::{load, noise, one, open, run};
use crate::machine::Machine;
use crate::report::Figures;

/// How far apart two answers of `f32` may be, relative to the largest value of the one.
const MOST: f64 = 1e-3;

pub(crate) fn step(machine: &Machine) -> Result<Figures> {
    let mut figures = Figures::default();
    let (mut same, mut refused, mut asked) = (0, Vec::new(), 0);
    let mut furthest = 0f64;
    for reference in references()? {
        let Some(onnx) = reference.onnx() else { continue };
        asked += 1;
        let inputs: Tensors = reference.inputs.iter().map(|(_, tensor)| tensor.clone()).collect();
        match answer(machine, onnx, inputs) {
            Err(why) => refused.push(format!("{}: {why:#}", reference.model)),
            Ok(outputs) => {
                let expected = reference.outputs.iter().map(|(_, tensor)| tensor);
                for (got, expected) in outputs.iter().zip(expected) {
                    furthest = furthest.max(distance(got, expected)?);
                }
                same += 1;
            }
        }
    }
    figures.put("answers compared with ONNX Runtime's", format!("{same} of {asked}"));
    figures.put("not run here", refused.join("; "));
    figures.expect(same > 0, "no model ran");
    figures.at_most("furthest from a reference", furthest, MOST);
    for (name, onnx) in [("mobilenet", models::mobilenet(1)), ("resnet50", models::resnet50(1))] {
        let input = noise(&[1, 3, 224, 224], 7)?;
        let there = answer(machine, onnx.clone(), one(input.clone()))?;
        let graph = load(&machine.cpu, onnx, &godwit_backend::Target::new("cpu:0"))?;
        let mut context = open(&graph, &Memory::unlimited())?;
        let here = run(&mut context, one(input))?;
        let (Some(there), Some(here)) = (there.first(), here.first()) else {
            bail!("{name} gave no output");
        };
        figures.at_most(&format!("{name}, from cpu:0"), distance(there, here)?, MOST);
    }
    Ok(figures)
}

/// The outputs on the host. First as strictly as the device can, so that it is told what it lacks.
fn answer(machine: &Machine, onnx: Vec<u8>, inputs: Tensors) -> Result<Vec<Tensor>> {
    let memory = Memory::unlimited();
    let graph = load(&machine.backend, onnx, &machine.target)?;
    let mut context = open(&graph, &memory)?;
    let outputs = run(&mut context, inputs)?;
    outputs.iter().map(|output| on_host(output, &memory)).collect()
}

fn on_host(tensor: &Tensor, memory: &Memory) -> Result<Tensor> {
    let bytes = block_on(tensor.to_host(memory)).map_err(super::told)?;
    Tensor::new(tensor.dtype(), tensor.shape().clone(), bytes).map_err(super::told)
}

/// The largest difference over the largest value; integers and booleans are equal or infinitely far.
fn distance(got: &Tensor, expected: &Tensor) -> Result<f64> {
    if got.dtype() != expected.dtype() || got.shape() != expected.shape() {
        bail!("{got} instead of {expected}");
    }
    let (Some(left), Some(right)) = (got.host(), expected.host()) else {
        bail!("an answer that is not on the host");
    };
    if left[..] == right[..] {
        return Ok(0.0);
    }
    if got.dtype() != DType::F32 {
        return Ok(if got.dtype() == DType::F16 { f16s(left, right) } else { f64::INFINITY });
    }
    let read = |bytes: &[u8]| -> Vec<f64> {
        let (words, _) = bytes.as_chunks::<4>();
        words.iter().map(|word| f64::from(f32::from_le_bytes(*word))).collect()
    };
    Ok(relative(&read(left), &read(right)))
}

/// Answers of `f16` differ in their last bit at most.
fn f16s(left: &[u8], right: &[u8]) -> f64 {
    let read = |bytes: &[u8]| -> Vec<i32> {
        let (words, _) = bytes.as_chunks::<2>();
        words.iter().map(|word| i32::from(i16::from_le_bytes(*word))).collect()
    };
    let near = read(left).iter().zip(read(right)).all(|(a, b)| (a - b).abs() <= 1);
    if near { 0.0 } else { f64::INFINITY }
}

fn relative(left: &[f64], right: &[f64]) -> f64 {
    let largest = right.iter().map(|value| value.abs()).fold(1e-6, f64::max);
    let apart = left.iter().zip(right).map(|(a, b)| {
        // Two that are not numbers agree, as do two infinities.
        if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { (a - b).abs() / largest }
    });
    apart.fold(0.0, |most, value| if value.is_nan() { f64::INFINITY } else { most.max(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_far_from_none() {
        assert_eq!(relative(&[1.0, f64::NAN], &[1.0, f64::NAN]), 0.0);
        assert_eq!(relative(&[f64::NAN], &[1.0]), f64::INFINITY);
        assert!((relative(&[1.0, 4.0], &[1.5, 5.0]) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn integers_are_equal_or_far() {
        let of = |values: &[i64]| Tensor::from_values([2], values).unwrap();
        assert_eq!(distance(&of(&[1, 2]), &of(&[1, 2])).unwrap(), 0.0);
        assert_eq!(distance(&of(&[1, 2]), &of(&[1, 3])).unwrap(), f64::INFINITY);
        let other = Tensor::from_values([2], &[1i32, 2]).unwrap();
        assert!(distance(&of(&[1, 2]), &other).is_err());
    }
}
