//! Fields of a protobuf message as they stand in the file, so that what is not understood is kept.

use godwit_backend::{Error, Result};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// One field: its number, all of its bytes, and what is in it if it is a message, a string or bytes.
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) whole: &'a [u8],
    pub(crate) inside: Option<&'a [u8]>,
}

/// The fields of `message` in order.
pub(crate) fn fields(message: &[u8]) -> Result<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let begin = rest;
        let (number, wire) = decode_key(&mut rest).map_err(damaged)?;
        let mut inside = None;
        if wire == WireType::LengthDelimited {
            let length = decode_varint(&mut rest).map_err(damaged)?;
            let split =
                usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
            let (taken, left) = split.ok_or_else(cut)?;
            (inside, rest) = (Some(taken), left);
        } else {
            skip_field(wire, number, &mut rest, DecodeContext::default()).map_err(damaged)?;
        }
        let length = begin.len() - rest.len();
        let whole = begin.get(..length).ok_or_else(cut)?;
        fields.push(Field { number, whole, inside });
    }
    Ok(fields)
}

pub(crate) fn damaged(error: prost::DecodeError) -> Error {
    Error::invalid_encoding("the model is damaged").with_source(error)
}

fn cut() -> Error {
    Error::invalid_encoding("the model is cut off")
}
