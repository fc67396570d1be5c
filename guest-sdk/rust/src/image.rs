//! Pixels to tensors.
//!
//! Decoders return 8-bit pixels with interleaved channels (height, width, channels: HWC). Most vision models
//! expect one plane per channel (CHW) of normalised floats.
//!
//! ```
//! use godwit_guest::image::{Filter, Image, Normalize};
//!
//! let pixels = vec![128; 640 * 480 * 3];
//! let image = Image::new(640, 480, 3, &pixels)?;
//! let input = image.resize(224, 224, Filter::Bilinear)?.to_chw(&Normalize::IMAGENET)?;
//! assert_eq!(input.len(), 3 * 224 * 224);
//! # Ok::<(), godwit_guest::Error>(())
//! ```

mod resize;

use std::borrow::Cow;

pub use resize::Filter;

use crate::{Error, Result};

/// 8-bit pixels, row by row, with interleaved channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image<'a> {
    width: usize,
    height: usize,
    channels: usize,
    pixels: Cow<'a, [u8]>,
}

impl<'a> Image<'a> {
    /// An image of `width` by `height` pixels with `channels` bytes each: 1 for grey, 3 for RGB.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when a size is 0 or `pixels` is not exactly as long as the sizes say;
    /// `TooLarge` when their product overflows.
    pub fn new(
        width: usize,
        height: usize,
        channels: usize,
        pixels: impl Into<Cow<'a, [u8]>>,
    ) -> Result<Self> {
        let pixels = pixels.into();
        let bytes = bytes(width, height, channels)?;
        if pixels.len() != bytes {
            return Err(Error::invalid(format!(
                "an image of {width} x {height} pixels with {channels} channels takes {bytes} \
                 bytes, not the {} given",
                pixels.len()
            )));
        }
        Ok(Self { width, height, channels, pixels })
    }

    /// Pixels in a row.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Bytes per pixel.
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// The bytes, row by row, with interleaved channels.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// This image resized to `width` by `height` pixels.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when a size is 0; `TooLarge` when their product overflows.
    pub fn resize(&self, width: usize, height: usize, filter: Filter) -> Result<Image<'static>> {
        let pixels = resize::resize(self, width, height, filter)?;
        Ok(Image { width, height, channels: self.channels, pixels: Cow::Owned(pixels) })
    }

    /// The normalised planes of the channels: `[channels, height, width]`.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when `normalize` has neither one mean and one deviation for all channels
    /// nor one for each.
    pub fn to_chw(&self, normalize: &Normalize<'_>) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        self.append_chw(normalize, &mut out)?;
        Ok(out)
    }

    /// As [`to_chw`](Self::to_chw), appended to `out`: several images make a batch
    /// `[batch, channels, height, width]`.
    ///
    /// # Errors
    ///
    /// As [`to_chw`](Self::to_chw); `out` is then unchanged.
    pub fn append_chw(&self, normalize: &Normalize<'_>, out: &mut Vec<f32>) -> Result<()> {
        let scale = normalize.scale;
        let channels = normalize.per_channel(self.channels)?;
        out.reserve(self.pixels.len());
        for (channel, (mean, std)) in channels.enumerate() {
            let plane = self.pixels.iter().skip(channel).step_by(self.channels);
            out.extend(plane.map(|&pixel| (f32::from(pixel) * scale - mean) / std));
        }
        Ok(())
    }
}

/// How a byte becomes a float: `(byte * scale - mean) / std`, channel by channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalize<'a> {
    /// What a byte is multiplied with first.
    pub scale: f32,
    /// What is taken away then: one value for each channel, or one for all.
    pub mean: &'a [f32],
    /// What the rest is divided by: one value for each channel, or one for all.
    pub std: &'a [f32],
}

impl Normalize<'static> {
    /// 0 to 255 becomes 0 to 1.
    pub const UNIT: Self = Self { scale: 1.0 / 255.0, mean: &[0.0], std: &[1.0] };

    /// 0 to 255 becomes -1 to 1.
    pub const SIGNED: Self = Self { scale: 1.0 / 255.0, mean: &[0.5], std: &[0.5] };

    /// The means and deviations of ImageNet's RGB pixels, which most classifiers are trained with.
    pub const IMAGENET: Self =
        Self { scale: 1.0 / 255.0, mean: &[0.485, 0.456, 0.406], std: &[0.229, 0.224, 0.225] };
}

impl Normalize<'_> {
    /// Mean and deviation of every channel.
    fn per_channel(&self, channels: usize) -> Result<impl Iterator<Item = (f32, f32)>> {
        let means = spread("means", self.mean, channels)?;
        Ok(means.zip(spread("deviations", self.std, channels)?))
    }
}

fn spread(what: &str, values: &[f32], channels: usize) -> Result<impl Iterator<Item = f32>> {
    if values.len() != 1 && values.len() != channels {
        return Err(Error::invalid(format!(
            "an image with {channels} channels takes 1 or {channels} {what}, not {}",
            values.len()
        )));
    }
    Ok(values.iter().copied().cycle().take(channels))
}

fn bytes(width: usize, height: usize, channels: usize) -> Result<usize> {
    if width == 0 || height == 0 || channels == 0 {
        return Err(Error::invalid(format!(
            "an image of {width} x {height} pixels with {channels} channels is empty"
        )));
    }
    width.checked_mul(height).and_then(|area| area.checked_mul(channels)).ok_or_else(|| {
        Error::too_large(format!(
            "an image of {width} x {height} pixels with {channels} channels overflows"
        ))
    })
}

#[cfg(test)]
mod tests;
