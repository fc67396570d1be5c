//! The wire format of protobuf, read in place: nothing is allocated, nothing recurses.

use godwit_backend::{Error, Result};

/// The fields of one message, in the order they stand in the file.
///
/// Ends after the first error.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
}

/// What a field holds; its type in the schema says how to read it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed32,
    Fixed64,
    Bytes(&'a [u8]),
}

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn field(&mut self) -> Result<Field<'a>> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or_else(|| malformed("a field number out of range"))?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let claimed = self.varint()?;
                Value::Bytes(self.take(claimed)?)
            }
            5 => self.take(4).map(|_| Value::Fixed32)?,
            _ => return Err(malformed("a wire type that no model uses")),
        };
        Ok(Field { number, value })
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for (i, &byte) in self.rest.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            let shifted = bits << (7 * i);
            if shifted >> (7 * i) != bits {
                return Err(malformed("a number that does not fit 64 bits"));
            }
            value |= shifted;
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(i + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        match self.rest.len() {
            0..10 => Err(truncated(10, self.rest.len())),
            _ => Err(malformed("a number that does not fit 64 bits")),
        }
    }

    fn take(&mut self, claimed: u64) -> Result<&'a [u8]> {
        let split = usize::try_from(claimed).ok().and_then(|n| self.rest.split_at_checked(n));
        let (taken, rest) = split.ok_or_else(|| truncated(claimed, self.rest.len()))?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Field<'a> {
    /// A string, bytes or a message.
    pub(crate) fn bytes(self) -> Result<&'a [u8]> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(mistyped(self.number)),
        }
    }

    /// An `int32`, `int64` or enum.
    pub(crate) fn int(self) -> Result<i64> {
        match self.value {
            Value::Varint(bits) => Ok(bits.cast_signed()),
            _ => Err(mistyped(self.number)),
        }
    }

    /// A singular message: like [`Field::bytes`], but refused the second time. Parsers merge the two
    /// and would see a message that was never checked as a whole.
    pub(crate) fn only(self, slot: &mut Option<&'a [u8]>) -> Result<()> {
        match slot.replace(self.bytes()?) {
            None => Ok(()),
            Some(_) => Err(malformed("the same field twice where one is allowed")),
        }
    }

    /// Every value of a repeated integer, one a field or packed.
    pub(crate) fn ints(self) -> Result<impl Iterator<Item = Result<i64>> + use<'a>> {
        let (single, packed) = match self.value {
            Value::Varint(bits) => (Some(Ok(bits.cast_signed())), Fields::of(&[])),
            Value::Bytes(packed) => (None, Fields::of(packed)),
            _ => return Err(mistyped(self.number)),
        };
        Ok(single.into_iter().chain(Packed(packed)))
    }

    /// How many values a repeated integer holds, one a field or packed.
    pub(crate) fn count(self) -> u64 {
        match self.value {
            Value::Bytes(packed) => packed.iter().filter(|&&byte| byte & 0x80 == 0).count() as u64,
            _ => 1,
        }
    }

    /// How many values a repeated number of `size` bytes each holds, one a field or packed.
    pub(crate) fn fixed_count(self, size: u64) -> Result<u64> {
        match self.value {
            Value::Bytes(packed) if (packed.len() as u64).is_multiple_of(size) => {
                Ok(packed.len() as u64 / size)
            }
            Value::Fixed32 if size == 4 => Ok(1),
            Value::Fixed64 if size == 8 => Ok(1),
            _ => Err(mistyped(self.number)),
        }
    }
}

struct Packed<'a>(Fields<'a>);

impl Iterator for Packed<'_> {
    type Item = Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.rest.is_empty() {
            return None;
        }
        let value = self.0.varint();
        if value.is_err() {
            self.0.rest = &[];
        }
        Some(value.map(u64::cast_signed))
    }
}

/// The file ends, or a message ends, before what it announced.
fn truncated(claimed: u64, left: usize) -> Error {
    Error::invalid_encoding(format!(
        "the model file is cut short or damaged: it announces {claimed} bytes where {left} are \
         left; fetch it again"
    ))
}

pub(crate) fn malformed(what: &str) -> Error {
    Error::invalid_encoding(format!("the model file is damaged: it holds {what}; fetch it again"))
}

fn mistyped(number: u32) -> Error {
    malformed(&format!("a value of the wrong type in field {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: &[u8]) -> Result<Field<'_>> {
        Fields::of(bytes).next().unwrap()
    }

    #[test]
    fn numbers_up_to_64_bits_and_no_further() {
        let mut bytes = vec![8];
        bytes.extend([0xff; 9]);
        bytes.push(1);
        assert_eq!(first(&bytes).unwrap().int().unwrap(), -1);
        *bytes.last_mut().unwrap() = 2;
        assert!(first(&bytes).unwrap_err().message().contains("64 bits"));
        *bytes.last_mut().unwrap() = 0x81;
        assert!(first(&bytes).unwrap_err().message().contains("64 bits"));
        assert!(first(&bytes[..5]).unwrap_err().message().contains("cut short"));
    }

    #[test]
    fn a_length_is_checked_against_what_is_there() {
        assert_eq!(first(&[0x0a, 2, 7, 8]).unwrap().bytes().unwrap(), [7, 8]);
        let huge = [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 7];
        let error = first(&huge).unwrap_err();
        assert!(
            error.message().contains("announces 18446744073709551615 bytes where 1"),
            "{error}"
        );
    }

    #[test]
    fn groups_and_field_zero_are_refused() {
        for bytes in [&[0x0b][..], &[0x0c], &[0x02, 0], &[0x06]] {
            first(bytes).unwrap_err();
        }
    }

    #[test]
    fn integers_come_packed_or_one_by_one() {
        let read = |bytes| first(bytes).unwrap().ints().unwrap().collect::<Result<Vec<_>>>();
        assert_eq!(read(&[0x0a, 3, 1, 0x80, 1]).unwrap(), [1, 128]);
        assert_eq!(read(&[8, 5]).unwrap(), [5]);
        read(&[0x0a, 1, 0x80]).unwrap_err();
    }

    #[test]
    fn an_error_ends_the_message() {
        let mut fields = Fields::of(&[8, 1, 0x0b, 8, 1]);
        assert!(fields.next().unwrap().is_ok());
        assert!(fields.next().unwrap().is_err());
        assert!(fields.next().is_none());
    }
}
