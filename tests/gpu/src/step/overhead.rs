//! What the backend adds to the same engine, called natively in a loop.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use futures::executor::block_on;
use godwit_backend::{Memory, Tensor};
use godwit_fixtures::models;
use godwit_fixtures::onnx::proto::{DimensionValue, ModelProto, ValueInfoProto};
use prost::Message as _;
use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoTValue, Tensor as TractTensor, TypedModel, tvec,
};
use tract_onnx::tract_core::runtime::{Runnable, Runtime, runtime_for_name};

use super::{lenient, load, noise, one, open, told};
use crate::machine::Machine;
use crate::report::Figures;
use crate::stopwatch::{Comparison, compare};

const TIME: Duration = Duration::from_secs(20);

pub(crate) fn step(machine: &Machine) -> Result<Figures> {
    if machine.cuda.is_none() {
        return Ok(Figures::skipped("the engine is called natively for CUDA only"));
    }
    let mut figures = Figures::default();
    let tiny = measure(machine, models::matmul_chain(16, 1), &[4, 16], 200)?;
    note(&mut figures, "a product of 4 x 16", &tiny);
    figures.at_most("microseconds added to a call", tiny.added_micros(), 20.0);
    let whole = models::resnet50(1);
    let one = measure(machine, whole.clone(), &[1, 3, 224, 224], 10)?;
    note(&mut figures, "ResNet-50, batch 1", &one);
    figures.at_most("ratio at batch 1", one.ratio, 1.03);
    let many = measure(machine, with_batch(&whole, 32)?, &[32, 3, 224, 224], 2)?;
    note(&mut figures, "ResNet-50, batch 32", &many);
    figures.at_most("ratio at batch 32", many.ratio, 1.005);
    Ok(figures)
}

fn note(figures: &mut Figures, name: &str, found: &Comparison) {
    let Comparison { ratio, left, right } = found;
    figures.put(name, format!("{left:?} native, {right:?} here, ratio {ratio:.4}"));
}

fn measure(machine: &Machine, onnx: Vec<u8>, shape: &[usize], calls: u32) -> Result<Comparison> {
    let input = noise(shape, 11)?;
    let values: Vec<f32> = input.values::<f32>().context("an input on the host")?.to_vec();
    let native = native(&onnx)?;
    let given = TractTensor::from_shape(shape, &values)?;
    let mut state = native.spawn()?;
    let memory = Memory::unlimited();
    let graph = load(&machine.backend, onnx, &lenient(machine))?;
    let mut context = open(&graph, &memory)?;
    let mut natively = || -> Result<()> {
        let outputs = state.run(tvec!(given.clone().into_tvalue()))?;
        let first = outputs.first().context("no output")?;
        // Until here the output is on the GPU on both sides.
        first.try_as_plain_ram()?;
        Ok(())
    };
    let mut here = || -> Result<()> {
        // As a guest's call: bytes of its own come in, bytes go out.
        let copy = memory.copy_from(input.host().context("an input on the host")?).map_err(told)?;
        let given = Tensor::new(input.dtype(), input.shape().clone(), copy).map_err(told)?;
        let outputs = block_on(context.run(one(given))).map_err(told)?;
        let first = outputs.first().ok_or_else(|| anyhow!("no output"))?;
        block_on(first.to_host(&memory)).map_err(told)?;
        Ok(())
    };
    for _ in 0..5 {
        natively()?;
        here()?;
    }
    compare(calls, TIME, natively, here)
}

/// The engine as its own users call it.
fn native(onnx: &[u8]) -> Result<Box<dyn Runnable>> {
    let runtime: &dyn Runtime = runtime_for_name("cuda")?.context("tract-cuda is not linked")?;
    let model: TypedModel = tract_onnx::onnx()
        .model_for_read(&mut std::io::Cursor::new(onnx))?
        .into_typed()?
        .into_decluttered()?;
    runtime.prepare(model)
}

/// The same model with another first dimension of its inputs and outputs.
fn with_batch(onnx: &[u8], batch: i64) -> Result<Vec<u8>> {
    let mut model = ModelProto::decode(onnx)?;
    let graph = model.graph.as_mut().context("a model without a graph")?;
    graph.input.iter_mut().chain(&mut graph.output).for_each(|value| resize(value, batch));
    Ok(model.encode_to_vec())
}

fn resize(value: &mut ValueInfoProto, batch: i64) {
    let tensor = value.r#type.as_mut().and_then(|it| it.tensor_type.as_mut());
    let shape = tensor.and_then(|it| it.shape.as_mut());
    if let Some(first) = shape.and_then(|shape| shape.dim.first_mut()) {
        first.value = Some(DimensionValue::Value(batch));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_given_another_batch() {
        let onnx = with_batch(&models::mobilenet(1), 3).unwrap();
        let model = tract_onnx::onnx().model_for_read(&mut std::io::Cursor::new(onnx)).unwrap();
        let typed = model.into_typed().unwrap();
        assert_eq!(typed.output_fact(0).unwrap().shape.as_concrete(), Some(&[3, 1000][..]));
    }
}
