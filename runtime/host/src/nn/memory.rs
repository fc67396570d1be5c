//! Bounds-checked access to a core module's memory. A pointer that leads outside is an argument like any
//! other: the guest gets an error code.

use godwit_backend::{Error, Result};

pub(super) fn slice(memory: &[u8], pointer: i32, len: u32) -> Result<&[u8]> {
    range(pointer, len).and_then(|range| memory.get(range)).ok_or_else(outside)
}

pub(super) fn slice_mut(memory: &mut [u8], pointer: i32, len: u32) -> Result<&mut [u8]> {
    range(pointer, len).and_then(|range| memory.get_mut(range)).ok_or_else(outside)
}

pub(super) fn write_u32(memory: &mut [u8], pointer: i32, value: u32) -> Result<()> {
    slice_mut(memory, pointer, 4)?.copy_from_slice(&value.to_le_bytes());
    Ok(())
}

/// Reads `N` little-endian words.
pub(super) fn words<const N: usize>(memory: &[u8], pointer: i32) -> Result<[u32; N]> {
    let len = u32::try_from(N * 4).map_err(|_| outside())?;
    let (chunks, _) = slice(memory, pointer, len)?.as_chunks::<4>();
    let mut words = [0; N];
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = u32::from_le_bytes(*chunk);
    }
    Ok(words)
}

/// Reinterprets a word as the signed number in which wasm passes pointers.
pub(super) fn pointer(word: u32) -> i32 {
    i32::from_le_bytes(word.to_le_bytes())
}

fn range(pointer: i32, len: u32) -> Option<std::ops::Range<usize>> {
    let start = usize::try_from(u32::from_le_bytes(pointer.to_le_bytes())).ok()?;
    let len = usize::try_from(len).ok()?;
    Some(start..start.checked_add(len)?)
}

fn outside() -> Error {
    Error::invalid_argument("a pointer leads outside the guest's memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_unsigned_and_checked() {
        let memory = [1u8, 0, 0, 0, 2, 0, 0, 0];
        assert_eq!(words::<2>(&memory, 0).unwrap(), [1, 2]);
        assert!(words::<2>(&memory, 4).is_err());
        assert!(slice(&memory, -1, 1).is_err());
        assert!(slice(&memory, 4, u32::MAX).is_err());
        assert!(slice(&memory, 8, 0).is_ok());
        assert!(slice(&memory, 9, 0).is_err());
    }
}
