//! Runs with empty outputs: the driver has no empty allocations and no empty kernels.

use godwit_backend::{Buffer, HostMemory, Result, Signature, Tensor, Tensors};

/// No bytes, aligned for every dtype.
#[derive(Debug)]
struct Nothing;

impl HostMemory for Nothing {
    fn bytes(&self) -> &[u8] {
        const ALIGNED: &[u64] = &[];
        bytemuck::cast_slice(ALIGNED)
    }
}

/// The outputs of a run, if the input dimensions determine that all of them are empty.
pub(crate) fn outputs(signature: &Signature, inputs: &[Tensor]) -> Option<Result<Tensors>> {
    if inputs.iter().all(|input| input.byte_len() > 0) {
        return None;
    }
    let mut shapes = Vec::new();
    for info in &signature.outputs {
        let shape = signature.output_shape(info, inputs).filter(|shape| shape.contains(&0))?;
        shapes.push((info.dtype, shape));
    }
    let empty = |(dtype, shape)| Tensor::new(dtype, shape, Buffer::from_owner(Nothing));
    Some(shapes.into_iter().map(empty).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_backend::{DType, Dim, TensorInfo};

    fn signature(outputs: [Dim; 2]) -> Signature {
        let rows = || Dim::Symbol("rows".into());
        Signature {
            inputs: vec![TensorInfo::new("x", DType::F32, [rows(), Dim::Known(3)])],
            outputs: vec![TensorInfo::new("y", DType::I64, outputs)],
        }
    }

    fn input(rows: usize) -> [Tensor; 1] {
        [Tensor::from_values([rows, 3], &vec![0f32; rows * 3]).unwrap()]
    }

    #[test]
    fn empty_outputs_need_no_run_and_others_do() {
        let same = signature([Dim::Symbol("rows".into()), Dim::Known(5)]);
        let empty = outputs(&same, &input(0)).unwrap().unwrap();
        assert_eq!((empty[0].dtype(), &empty[0].shape()[..]), (DType::I64, &[0, 5][..]));
        assert_eq!(empty[0].values::<i64>(), Some(&[][..]));
        assert!(outputs(&same, &input(2)).is_none());
        // A sum over nothing has a value.
        assert!(outputs(&signature([Dim::Known(1), Dim::Known(3)]), &input(0)).is_none());
        assert!(outputs(&signature([Dim::Unknown, Dim::Known(3)]), &input(0)).is_none());
    }
}
