//! Tensors the file stores: their claim is held to what is really there.

use std::collections::BTreeSet;

use godwit_backend::{DType, Error, Result};

use super::constants::Constant;
use crate::Limits;
use crate::protobuf::{Field, Fields, Value, malformed};
use crate::text::{name, quoted};

/// The element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Undefined,
    Known(DType),
    /// By name, with the bits of one element; strings have no fixed size.
    Other(&'static str, Option<u64>),
}

impl Element {
    pub(super) fn of(data_type: i64) -> Result<Self> {
        let known = i32::try_from(data_type).ok().and_then(DType::from_onnx);
        if let Some(dtype) = known {
            return Ok(Self::Known(dtype));
        }
        Ok(match data_type {
            0 => Self::Undefined,
            8 => Self::Other("a tensor of strings", None),
            14 => Self::Other("a tensor of complex numbers", Some(64)),
            15 => Self::Other("a tensor of complex numbers", Some(128)),
            17..=20 | 24 => Self::Other("a tensor of 8-bit floats", Some(8)),
            21 | 22 => Self::Other("a tensor of 4-bit integers", Some(4)),
            23 => Self::Other("a tensor of 4-bit floats", Some(4)),
            25 | 26 => Self::Other("a tensor of 2-bit integers", Some(2)),
            _ => return Err(malformed("a tensor of an element type that ONNX does not have")),
        })
    }

    /// How many values `elements` of this type may take in one of the fields that are not raw.
    fn values(self, field: u32, elements: u64) -> [u64; 2] {
        use DType::{F32, F64, I64, U32, U64};
        let pairs = elements.saturating_mul(2);
        match (self, field) {
            (Self::Known(F32), 4) | (Self::Known(F64), 10) | (Self::Known(I64), 7) => [elements; 2],
            (Self::Known(U32 | U64), 11) => [elements; 2],
            (Self::Known(F32 | F64 | I64 | U32 | U64), _) => [u64::MAX; 2],
            (Self::Known(_), 5) | (Self::Other(_, None), 6) => [elements; 2],
            // Complex numbers take two values each.
            (Self::Other(_, Some(64)), 4) | (Self::Other(_, Some(128)), 10) => [pairs; 2],
            // Small elements come one a value or packed into bytes.
            (Self::Other(_, Some(bits @ ..=8)), 5) => {
                [elements, elements.saturating_mul(bits).div_ceil(8)]
            }
            _ => [u64::MAX; 2],
        }
    }

    /// Bits of one element, where that has an answer.
    pub(super) fn bits(self) -> Option<u64> {
        match self {
            Self::Undefined => None,
            Self::Known(dtype) => Some(dtype.size() as u64 * 8),
            Self::Other(_, bits) => bits,
        }
    }
}

/// A stored tensor.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) name: &'a str,
    pub(super) elements: u64,
    pub(super) bytes: u64,
    pub(super) element: Element,
    pub(super) numbers: Option<Vec<f64>>,
}

impl Stored<'_> {
    pub(super) fn constant(self) -> Constant {
        Constant::new(self.elements, self.element, self.numbers)
    }
}

/// Reads a `TensorProto`, collecting the other files it lies in.
pub(super) fn read<'a>(
    message: &'a [u8],
    limits: &Limits,
    external: &mut BTreeSet<&'a str>,
) -> Result<Stored<'a>> {
    let mut tensor = Parts { product: Some(1), ..Parts::default() };
    for field in Fields::of(message) {
        tensor.field(field?, limits, external)?;
    }
    let name = tensor.name;
    let element = Element::of(tensor.data_type)?;
    let elements = if tensor.zero { tensor.product.map(|_| 0) } else { tensor.product };
    let bytes = elements.and_then(|elements| match element.bits() {
        Some(bits) => elements.checked_mul(bits).map(|bits| bits.div_ceil(8)),
        None => Some(elements.max(tensor.string_bytes)),
    });
    let claim = elements.zip(bytes).filter(|&(_, bytes)| bytes <= limits.max_tensor_bytes);
    let (elements, bytes) = claim.ok_or_else(|| {
        Error::too_large(format!(
            "the model's tensor {} claims more than the {} bytes that are allowed",
            quoted(name),
            limits.max_tensor_bytes
        ))
    })?;
    if tensor.is_external {
        external.insert(tensor.location.unwrap_or(""));
        return Ok(Stored { name, elements, bytes, element, numbers: None });
    }
    tensor.holds(elements, bytes, element)?;
    let numbers = tensor.numbers(elements, element);
    Ok(Stored { name, elements, bytes, element, numbers })
}

