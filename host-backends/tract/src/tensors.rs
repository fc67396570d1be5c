//! Between the contract's tensors and tract's.

use std::sync::Arc;

use bytemuck::{Pod, checked};
use godwit_backend::{Buffer, DType, Error, HostMemory, Memory, Result, Shape, Tensor};
use half::f16;
use tract_onnx::prelude::{Datum, DatumType, IntoArcTensor, TValue, Tensor as TractTensor};
use tract_onnx::tract_core::internal::IntoTValue;

use crate::dtype;

/// A copy of `tensor` in tract's own memory.
///
/// The one copy of an input: tract frees a tensor's memory by itself, so it can neither borrow nor own
/// ours.
///
/// # Errors
///
/// `InvalidArgument` for a bool that is neither 0 nor 1, `Unsupported` for bf16.
pub fn input(tensor: &Tensor) -> Result<TValue> {
    let bytes =
        tensor.host().ok_or_else(|| Error::internal("an input that is still on another device"))?;
    let shape = tensor.shape();
    let copied = match tensor.dtype() {
        DType::F16 => copy::<f16>(shape, bytes),
        DType::F32 => copy::<f32>(shape, bytes),
        DType::F64 => copy::<f64>(shape, bytes),
        DType::U8 => copy::<u8>(shape, bytes),
        DType::U16 => copy::<u16>(shape, bytes),
        DType::U32 => copy::<u32>(shape, bytes),
        DType::U64 => copy::<u64>(shape, bytes),
        DType::I8 => copy::<i8>(shape, bytes),
        DType::I16 => copy::<i16>(shape, bytes),
        DType::I32 => copy::<i32>(shape, bytes),
        DType::I64 => copy::<i64>(shape, bytes),
        DType::Bool => {
            let values = checked::try_cast_slice::<u8, bool>(bytes).map_err(|_| {
                Error::invalid_argument("a bool tensor holds a byte that is neither 0 nor 1")
            })?;
            TractTensor::from_shape(shape, values).map_err(refused)
        }
        DType::Bf16 => Err(Error::unsupported("tract does not compute with bf16")),
    };
    Ok(copied?.into_tvalue())
}

fn copy<T: Pod + Datum>(shape: &Shape, bytes: &Buffer) -> Result<TractTensor> {
    match bytemuck::try_cast_slice::<u8, T>(bytes) {
        Ok(values) => TractTensor::from_shape(shape, values).map_err(refused),
        // Bytes that are not aligned for their dtype.
        Err(_) => TractTensor::from_shape(shape, &bytemuck::pod_collect_to_vec::<u8, T>(bytes))
            .map_err(refused),
    }
}

fn refused(error: tract_onnx::prelude::TractError) -> Error {
    Error::failed("the library refused an input").with_source(error)
}

/// A tensor of tract's, shared as it is.
#[derive(Debug)]
struct Adopted(Arc<TractTensor>);

impl HostMemory for Adopted {
    fn bytes(&self) -> &[u8] {
        let bytes = self.0.as_plain_ram().map(|plain| plain.as_bytes()).unwrap_or_default();
        // No bytes, but aligned for any dtype: what reads them as a slice of one asks for that.
        if bytes.is_empty() { bytemuck::cast_slice::<u64, u8>(&[]) } else { bytes }
    }
}

/// Shares an output without copying it, charged to `memory`'s budget.
///
/// # Errors
///
/// `TooLarge` when the budget is spent, `Unsupported` for a dtype that tensors do not have.
pub fn output(value: TValue, memory: &Memory) -> Result<Tensor> {
    let tensor = value.into_arc_tensor();
    let plain = tensor.datum_type() != DatumType::TDim && tensor.as_plain_ram().is_some();
    let dtype = dtype::of(tensor.datum_type()).filter(|_| plain).ok_or_else(|| {
        Error::unsupported("the model gives an output of a dtype that tensors do not have")
    })?;
    let shape = Shape::from(tensor.shape());
    Tensor::new(dtype, shape, memory.adopt(Adopted(tensor))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_backend::{Budget, ErrorKind};

    #[test]
    fn an_output_is_shared_and_charged() {
        let memory = Memory::new(Default::default(), Budget::new("tensors", 100));
        let value = input(&Tensor::from_values([2, 3], &[1f32, 2., 3., 4., 5., 6.]).unwrap());
        let value = value.unwrap();
        let address = value.as_bytes().as_ptr();
        let tensor = output(value, &memory).unwrap();
        assert_eq!(tensor.host().unwrap().as_ptr(), address);
        assert_eq!(memory.budget().used(), 24);
        drop(tensor);
        assert_eq!(memory.budget().used(), 0);
    }

    #[test]
    fn an_output_beyond_the_budget_is_too_large() {
        let memory = Memory::new(Default::default(), Budget::new("tensors", 23));
        let value = input(&Tensor::from_values([6], &[0f32; 6]).unwrap()).unwrap();
        assert_eq!(output(value, &memory).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn unaligned_bytes_are_taken() {
        #[derive(Debug)]
        struct Shifted(Vec<u64>);
        impl HostMemory for Shifted {
            fn bytes(&self) -> &[u8] {
                &bytemuck::cast_slice(&self.0)[1..9]
            }
        }
        let bytes = Buffer::from_owner(Shifted(vec![0x0000_0001_0000_0000, 0]));
        let tensor = Tensor::new(DType::F32, Shape::from([2]), bytes.clone()).unwrap();
        assert_eq!(input(&tensor).unwrap().as_bytes(), &*bytes);
    }

    #[test]
    fn a_bool_is_0_or_1() {
        let of = |byte| Tensor::new(DType::Bool, Shape::from([1]), vec![byte].into()).unwrap();
        assert_eq!(input(&of(1)).unwrap().as_bytes(), [1]);
        assert_eq!(input(&of(2)).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}
