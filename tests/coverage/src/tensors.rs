//! Tensors of the cases' files as tensors of the contract.

use anyhow::{Context, Result, bail};
use godwit_backend::{DType, Shape, Tensor};
use godwit_onnx::schema::TensorProto;
use half::{bf16, f16};
use prost::Message;

/// What ONNX calls a dtype that the contract does not have.
pub fn foreign(code: i32) -> &'static str {
    match code {
        8 => "strings",
        14 | 15 => "complex numbers",
        17..=20 | 23 | 24 => "numbers of 8 bits or fewer",
        21 | 22 | 25 | 26 => "numbers of 4 bits or fewer",
        _ => "an unknown dtype",
    }
}

/// The tensor in the bytes of one `.pb` file.
///
/// # Errors
///
/// When they are no such tensor: the set of cases is damaged.
pub fn read(bytes: &[u8]) -> Result<Tensor> {
    let proto = TensorProto::decode(bytes).context("not a tensor")?;
    let dtype =
        proto.dtype().with_context(|| format!("a tensor of {}", foreign(proto.data_type())))?;
    let dims = proto.dims.iter().map(|&dim| usize::try_from(dim));
    let shape = Shape::new(dims.collect::<Result<Vec<_>, _>>().context("a negative dimension")?);
    let bytes = match proto.raw_data() {
        [] => typed(&proto, dtype)?,
        raw => raw.to_vec(),
    };
    Ok(Tensor::new(dtype, shape, bytes.into())?)
}

/// The bytes of values that are kept in the field of their own type, small ones as `int32`.
fn typed(proto: &TensorProto, dtype: DType) -> Result<Vec<u8>> {
    fn narrow<T: TryFrom<i32>, const N: usize>(
        values: &[i32],
        bytes: impl Fn(T) -> [u8; N],
    ) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for &value in values {
            let Ok(value) = T::try_from(value) else { bail!("{value} does not fit its dtype") };
            all.extend(bytes(value));
        }
        Ok(all)
    }
    let small = &proto.int32_data;
    Ok(match dtype {
        DType::F32 => proto.float_data.iter().flat_map(|it| it.to_le_bytes()).collect(),
        DType::F64 => proto.double_data.iter().flat_map(|it| it.to_le_bytes()).collect(),
        DType::I64 => proto.int64_data.iter().flat_map(|it| it.to_le_bytes()).collect(),
        DType::U64 => proto.uint64_data.iter().flat_map(|it| it.to_le_bytes()).collect(),
        DType::U32 => {
            let values = proto.uint64_data.iter().map(|&it| u32::try_from(it));
            let values = values.collect::<Result<Vec<_>, _>>().context("does not fit u32")?;
            values.into_iter().flat_map(u32::to_le_bytes).collect()
        }
        DType::I32 => small.iter().flat_map(|it| it.to_le_bytes()).collect(),
        DType::U8 | DType::Bool => narrow(small, u8::to_le_bytes)?,
        DType::I8 => narrow(small, i8::to_le_bytes)?,
        DType::I16 => narrow(small, i16::to_le_bytes)?,
        DType::U16 => narrow(small, u16::to_le_bytes)?,
        // Kept as their bits.
        DType::F16 => narrow(small, |bits| f16::from_bits(bits).to_le_bytes())?,
        DType::Bf16 => narrow(small, |bits| bf16::from_bits(bits).to_le_bytes())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_either_field() {
        let raw = TensorProto {
            dims: vec![2],
            data_type: Some(6),
            raw_data: Some(vec![1, 0, 0, 0, 2, 0, 0, 0].into()),
            ..TensorProto::default()
        };
        assert_eq!(read(&raw.encode_to_vec()).unwrap().values::<i32>().unwrap(), [1, 2]);
        let half = TensorProto {
            dims: vec![1],
            data_type: Some(10),
            int32_data: vec![0x3c00],
            ..TensorProto::default()
        };
        assert_eq!(read(&half.encode_to_vec()).unwrap().values::<f16>().unwrap(), [f16::ONE]);
        let torn = TensorProto { dims: vec![3], ..raw };
        assert!(read(&torn.encode_to_vec()).is_err());
    }
}
