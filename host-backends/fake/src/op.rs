use godwit_backend::{
    Buffer, Dim, Error, Memory, Result, Shape, Signature, Tensor, TensorInfo, Tensors,
};

use crate::Op;
use crate::element;

/// The outputs of `op` for host `inputs`, in `memory`.
pub(crate) fn evaluate(
    op: &Op,
    signature: &Signature,
    inputs: &[Tensor],
    memory: &Memory,
) -> Result<Tensors> {
    match op {
        Op::Echo => Ok(inputs.iter().cloned().collect()),
        Op::Add => add(inputs, memory),
        Op::Split { axis } => split(inputs, *axis, signature.outputs.len(), memory),
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

fn split(inputs: &[Tensor], axis: usize, parts: usize, memory: &Memory) -> Result<Tensors> {
    let [input] = inputs else { return Err(failed("a split takes one input")) };
    let shape = input.shape();
    let Some(&size) = shape.get(axis) else { return Err(failed("the axis is out of range")) };
    if parts == 0 || size % parts != 0 {
        return Err(failed("the dimension cannot be cut into equal parts"));
    }
    let cut = |(index, &dim)| if index == axis { size / parts } else { dim };
    let part = Shape::new(shape.iter().enumerate().map(cut));
    // Everything outside the axis, and one part of the axis with everything inside it.
    let outer: usize = shape.iter().take(axis).product();
    let inner = part.byte_len(input.dtype())?.checked_div(outer).unwrap_or(0);
    let mut outputs = Tensors::new();
    for index in 0..parts {
        let mut output = memory.writable(inner * outer)?;
        if inner > 0 {
            let rows = bytes(input)?.chunks_exact(inner).skip(index).step_by(parts);
            output
                .chunks_exact_mut(inner)
                .zip(rows)
                .for_each(|(to, from)| to.copy_from_slice(from));
        }
        outputs.push(Tensor::new(input.dtype(), part.clone(), output.freeze())?);
    }
    Ok(outputs)
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
