//! Text that strangers wrote, on its way to people.
//!
//! Names come out of models, apps, libraries and servers. On a terminal a control character moves the cursor, changes
//! the title or fills the clipboard; one that sets the direction of writing makes a name look like another; a line break
//! begins a line that nobody wrote.

use std::borrow::Cow;
use std::fmt::Write as _;

use godwit_backend::{Error, Result};

use crate::Limits;

/// The longest piece of a file's own text in a message, in characters.
const SHOWN: usize = 60;
/// The longest of anything that is shown as one value, in characters.
const LONGEST: usize = 2000;

/// Whether a character does something instead of being seen: controls, line and paragraph separators, marks of the
/// direction of writing, and those without any width.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text that may have several lines: what is [hidden](is_hidden) but line breaks becomes visible, as `\u{1b}`.
pub fn clean(text: &str) -> Cow<'_, str> {
    let is_bad = |character: char| is_hidden(character) && character != '\n';
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().fold(String::with_capacity(text.len()), |mut all, character| {
        push(&mut all, character, is_bad(character));
        all
    });
    Cow::Owned(escaped)
}

/// Text as one value among others: [clean], on one line, and not endless.
pub fn shown(text: &str) -> String {
    let one_line = |character: char| if "\n\r\t".contains(character) { ' ' } else { character };
    up_to(LONGEST, text.chars().map(one_line))
}

/// A name as it may stand in a message: quoted, one line, not endless.
pub(crate) fn quoted(name: &str) -> String {
    format!("'{}'", up_to(SHOWN, name.chars()))
}

fn up_to(limit: usize, mut characters: impl Iterator<Item = char>) -> String {
    let mut all = String::new();
    for character in characters.by_ref().take(limit) {
        push(&mut all, character, is_hidden(character));
    }
    if characters.next().is_some() {
        all.push('…');
    }
    all
}

fn push(all: &mut String, character: char, is_bad: bool) {
    if is_bad {
        // Writing to a string cannot fail.
        let _ = match character {
            '\n' | '\r' | '\t' => write!(all, "{}", character.escape_debug()),
            _ => write!(all, "{}", character.escape_unicode()),
        };
    } else {
        all.push(character);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str =
        "a\u{1b}]52;c;eA==\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\r\u{85}b";

    #[test]
    fn nothing_hidden_is_left_and_nothing_else_is_lost() {
        for text in [clean(HOSTILE).into_owned(), shown(HOSTILE), quoted(HOSTILE)] {
            assert!(!text.contains(is_hidden), "{text:?}");
            assert!(text.contains("\\u{1b}]52;c;eA==\\u{7}\\u{9b}31m\\u{202e}"), "{text}");
        }
        assert_eq!(clean("größe: 日本語 🙂\nx"), "größe: 日本語 🙂\nx");
        assert_eq!(clean("a\tb\r\n"), "a\\tb\\r\n");
        assert_eq!(shown("a\tb\r\nc"), "a b  c");
    }

    #[test]
    fn a_value_ends_somewhere() {
        let long = "x".repeat(1 << 20);
        assert_eq!(shown(&long).chars().count(), LONGEST + 1);
        assert!(shown(&long).ends_with('…'));
        assert_eq!(shown(&long[..LONGEST]), &long[..LONGEST]);
    }
}
