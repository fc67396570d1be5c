use godwit_backend::{Buffer, DType, ErrorKind, Shape, Tensor};

use crate::tensors::bytes;
use crate::{Case, Subject};

/// Bit for bit: a value that merely compares equal is another value.
pub async fn every_listed_dtype_survives_a_round_trip(subject: Subject) {
    let listed = subject.device().capabilities.dtypes;
    assert!(!listed.is_empty(), "the device lists no dtype");
    for dtype in listed {
        let mut open = subject.open(&Case::Echo(dtype)).await;
        let input = telling(dtype);
        let output = open.answer([input.clone()]).await.remove(0);
        assert_eq!((output.dtype(), output.shape()), (dtype, input.shape()));
        assert_eq!(bytes(&output), bytes(&input), "{dtype}");
    }
}

pub async fn a_dtype_the_device_does_not_list_is_refused_at_load(subject: Subject) {
    let listed = subject.device().capabilities.dtypes;
    for dtype in DType::ALL.into_iter().filter(|dtype| !listed.contains(dtype)) {
        let error = subject.load(&Case::Echo(dtype)).await.expect_err("an unlisted dtype");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{dtype}: {error:?}");
    }
}

/// Extremes, and bytes that show a swapped order: infinities, the least subnormal, minus zero for
/// floats; the ends of the range for integers. NaN is left out: its payload is nobody's promise.
fn telling(dtype: DType) -> Tensor {
    let size = dtype.size();
    let mut elements: Vec<Vec<u8>> = match dtype {
        DType::Bool => vec![vec![0], vec![1]],
        _ => vec![
            vec![0; size],
            (1..=8).take(size).collect(),
            [vec![1], vec![0; size - 1]].concat(),
            [vec![0; size - 1], vec![0x80]].concat(),
        ],
    };
    match dtype {
        DType::F16 => elements.push(0x7c00u16.to_le_bytes().into()),
        DType::Bf16 => elements.push(0x7f80u16.to_le_bytes().into()),
        DType::F32 => elements.push(f32::NEG_INFINITY.to_le_bytes().into()),
        DType::F64 => elements.push(f64::NEG_INFINITY.to_le_bytes().into()),
        DType::Bool => {}
        _ => elements.push(vec![0xff; size]),
    }
    let all: Vec<u8> = elements.iter().cycle().take(6).flatten().copied().collect();
    Tensor::new(dtype, Shape::from([2, 3]), Buffer::from(all)).expect("six elements")
}
