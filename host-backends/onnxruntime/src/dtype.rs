use godwit_backend::DType;
use ort::sys::ONNXTensorElementDataType as Code;

/// The library's code of a dtype.
pub(crate) fn code(dtype: DType) -> Code {
    match dtype {
        DType::F16 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
        DType::F32 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
        DType::F64 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,
        DType::Bf16 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16,
        DType::U8 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,
        DType::I32 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,
        DType::I64 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
        DType::I8 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8,
        DType::U16 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16,
        DType::I16 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16,
        DType::U32 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32,
        DType::U64 => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64,
        DType::Bool => Code::ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
    }
}

/// The dtype of a code, unless it is one that tensors do not have: strings, complex numbers, and numbers
/// of eight bits and fewer that are not integers.
pub(crate) fn of(wanted: i32) -> Option<DType> {
    DType::ALL.into_iter().find(|dtype| code(*dtype) as i32 == wanted)
}

/// What a dtype that tensors do not have is called in a message.
pub(crate) fn refused(code: i32) -> &'static str {
    match code {
        8 => "of strings",
        14 | 15 => "of complex numbers",
        _ => "of numbers of eight bits and fewer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_has_a_code_of_its_own() {
        for dtype in DType::ALL {
            assert_eq!(of(code(dtype) as i32), Some(dtype));
        }
        for code in [0, 8, 14, 17, 22, 99, -1] {
            assert_eq!(of(code), None);
        }
    }
}
