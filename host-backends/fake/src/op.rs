use godwit_backend::{
    Buffer, DType, Dim, Error, Memory, Result, Shape, Signature, Tensor, TensorInfo, Tensors,
};

use crate::Op;
use crate::arithmetic::Arithmetic;
use crate::element;

/// The outputs of `op` for host `inputs`, in `memory`.
pub(crate) fn evaluate(
    op: &Op,
    signature: &Signature,
    inputs: &[Tensor],
    memory: &Memory,
    arithmetic: &Arithmetic,
) -> Result<Tensors> {
    match op {
        Op::Echo => Ok(inputs.iter().cloned().collect()),
        Op::Add => add(inputs, memory),
        Op::Scale(factor) => {
            let input = only(inputs)?;
            let scaled = each(input, input.dtype(), memory, |x, _| Ok(x * factor))?;
            Ok(Tensors::from_iter([scaled]))
        }
        Op::Split => split(inputs, memory, arithmetic),
        Op::Linear { weights, columns } => {
            let product = arithmetic.linear(only(inputs)?, weights, *columns, memory)?;
            Ok(Tensors::from_iter([product]))
        }
        Op::Mixed => mixed(signature, inputs, memory),
        Op::Expand => expand(signature, inputs, memory),
        Op::Fill(value) => fill(signature, inputs, *value, memory),
        Op::Replay(recorded) => replay(signature, inputs, recorded, memory),
    }
}

fn add(inputs: &[Tensor], memory: &Memory) -> Result<Tensors> {
    let (first, rest) = inputs.split_first().ok_or_else(|| failed("there is nothing to add"))?;
    let mut sum = memory.writable(first.byte_len())?;
    sum.copy_from_slice(bytes(first)?);
    for term in rest {
        if term.shape() != first.shape() {
            return Err(failed("only tensors of one shape can be added"));
        }
        element::add(first.dtype(), &mut sum, bytes(term)?);
    }
    let sum = Tensor::new(first.dtype(), first.shape().clone(), sum.freeze())?;
    Ok(Tensors::from_iter([sum]))
}

fn split(inputs: &[Tensor], memory: &Memory, arithmetic: &Arithmetic) -> Result<Tensors> {
    let input = only(inputs)?;
    let dtype = input.dtype();
    let doubled = each(input, dtype, memory, |x, _| Ok(2.0 * x))?;
    let Some((&width, rows)) = input.shape().split_last() else {
        return Err(failed("a scalar has no rows"));
    };
    let rows = Shape::new(rows.iter().copied());
    let mut total = memory.writable(rows.byte_len(dtype)?)?;
    let source = bytes(input)?;
    for (row, sum) in total.chunks_exact_mut(dtype.size()).enumerate() {
        let elements = source.chunks_exact(dtype.size()).skip(row * width).take(width);
        let terms = elements.map(|element| element::read(dtype, element));
        element::write(dtype, sum, arithmetic.sum(terms));
    }
    Ok(Tensors::from_iter([doubled, Tensor::new(dtype, rows, total.freeze())?]))
}

fn mixed(signature: &Signature, inputs: &[Tensor], memory: &Memory) -> Result<Tensors> {
    let ([ids, mask], [output]) = (inputs, &*signature.outputs) else {
        return Err(failed("two inputs and one output are needed"));
    };
    if ids.shape() != mask.shape() {
        return Err(failed("the inputs differ in shape"));
    }
    let (factors, dtype) = (bytes(mask)?, mask.dtype());
    let y = each(ids, output.dtype, memory, |id, index| {
        let factor = factors.chunks_exact(dtype.size()).nth(index);
        let factor = factor.map_or(0.0, |factor| element::read(dtype, factor));
        if !(0.0..=15.0).contains(&id) {
            return Err(failed("a number that is not from 0 to 15 has no known square"));
        }
        Ok(id * id * factor)
    })?;
    Ok(Tensors::from_iter([y]))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and a length that large is refused by the memory"
)]
fn expand(signature: &Signature, inputs: &[Tensor], memory: &Memory) -> Result<Tensors> {
    let ([x, times], [output]) = (inputs, &*signature.outputs) else {
        return Err(failed("two inputs and one output are needed"));
    };
    let shape = Shape::from([element::read(times.dtype(), bytes(times)?) as usize]);
    let mut filled = memory.writable(shape.byte_len(output.dtype)?)?;
    let value = element::read(x.dtype(), bytes(x)?);
    for element in filled.chunks_exact_mut(output.dtype.size()) {
        element::write(output.dtype, element, value);
    }
    Ok(Tensors::from_iter([Tensor::new(output.dtype, shape, filled.freeze())?]))
}

/// `f` of every element, with its position, as a tensor of `dtype`.
fn each(
    input: &Tensor,
    dtype: DType,
    memory: &Memory,
    mut f: impl FnMut(f64, usize) -> Result<f64>,
) -> Result<Tensor> {
    let from = input.dtype();
    let mut output = memory.writable(input.shape().byte_len(dtype)?)?;
    let pairs = output.chunks_exact_mut(dtype.size()).zip(bytes(input)?.chunks_exact(from.size()));
    for (index, (to, element)) in pairs.enumerate() {
        element::write(dtype, to, f(element::read(from, element), index)?);
    }
    Tensor::new(dtype, input.shape().clone(), output.freeze())
}

fn only(inputs: &[Tensor]) -> Result<&Tensor> {
    let [input] = inputs else { return Err(failed("one input is needed")) };
    Ok(input)
}

fn fill(signature: &Signature, inputs: &[Tensor], value: f64, memory: &Memory) -> Result<Tensors> {
    let filled = signature.outputs.iter().map(|output| {
        let shape = shape_of(output, signature, inputs)?;
        let mut bytes = memory.writable(shape.byte_len(output.dtype)?)?;
        for element in bytes.chunks_exact_mut(output.dtype.size()) {
            element::write(output.dtype, element, value);
        }
        Tensor::new(output.dtype, shape, bytes.freeze())
    });
    filled.collect()
}

fn replay(
    signature: &Signature,
    inputs: &[Tensor],
    recorded: &[Vec<u8>],
    memory: &Memory,
) -> Result<Tensors> {
    let outputs = signature.outputs.iter().zip(recorded).map(|(output, recorded)| {
        let shape = shape_of(output, signature, inputs)?;
        Tensor::new(output.dtype, shape, memory.copy_from(recorded)?)
    });
    outputs.collect()
}

/// The shape of `output`, its symbols bound to the sizes they have in `inputs`.
fn shape_of(output: &TensorInfo, signature: &Signature, inputs: &[Tensor]) -> Result<Shape> {
    let size = |dim: &Dim| match dim {
        Dim::Known(size) => Some(*size),
        Dim::Symbol(_) => signature.inputs.iter().zip(inputs).find_map(|(info, input)| {
            let place = info.dims.as_ref()?.iter().position(|other| other == dim)?;
            input.shape().get(place).copied()
        }),
        Dim::Unknown => None,
    };
    let dims =
        output.dims.as_ref().and_then(|dims| dims.iter().map(size).collect::<Option<Vec<_>>>());
    dims.map(Shape::new).ok_or_else(|| failed("the script does not say how large its output is"))
}

fn bytes(tensor: &Tensor) -> Result<&Buffer> {
    tensor.host().ok_or_else(|| Error::internal("an input that was not brought to the device"))
}

fn failed(message: &'static str) -> Error {
    Error::failed(message)
}
