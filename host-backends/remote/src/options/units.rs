//! Values with a unit: `"2s"`, `"64MiB"`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A duration with its unit, for example `"250ms"`.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text).map_err(|error| {
        de::Error::custom(format!("'{text}' is not a duration: {error}; write for example \"2s\""))
    })
}

/// An optional duration.
pub(super) fn maybe_duration<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Duration>, D::Error> {
    duration(from).map(Some)
}

/// A size with its unit, for example `"64MiB"`.
pub(super) fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    let parsed = text.parse::<bytesize::ByteSize>();
    parsed.map(|size| size.as_u64()).map_err(|error| {
        de::Error::custom(format!("'{text}' is not a size: {error}; write for example \"64MiB\""))
    })
}