#[derive(Debug, Default)]
struct Parts<'a> {
    name: &'a str,
    data_type: i64,
    /// Of the dimensions that are not zero; `None` after an overflow.
    product: Option<u64>,
    zero: bool,
    raw: Option<&'a [u8]>,
    /// The one field that holds values when they are not raw, and how many.
    typed: Option<(u32, u64)>,
    string_bytes: u64,
    small: Vec<f64>,
    is_external: bool,
    location: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn field(
        &mut self,
        field: Field<'a>,
        limits: &Limits,
        external: &mut BTreeSet<&'a str>,
    ) -> Result<()> {
        match field.number {
            1 => field.ints()?.try_for_each(|dim| self.dim(dim?))?,
            2 => self.data_type = field.int()?,
            3 => return Err(malformed("a tensor in segments, which no library reads")),
            4 => {
                self.add(field, field.fixed_count(4)?)?;
                self.keep_fixed(field, float);
            }
            10 => {
                self.add(field, field.fixed_count(8)?)?;
                self.keep_fixed(field, f64::from_le_bytes);
            }
            5 | 7 | 11 => {
                self.add(field, field.count())?;
                for value in field.ints()?.take(self.room()) {
                    self.small.push(as_number(value?));
                }
            }
            6 => {
                self.add(field, 1)?;
                self.string_bytes += field.bytes()?.len() as u64;
            }
            8 => self.name = name(field.bytes()?, limits)?,
            9 => field.only(&mut self.raw)?,
            13 => {
                self.is_external = true;
                if let Some(location) = location(field.bytes()?, limits)? {
                    // Of two locations either may be the one a library opens.
                    self.location.replace(location).map(|other| external.insert(other));
                }
            }
            14 => self.is_external |= field.int()? != 0,
            _ => {}
        }
        Ok(())
    }

    fn dim(&mut self, dim: i64) -> Result<()> {
        let dim = u64::try_from(dim).map_err(|_| malformed("a tensor of negative size"))?;
        if dim == 0 {
            self.zero = true;
        } else {
            self.product = self.product.and_then(|product| product.checked_mul(dim));
        }
        Ok(())
    }

    fn add(&mut self, field: Field<'a>, values: u64) -> Result<()> {
        let (number, count) = self.typed.unwrap_or((field.number, 0));
        if number != field.number {
            return Err(malformed("a tensor with data of two types"));
        }
        self.typed = Some((number, count.saturating_add(values)));
        Ok(())
    }

    /// How many more values are worth keeping.
    fn room(&self) -> usize {
        Constant::KEPT.saturating_sub(self.small.len())
    }

    fn keep_fixed<const N: usize>(&mut self, field: Field<'a>, number: fn([u8; N]) -> f64) {
        if let Value::Bytes(packed) = field.value {
            let values = packed.chunks_exact(N).filter_map(|value| value.try_into().ok());
            self.small.extend(values.take(self.room()).map(number));
        }
    }

    /// Compares what is there with what is claimed: libraries allocate the claim and read past the
    /// end of the rest.
    fn holds(&self, elements: u64, bytes: u64, element: Element) -> Result<()> {
        let fits = match (self.raw, self.typed) {
            (Some(raw), None) => element.bits().is_some() && raw.len() as u64 == bytes,
            (None, Some((field, count))) => element.values(field, elements).contains(&count),
            (None, None) => elements == 0,
            (Some(raw), Some((_, count))) => raw.is_empty() && count == 0 && elements == 0,
        };
        if fits && element != Element::Undefined {
            return Ok(());
        }
        Err(Error::invalid_encoding(format!(
            "the model's tensor {} claims {elements} elements and holds other data than that; export \
             the model again",
            quoted(self.name)
        )))
    }

    fn numbers(self, elements: u64, element: Element) -> Option<Vec<f64>> {
        let Element::Known(dtype) = element else { return None };
        if elements > Constant::KEPT as u64 {
            return None;
        }
        let Some(raw) = self.raw else {
            return (self.small.len() as u64 == elements).then_some(self.small);
        };
        match dtype {
            DType::I64 => Some(values(raw, long)),
            DType::I32 => Some(values(raw, int)),
            DType::F32 => Some(values(raw, float)),
            DType::F64 => Some(values(raw, f64::from_le_bytes)),
            _ => None,
        }
    }
}

fn values<const N: usize>(raw: &[u8], number: fn([u8; N]) -> f64) -> Vec<f64> {
    raw.chunks_exact(N).filter_map(|value| value.try_into().ok()).map(number).collect()
}

fn long(bytes: [u8; 8]) -> f64 {
    as_number(i64::from_le_bytes(bytes))
}

fn int(bytes: [u8; 4]) -> f64 {
    f64::from(i32::from_le_bytes(bytes))
}

fn float(bytes: [u8; 4]) -> f64 {
    f64::from(f32::from_le_bytes(bytes))
}

/// Sizes above 2^53 lose their last bits, and are refused long before that matters.
#[expect(clippy::cast_precision_loss, reason = "an estimate of a size")]
pub(super) fn as_number(value: i64) -> f64 {
    value as f64
}

/// The value of an `external_data` entry, if it is the location.
fn location<'a>(message: &'a [u8], limits: &Limits) -> Result<Option<&'a str>> {
    let (mut key, mut value) = (&b""[..], &b""[..]);
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => key = field.bytes()?,
            2 => value = field.bytes()?,
            _ => {}
        }
    }
    if key != b"location" {
        return Ok(None);
    }
    name(value, limits).map(Some)
}
