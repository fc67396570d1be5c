use bytesize::ByteSize;

/// A number of bytes with a unit.
pub(crate) fn size(text: &str) -> Result<ByteSize, String> {
    text.parse()
        .map_err(|_| "not a size: write a number and a unit, such as 512MiB or 2GB".to_owned())
}
