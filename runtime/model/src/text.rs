//! Text that strangers wrote, on its way into messages.

use godwit_backend::{Error, Result};

use crate::Limits;

/// The longest piece of a file's own text in a message, in characters.
const SHOWN: usize = 60;

/// A name as it may stand in a message: quoted, one line, not endless.
pub(crate) fn quoted(name: &str) -> String {
    let mut shown: String = name.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if name.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("'{shown}'")
}

/// Takes bytes of the file as a name.
///
/// Control characters are refused: names reach terminals and logs, and no honest one has any.
pub(crate) fn name<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str> {
    if bytes.len() > limits.max_name_len {
        return Err(Error::too_large(format!(
            "the model holds a name of {} bytes, and {} are allowed",
            bytes.len(),
            limits.max_name_len
        )));
    }
    let name = std::str::from_utf8(bytes)
        .map_err(|_| Error::invalid_encoding("the model holds a name that is not UTF-8"))?;
    if name.chars().any(char::is_control) {
        return Err(Error::invalid_encoding(format!(
            "the name {} in the model holds control characters",
            quoted(name)
        )));
    }
    Ok(name)
}
