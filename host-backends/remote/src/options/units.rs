//! Values with a unit: `"2s"`, `"64MiB"`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A duration as people write it, `"250ms"` for instance.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text)
        .map_err(|error| de::Error::custom(format!("'{text}' is no duration: {error}; try \"2s\"")))
}

/// A duration, where there may be none.
pub(super) fn maybe_duration<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Duration>, D::Error> {
    duration(from).map(Some)
}

/// A number of bytes as people write it, `"64MiB"` for instance.
pub(super) fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    let parsed = text.parse::<bytesize::ByteSize>();
    parsed
        .map(|size| size.as_u64())
        .map_err(|error| de::Error::custom(format!("'{text}' is no size: {error}; try \"64MiB\"")))
}
