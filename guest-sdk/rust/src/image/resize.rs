use super::{Image, bytes};
use crate::Result;

/// How values between pixels are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Filter {
    /// The nearest pixel: fast, and introduces no new values.
    Nearest,
    /// The four surrounding pixels, weighted by distance (pixel centres at one half, borders repeated, no
    /// smoothing when shrinking): what most training pipelines call bilinear without anti-aliasing.
    #[default]
    Bilinear,
}

/// Two neighbours on one axis and the share of the second, in 1/256.
struct Tap {
    first: usize,
    second: usize,
    share: u32,
}

pub(super) fn resize(
    image: &Image<'_>,
    width: usize,
    height: usize,
    filter: Filter,
) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes(width, height, image.channels)?);
    let columns: Vec<Tap> = taps(image.width, width, filter).collect();
    for row in taps(image.height, height, filter) {
        for column in &columns {
            for channel in 0..image.channels {
                let at = |y, x| pixel(image, y, x, channel);
                let above = mix(at(row.first, column.first), at(row.first, column.second), column);
                let below =
                    mix(at(row.second, column.first), at(row.second, column.second), column);
                let value = mix(above, below, &row);
                // Two mixes of bytes, each scaled by 256; half of that rounds to nearest.
                out.push(u8::try_from((value + (1 << 15)) >> 16).unwrap_or(u8::MAX));
            }
        }
    }
    Ok(out)
}

fn pixel(image: &Image<'_>, y: usize, x: usize, channel: usize) -> u32 {
    let at = (y * image.width + x) * image.channels + channel;
    image.pixels.get(at).copied().unwrap_or_default().into()
}

const fn mix(first: u32, second: u32, tap: &Tap) -> u32 {
    first * (256 - tap.share) + second * tap.share
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float-to-int casts saturate, and every result is clamped to the axis"
)]
fn taps(from: usize, to: usize, filter: Filter) -> impl Iterator<Item = Tap> {
    let step = from as f64 / to as f64;
    let last = from - 1;
    (0..to).map(move |at| {
        let centre = (at as f64 + 0.5) * step;
        match filter {
            Filter::Nearest => {
                let at = (centre as usize).min(last);
                Tap { first: at, second: at, share: 0 }
            }
            Filter::Bilinear => {
                let place = (centre - 0.5).clamp(0.0, last as f64);
                let first = (place as usize).min(last);
                let share = ((place - first as f64) * 256.0).round() as u32;
                Tap { first, second: (first + 1).min(last), share: share.min(256) }
            }
        }
    })
}
