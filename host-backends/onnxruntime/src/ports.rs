use std::sync::Arc;

use godwit_backend::{Dim, Error, Result, Shape, Signature, Tensor, TensorInfo};

use crate::dtype;
use crate::native::{Port, Ports};

/// Names in a message are cut at this many characters.
const NAME: usize = 64;

/// The signature of a session, unless it takes or gives what is no tensor.
pub(crate) fn signature(ports: Ports) -> Result<Signature> {
    Ok(Signature {
        inputs: ports.inputs.into_iter().map(info).collect::<Result<_>>()?,
        outputs: ports.outputs.into_iter().map(info).collect::<Result<_>>()?,
    })
}

fn info(port: Port) -> Result<TensorInfo> {
    let Port { name, dtype, dims } = port;
    let refused = |what: &str| {
        let name: String = name.chars().take(NAME).collect();
        Error::unsupported(format!("'{name}' is {what}, which ONNX Runtime's devices do not carry"))
    };
    let code = dtype.ok_or_else(|| refused("a sequence, a map or optional"))?;
    let dtype = dtype::of(code).ok_or_else(|| refused(dtype::refused(code)))?;
    Ok(TensorInfo { name: Arc::from(name), dtype, dims })
}

/// How the shape of one output follows from those of the inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputShape(Vec<Size>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Known(usize),
    Of { input: usize, axis: usize },
}

impl OutputShape {
    /// The shapes of all outputs, or `None` when the shape of one cannot be known before the run.
    pub(crate) fn all(signature: &Signature) -> Option<Vec<Self>> {
        signature.outputs.iter().map(|output| Self::of(output, &signature.inputs)).collect()
    }

    fn of(output: &TensorInfo, inputs: &[TensorInfo]) -> Option<Self> {
        let size = |dim: &Dim| match dim {
            Dim::Known(size) => Some(Size::Known(*size)),
            Dim::Symbol(_) => inputs.iter().enumerate().find_map(|(input, info)| {
                let axis = info.dims.iter().flatten().position(|other| other == dim)?;
                Some(Size::Of { input, axis })
            }),
            Dim::Unknown => None,
        };
        output.dims.as_ref()?.iter().map(size).collect::<Option<_>>().map(Self)
    }

    /// The shape for these inputs, if they have the dimensions it depends on.
    pub(crate) fn shape(&self, inputs: &[Tensor]) -> Option<Shape> {
        let mut fits = true;
        let shape = Shape::new(self.0.iter().map(|size| match *size {
            Size::Known(size) => size,
            Size::Of { input, axis } => {
                let size = inputs.get(input).and_then(|input| input.shape().get(axis).copied());
                fits &= size.is_some();
                size.unwrap_or(0)
            }
        }));
        fits.then_some(shape)
    }
}

#[cfg(test)]
mod tests {
    use godwit_backend::DType;

    use super::*;

    fn symbol(name: &str) -> Dim {
        Dim::Symbol(name.into())
    }

    #[test]
    fn shapes_follow_from_the_inputs_where_they_can() {
        let inputs = vec![
            TensorInfo::new("a", DType::F32, [symbol("n"), Dim::Known(3)]),
            TensorInfo::new("b", DType::F32, [Dim::Unknown, symbol("m")]),
        ];
        let outputs = vec![
            TensorInfo::new("known", DType::F32, [symbol("m"), Dim::Known(7), symbol("n")]),
            TensorInfo::new("scalar", DType::F32, []),
        ];
        let mut signature = Signature { inputs, outputs };
        let output_shapes = OutputShape::all(&signature).unwrap();
        let tensor = |rows: usize, columns: usize| {
            Tensor::from_values([rows, columns], &vec![0u8; rows * columns]).unwrap()
        };
        let given = [tensor(5, 3), tensor(1, 2)];
        let shapes: Vec<_> =
            output_shapes.iter().map(|output_shape| output_shape.shape(&given)).collect();
        assert_eq!(shapes, [Some(Shape::from([2, 7, 5])), Some(Shape::default())]);
        assert_eq!(output_shapes[0].shape(&given[..1]), None);
        for output in [
            TensorInfo::new("new symbol", DType::F32, [symbol("k")]),
            TensorInfo::new("unknown", DType::F32, [Dim::Unknown]),
            TensorInfo { dims: None, ..TensorInfo::new("rankless", DType::F32, []) },
        ] {
            signature.outputs[1] = output;
            assert_eq!(OutputShape::all(&signature), None);
        }
    }
}
