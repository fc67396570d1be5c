//! Tensors as JSON numbers.

use std::fmt;

use godwit_backend::{BufferMut, DType, Error, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use crate::reactor::run_beside;

/// Appends `[1,2,...]`, the elements in `bytes`.
///
/// # Errors
///
/// `InvalidArgument` for a number without a JSON form, `Unsupported` for a dtype without one.
pub(super) fn write(into: &mut Vec<u8>, dtype: DType, bytes: &[u8]) -> Result<()> {
    into.push(b'[');
    let mut first = true;
    for element in bytes.chunks_exact(dtype.size()) {
        if !std::mem::take(&mut first) {
            into.push(b',');
        }
        write_one(into, dtype, element)?;
    }
    into.push(b']');
    Ok(())
}

/// Appends the one element in `bytes`.
pub(super) fn write_one(into: &mut Vec<u8>, dtype: DType, bytes: &[u8]) -> Result<()> {
    macro_rules! number {
        ($ty:ty) => {{
            let value = <$ty>::from_le_bytes(bytes.try_into().unwrap_or_default());
            serde_json::to_writer(into, &value)
        }};
    }
    macro_rules! float {
        ($ty:ty) => {{
            let value = <$ty>::from_le_bytes(bytes.try_into().unwrap_or_default());
            if !value.is_finite() {
                return Err(Error::invalid_argument(
                    "the remote service takes JSON, which has no infinity and no NaN",
                ));
            }
            serde_json::to_writer(into, &value)
        }};
    }
    let written = match dtype {
        DType::F32 => float!(f32),
        DType::F64 => float!(f64),
        DType::U8 => number!(u8),
        DType::I8 => number!(i8),
        DType::U16 => number!(u16),
        DType::I16 => number!(i16),
        DType::U32 => number!(u32),
        DType::I32 => number!(i32),
        DType::U64 => number!(u64),
        DType::I64 => number!(i64),
        DType::Bool => serde_json::to_writer(into, &(bytes != [0])),
        DType::F16 | DType::Bf16 => return Err(super::datatype::no_json(dtype)),
    };
    written.map_err(|error| Error::internal("cannot write numbers as JSON").with_source(error))
}

/// Fills `into` with the numbers of a JSON list, flat or nested. Their number must be exact.
pub(super) fn read(
    json: &str,
    dtype: DType,
    into: &mut BufferMut,
) -> Result<(), serde_json::Error> {
    run_beside(json.len(), || {
        let mut filling = Filling { dtype, into, at: 0 };
        let mut from = serde_json::Deserializer::from_str(json);
        Into(&mut filling).deserialize(&mut from)?;
        from.end()?;
        if filling.at != filling.into.len() {
            return Err(serde_json::Error::custom("too few numbers"));
        }
        Ok(())
    })
}

struct Filling<'a> {
    dtype: DType,
    into: &'a mut BufferMut,
    at: usize,
}

impl Filling<'_> {
    fn put(&mut self, bytes: &[u8]) -> bool {
        let end = self.at + bytes.len();
        let Some(slot) = self.into.get_mut(self.at..end) else { return false };
        slot.copy_from_slice(bytes);
        self.at = end;
        true
    }

    /// Writes an integer, if the dtype can hold it.
    fn integer(&mut self, value: i128) -> bool {
        macro_rules! put {
            ($ty:ty) => {
                <$ty>::try_from(value).is_ok_and(|value| self.put(&value.to_le_bytes()))
            };
        }
        match self.dtype {
            DType::U8 => put!(u8),
            DType::I8 => put!(i8),
            DType::U16 => put!(u16),
            DType::I16 => put!(i16),
            DType::U32 => put!(u32),
            DType::I32 => put!(i32),
            DType::U64 => put!(u64),
            DType::I64 => put!(i64),
            DType::Bool => matches!(value, 0 | 1) && self.put(&[u8::from(value == 1)]),
            #[allow(
                clippy::cast_precision_loss,
                reason = "the server sent a whole number as a float"
            )]
            DType::F32 | DType::F64 => self.float(value as f64),
            DType::F16 | DType::Bf16 => false,
        }
    }

    fn float(&mut self, value: f64) -> bool {
        match self.dtype {
            #[allow(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
            DType::F32 => self.put(&(value as f32).to_le_bytes()),
            DType::F64 => self.put(&value.to_le_bytes()),
            _ => false,
        }
    }
}

struct Into<'a, 'b>(&'a mut Filling<'b>);

impl<'de> DeserializeSeed<'de> for Into<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Into<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "as many {} as the shape says", self.0.dtype)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        let fits = self.0.dtype == DType::Bool && self.0.put(&[u8::from(value)]);
        done(fits)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        done(self.0.integer(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        done(self.0.integer(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        done(self.0.float(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Into(self.0))?.is_some() {}
        Ok(())
    }
}

fn done<E: serde::de::Error>(fits: bool) -> Result<(), E> {
    if fits { Ok(()) } else { Err(E::custom("a number that does not fit, or too many numbers")) }
}

#[cfg(test)]
mod tests {
    use godwit_backend::Memory;

    use super::*;

    fn back(dtype: DType, bytes: &[u8]) -> Vec<u8> {
        let mut json = Vec::new();
        write(&mut json, dtype, bytes).unwrap();
        let mut buffer = Memory::unlimited().writable(bytes.len()).unwrap();
        read(std::str::from_utf8(&json).unwrap(), dtype, &mut buffer).unwrap();
        buffer.to_vec()
    }

    #[test]
    fn every_bit_survives() {
        let floats = [0.1f32, -0.0, f32::MIN_POSITIVE, f32::MAX, 1.0e-45, 16_777_217.0];
        let bytes: Vec<u8> = floats.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(back(DType::F32, &bytes), bytes);
        let doubles = [0.1f64, f64::MIN_POSITIVE, 5e-324, f64::MAX, -1.0 / 3.0];
        let bytes: Vec<u8> = doubles.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(back(DType::F64, &bytes), bytes);
        let bytes: Vec<u8> = [u64::MAX, 0].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(back(DType::U64, &bytes), bytes);
        let bytes: Vec<u8> = [i64::MIN, -1].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(back(DType::I64, &bytes), bytes);
        assert_eq!(back(DType::Bool, &[1, 0, 1]), [1, 0, 1]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let reads = |json: &str, dtype: DType, bytes: usize| {
            let mut buffer = Memory::unlimited().writable(bytes).unwrap();
            read(json, dtype, &mut buffer).is_ok()
        };
        assert!(reads("[[1,2],[3]]", DType::U8, 3));
        for (json, dtype, bytes) in [
            ("[256]", DType::U8, 1),
            ("[1,2,3]", DType::U8, 2),
            ("[1]", DType::U8, 2),
            ("[1.5]", DType::I32, 4),
            ("[null]", DType::F32, 4),
            ("[true]", DType::F32, 4),
            ("[NaN]", DType::F32, 4),
            ("[\"1\"]", DType::F32, 4),
            ("[1] 2", DType::F32, 4),
        ] {
            assert!(!reads(json, dtype, bytes), "{json}");
        }
        let mut json = Vec::new();
        assert!(write(&mut json, DType::F32, &f32::NAN.to_le_bytes()).is_err());
        assert!(write(&mut json, DType::F16, &[0, 0]).is_err());
    }
}
