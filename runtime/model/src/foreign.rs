//! Files that are often handed over in place of a model.

/// What bytes that are no model look like, for an error message; `None` when it cannot be told.
pub(crate) fn describe(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("an empty file");
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(what);
    }
    if bytes.get(8) == Some(&b'{') && bytes.get(3..8) == Some(&[0; 5]) {
        return Some("safetensors weights without a model");
    }
    text(bytes.get(..bytes.len().min(512)).unwrap_or_default())
}

const MAGIC: [(&[u8], &str); 15] = [
    (b"\0asm", "a WebAssembly file"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file it stands for"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras writes"),
    (b"\x80\x02\x8a\x0a", "a pickled PyTorch file without its program"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x7fELF", "a native program or library"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"ggjt", "a GGML file older than GGUF"),
];

fn text(head: &[u8]) -> Option<&'static str> {
    let head = head.trim_ascii_start();
    let starts = |tag: &[u8]| head.get(..tag.len()).is_some_and(|s| s.eq_ignore_ascii_case(tag));
    if starts(b"<!doctype html") || starts(b"<html") {
        return Some("an HTML page");
    }
    // The first field of a protobuf is often a line feed: text has more than whitespace in common
    // with text.
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..0x7f);
    if head.len() < 8 || !head.iter().all(printable) {
        return None;
    }
    match head.first() {
        Some(b'<') => Some("an XML or HTML file"),
        Some(b'{' | b'[') => Some("a JSON file"),
        _ => Some("a text file"),
    }
}
