use godwit_backend::DType;

use crate::schema::{NodeProto, TensorProto};

/// A value that the file holds.
#[derive(Debug, Clone, Copy)]
pub enum Constant<'a> {
    /// An initializer, or the tensor of a `Constant`.
    Tensor(&'a TensorProto),
    /// Integers of a `Constant`.
    Ints(&'a [i64]),
    /// Floating-point numbers of a `Constant`.
    Floats(&'a [f32]),
}

impl<'a> Constant<'a> {
    /// The value of a `Constant`, unless it is of strings or sparse.
    pub(crate) fn of(node: &'a NodeProto) -> Option<Self> {
        node.attribute.iter().find_map(|it| match it.name() {
            "value" => it.t.as_ref().map(Self::Tensor),
            "value_int" => it.i.as_ref().map(std::slice::from_ref).map(Self::Ints),
            "value_ints" => Some(Self::Ints(&it.ints)),
            "value_float" => it.f.as_ref().map(std::slice::from_ref).map(Self::Floats),
            "value_floats" => Some(Self::Floats(&it.floats)),
            _ => None,
        })
    }

    /// Its dtype, if the contract has it.
    pub fn dtype(self) -> Option<DType> {
        match self {
            Self::Tensor(tensor) => tensor.dtype(),
            Self::Ints(_) => Some(DType::I64),
            Self::Floats(_) => Some(DType::F32),
        }
    }

    /// Its numbers, if they are of i64 or i32 and in the file.
    pub fn integers(self) -> Option<Box<dyn Iterator<Item = i64> + 'a>> {
        let tensor = match self {
            Self::Tensor(tensor) if !tensor.is_external() => tensor,
            Self::Ints(numbers) => return Some(Box::new(numbers.iter().copied())),
            _ => return None,
        };
        let raw = tensor.raw_data();
        match tensor.dtype()? {
            DType::I64 => {
                let raw = raw.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it));
                Some(Box::new(raw.chain(tensor.int64_data.iter().copied())))
            }
            DType::I32 => {
                let raw = raw.as_chunks().0.iter().map(|it| i32::from_le_bytes(*it));
                Some(Box::new(raw.chain(tensor.int32_data.iter().copied()).map(i64::from)))
            }
            _ => None,
        }
    }

    /// Whether it is known to have elements.
    pub(crate) fn has_elements(self) -> bool {
        match self {
            Self::Tensor(tensor) => tensor.elements().is_some_and(|elements| elements > 0),
            Self::Ints(numbers) => !numbers.is_empty(),
            Self::Floats(numbers) => !numbers.is_empty(),
        }
    }

    /// Whether all of its numbers are known to be finite.
    pub(crate) fn is_finite(self) -> bool {
        let tensor = match self {
            Self::Tensor(tensor) => tensor,
            Self::Ints(_) => return true,
            Self::Floats(numbers) => return numbers.iter().all(|it| it.is_finite()),
        };
        let raw = tensor.raw_data();
        match tensor.dtype() {
            _ if tensor.is_external() => false,
            Some(DType::F32) => {
                raw.as_chunks().0.iter().all(|it| f32::from_le_bytes(*it).is_finite())
                    && tensor.float_data.iter().all(|it| it.is_finite())
            }
            Some(DType::F64) => {
                raw.as_chunks().0.iter().all(|it| f64::from_le_bytes(*it).is_finite())
                    && tensor.double_data.iter().all(|it| it.is_finite())
            }
            _ => false,
        }
    }

    /// The product of its numbers, if they are dimensions: `Some(None)` where that overflows.
    pub(crate) fn volume(self) -> Option<Option<i64>> {
        Some(self.integers()?.try_fold(1i64, i64::checked_mul))
    }
}
