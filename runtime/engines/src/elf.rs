//! Whether a shared library's file holds all that its headers speak of.
//!
//! A loader maps what the headers say without a look at the file's length, and the first access beyond its end ends the
//! process.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

const HEADER: usize = 64;
/// `\x7fELF`, 64 bits, little-endian: what every platform with an engine loads. Loaders refuse anything else by themselves.
const MAGIC: [u8; 6] = *b"\x7fELF\x02\x01";
/// One entry of the table of segments: loaders refuse every other size.
const SEGMENT: usize = 56;

/// The bytes that the file at `path` has, and those it should have at least, where they are fewer.
pub(crate) fn cut_off(path: &Path) -> io::Result<Option<(u64, u64)>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut header = Vec::new();
    (&mut file).take(HEADER as u64).read_to_end(&mut header)?;
    if !header.starts_with(&MAGIC) {
        return Ok(None);
    }
    let needed = needed(&mut file, &header, length)?;
    Ok((needed > length).then_some((length, needed)))
}

/// Where the last of the headers and segments ends.
fn needed(file: &mut File, header: &[u8], length: u64) -> io::Result<u64> {
    let segments = number(header, 32, 8);
    let count = number(header, 56, 2);
    let sections = match number(header, 40, 8) {
        0 => 0,
        at => at.saturating_add(number(header, 60, 2) * number(header, 58, 2)),
    };
    let table_size = count * SEGMENT as u64;
    let mut needed = (HEADER as u64).max(sections).max(segments.saturating_add(table_size));
    if needed > length {
        return Ok(needed);
    }
    file.seek(SeekFrom::Start(segments))?;
    let mut table = Vec::new();
    file.take(table_size).read_to_end(&mut table)?;
    for segment in table.chunks(SEGMENT) {
        needed = needed.max(number(segment, 8, 8).saturating_add(number(segment, 32, 8)));
    }
    Ok(needed)
}

/// The little-endian number of `width` bytes at `at`; what is missing counts as zero.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let bytes = bytes.iter().skip(at).take(width).rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    /// This program itself is one that the system's linker made.
    #[test]
    fn every_cut_is_seen_and_the_whole_is_whole() {
        let whole = std::env::current_exe().unwrap();
        assert_eq!(cut_off(&whole).unwrap(), None);
        let bytes = fs::read(whole).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cut");
        for length in [64, 65, 1000, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            let cut = cut_off(&file).unwrap();
            assert!(cut.is_some_and(|(has, needs)| has == length as u64 && needs > has), "{cut:?}");
        }
        // Loaders look at the length themselves before they read a header, and at what stands there.
        for other in [&b""[..], b"\x7fELF", b"not a library", &[0xff; 100]] {
            fs::write(&file, other).unwrap();
            cut_off(&file).unwrap();
        }
    }

    #[test]
    fn headers_of_any_bytes_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("random");
        let mut state = 1_u64;
        for _ in 0..2000 {
            let mut bytes: Vec<u8> = (0..200)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            bytes[..6].copy_from_slice(&MAGIC);
            fs::write(&file, &bytes).unwrap();
            let _ = cut_off(&file).unwrap();
        }
    }
}
