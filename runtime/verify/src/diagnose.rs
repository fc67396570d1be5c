//! Diagnoses wrong outputs: each suspected fault is undone, and named only if the output is then right.

use std::fmt;

use godwit_backend::{Buffer, Result, Shape, Tensor};
use half::{bf16, f16};
use serde::Serialize;

use crate::compare::host;
use crate::judge::judge;
use crate::number::{is_float, values};
use crate::profile::{ProfileName, Tolerance, Work};

/// The likely fault behind a wrong output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Diagnosis {
    /// It is another output of the reference.
    SwappedOutputs {
        /// The name of that output.
        with: String,
    },
    /// Rows and columns are exchanged.
    Transposed,
    /// Channels come last where they should come first, or the other way round.
    ChannelsMoved,
    /// Every element is shifted along the last dimension, or in the whole tensor.
    Shifted {
        /// The number of positions, negative if towards the front.
        by: i64,
    },
    /// Indices such as those of an argmax are all one too high or too low.
    OffByOneArgmax {
        /// What was added.
        by: i64,
    },
    /// NaNs where the reference has numbers.
    NotANumber {
        /// How many.
        count: u64,
    },
    /// Infinities where the reference is finite.
    Overflow {
        /// Whether all of those elements exceed the range of binary16.
        beyond_binary16: bool,
    },
    /// Everything is multiplied by one factor.
    Scaled {
        /// The factor.
        factor: f64,
    },
    /// One number is added to everything.
    Offset {
        /// The number.
        by: f64,
    },
    /// A single element differs.
    OneElement,
    /// One index of the last dimension differs in every row, as with a wrong weight or bias.
    OneChannel {
        /// The index.
        channel: usize,
    },
    /// The error is that of arithmetic in a narrower type.
    ReducedPrecision {
        /// The profile whose bounds it meets.
        looks_like: ProfileName,
        /// Whether every value is representable in the narrower type.
        rounded: bool,
    },
    /// No known pattern.
    Unknown,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwappedOutputs { with } => {
                write!(f, "outputs are swapped: this is what '{with}' should be")
            }
            Self::Transposed => f.write_str("looks transposed: rows and columns are exchanged"),
            Self::ChannelsMoved => f.write_str("looks like another layout (NCHW against NHWC)"),
            Self::Shifted { by } => write!(
                f,
                "shifted by {by:+}: all elements are shifted, and an argmax is off by {by:+}"
            ),
            Self::OffByOneArgmax { by } => {
                write!(f, "off by one: indices such as an argmax differ by {by:+}")
            }
            Self::NotANumber { count: 1 } => f.write_str("one element is NaN"),
            Self::NotANumber { count } => write!(f, "{count} elements are NaN"),
            Self::Overflow { beyond_binary16: true } => {
                f.write_str("overflow: infinite where the reference exceeds 65504, as in fp16")
            }
            Self::Overflow { .. } => f.write_str("infinities where the reference is finite"),
            Self::Scaled { factor } => write!(f, "scaled: everything is multiplied by {factor:.6}"),
            Self::Offset { by } => write!(f, "offset: {by:.6} is added to everything"),
            Self::OneElement => f.write_str("a single element differs"),
            Self::OneChannel { channel } => write!(
                f,
                "only channel {channel} of the last dimension differs: looks like one wrong weight or bias"
            ),
            Self::ReducedPrecision { looks_like, rounded } => {
                write!(f, "reduced precision: the error is that of {looks_like} arithmetic")?;
                f.write_str(if *rounded {
                    ", and every value is representable in that type"
                } else {
                    ""
                })
            }
            Self::Unknown => f.write_str("no known pattern"),
        }
    }
}

/// Tensors with more elements are not searched for patterns.
const MOST: usize = 1 << 24;

/// One output, that of the reference, and the others of the same run to look for a swap.
pub(crate) struct Suspect<'a> {
    pub(crate) reference: &'a Tensor,
    pub(crate) other: &'a Tensor,
    /// The reference's other outputs by name.
    pub(crate) siblings: &'a [(&'a str, &'a Tensor)],
    pub(crate) tolerance: &'a Tolerance,
    pub(crate) work: Work,
}

impl Suspect<'_> {
    /// What it looks like.
    ///
    /// # Errors
    ///
    /// When a tensor is not on the host.
    pub(crate) fn diagnose(&self) -> Result<Diagnosis> {
        for (name, sibling) in self.siblings {
            if self.agrees(sibling, self.other)? {
                return Ok(Diagnosis::SwappedOutputs { with: (*name).to_owned() });
            }
        }
        if self.other.shape().elements()?.max(self.reference.shape().elements()?) > MOST
            || self.reference.dtype() != self.other.dtype()
        {
            return Ok(Diagnosis::Unknown);
        }
        if let Some(layout) = self.layout()? {
            return Ok(layout);
        }
        if self.reference.shape() != self.other.shape() {
            return Ok(Diagnosis::Unknown);
        }
        let dtype = self.reference.dtype();
        let (x, y) = (values(dtype, host(self.reference)?), values(dtype, host(self.other)?));
        if let Some(found) = non_finite(&x, &y) {
            return Ok(found);
        }
        if let Some(by) = self.shift(&x, &y)? {
            return Ok(Diagnosis::Shifted { by });
        }
        if !is_float(dtype) {
            return Ok(off_by_one(&x, &y).unwrap_or_else(|| self.few(&x, &y)));
        }
        if let Some(found) = self.affine(&x, &y)? {
            return Ok(found);
        }
        match self.few(&x, &y) {
            Diagnosis::Unknown => self.precision(&x, &y),
            found => Ok(found),
        }
    }

    /// What the same output of many runs looks like, one after another along a new first dimension: a
    /// pattern that one run of few elements cannot show.
    pub(crate) fn diagnose_together(&self) -> Result<Diagnosis> {
        let dtype = self.reference.dtype();
        let (x, y) = (values(dtype, host(self.reference)?), values(dtype, host(self.other)?));
        if is_float(dtype) {
            if let Some(found) = self.affine(&x, &y)? {
                return Ok(found);
            }
        } else if let Some(found) = off_by_one(&x, &y) {
            return Ok(found);
        }
        Ok(self.few(&x, &y))
    }

    fn agrees(&self, a: &Tensor, b: &Tensor) -> Result<bool> {
        let alike = a.dtype() == b.dtype() && a.shape() == b.shape();
        Ok(alike && judge(a, b, self.tolerance)?.is_within())
    }

    /// Whether `other` is the reference with its elements in another order of dimensions.
    fn layout(&self) -> Result<Option<Diagnosis>> {
        let dims: &[usize] = self.reference.shape();
        let mut candidates = Vec::new();
        if let [outer @ .., rows, columns] = dims {
            let outer: usize = outer.iter().product();
            candidates.push((Diagnosis::Transposed, [outer, *rows, *columns]));
        }
        if let [batch, channels, height, width] = dims {
            let moved = || Diagnosis::ChannelsMoved;
            candidates.push((moved(), [*batch, *channels, height * width]));
            candidates.push((moved(), [*batch, batch_of(*channels, *height), *width]));
        }
        for (diagnosis, [outer, rows, columns]) in candidates {
            if rows < 2 || columns < 2 || self.reference.byte_len() != self.other.byte_len() {
                continue;
            }
            let turned = turn(self.reference, outer, rows, columns)?;
            let flat = flattened(self.other)?;
            if self.agrees(&turned, &flat)? {
                return Ok(Some(diagnosis));
            }
        }
        Ok(None)
    }

    /// By how many places the elements are rotated, if they are.
    fn shift(&self, x: &[f64], y: &[f64]) -> Result<Option<i64>> {
        let width = self.reference.shape().last().copied().unwrap_or(1);
        for row in [width, x.len()] {
            for by in [1, 2, -1] {
                if row < 3 || !x.len().is_multiple_of(row) {
                    continue;
                }
                let mut rotated = x.to_vec();
                let places = if by < 0 { row - 1 } else { usize::try_from(by).unwrap_or(0) };
                rotated.chunks_exact_mut(row).for_each(|row| row.rotate_right(places % row.len()));
                if self.close(&rotated, y)? {
                    return Ok(Some(by));
                }
            }
        }
        Ok(None)
    }

    /// A common factor or a common summand.
    fn affine(&self, x: &[f64], y: &[f64]) -> Result<Option<Diagnosis>> {
        let varied = x.iter().any(|value| Some(value) != x.first());
        if x.len() < 3 || !varied {
            return Ok(None);
        }
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let factor = sum(x, y) / sum(x, x);
        // Below this it is rounding and no factor.
        const LEAST: f64 = 1e-5;
        if factor.is_finite() && factor != 0.0 && (factor - 1.0).abs() > LEAST {
            let scaled: Vec<f64> = x.iter().map(|x| x * factor).collect();
            if self.close(&scaled, y)? {
                return Ok(Some(Diagnosis::Scaled { factor }));
            }
        }
        let gaps = x.iter().zip(y).map(|(x, y)| y - x);
        let by = gaps.sum::<f64>() / crate::number::count(x.len() as u64);
        let moved: Vec<f64> = x.iter().map(|x| x + by).collect();
        if by.is_finite() && by.abs() > LEAST * rms(x) && self.close(&moved, y)? {
            return Ok(Some(Diagnosis::Offset { by }));
        }
        Ok(None)
    }

    /// One element, or one channel.
    fn few(&self, x: &[f64], y: &[f64]) -> Diagnosis {
        let scale = rms(x);
        let outside = |(x, y): (&f64, &f64)| {
            let allowed = self.tolerance.relative * (x.abs() + scale) + self.tolerance.absolute;
            (x - y).abs() > allowed
        };
        let places: Vec<usize> = x
            .iter()
            .zip(y)
            .enumerate()
            .filter(|(_, pair)| outside(*pair))
            .map(|(place, _)| place)
            .collect();
        let dims: &[usize] = self.reference.shape();
        let width = dims.last().copied().unwrap_or(1).max(1);
        let of_one_run = dims.get(1..).map_or(1, |dims| dims.iter().product::<usize>().max(1));
        let Some(first) = places.first() else { return Diagnosis::Unknown };
        let alike = |size: usize| places.iter().all(|place| place % size == first % size);
        if places.len() == 1 || (of_one_run > width && dims.len() > 2 && alike(of_one_run)) {
            return Diagnosis::OneElement;
        }
        match width > 1 && alike(width) {
            true => Diagnosis::OneChannel { channel: first % width },
            false => Diagnosis::Unknown,
        }
    }

    fn precision(&self, x: &[f64], y: &[f64]) -> Result<Diagnosis> {
        // Within their range, all of bfloat16's numbers are binary16's too.
        let rounded =
            [(ProfileName::Bf16, holds_bf16 as fn(f64) -> bool), (ProfileName::Fp16, holds_f16)];
        for (looks_like, holds) in rounded {
            let narrower = self.tolerance.profile < looks_like;
            if narrower && y.iter().all(|y| holds(*y)) && !x.iter().all(|x| holds(*x)) {
                return Ok(Diagnosis::ReducedPrecision { looks_like, rounded: true });
            }
        }
        for looks_like in [ProfileName::Fp32, ProfileName::Fp16, ProfileName::Bf16] {
            let tolerance = looks_like.tolerance(self.work);
            let wider = self.tolerance.profile < looks_like;
            if wider && judge(self.reference, self.other, &tolerance)?.is_within() {
                return Ok(Diagnosis::ReducedPrecision { looks_like, rounded: false });
            }
        }
        Ok(Diagnosis::Unknown)
    }

    /// Whether two lists of numbers agree as tensors of `f64` would.
    fn close(&self, x: &[f64], y: &[f64]) -> Result<bool> {
        let tensor = |values: &[f64]| Tensor::from_values([values.len()], values);
        let mut tolerance = self.tolerance.for_output(self.reference.dtype());
        if !is_float(self.reference.dtype()) || tolerance.profile == ProfileName::Exact {
            (tolerance.relative, tolerance.rms) = (1e-6, 1e-6);
        }
        Ok(judge(&tensor(x)?, &tensor(y)?, &tolerance)?.is_within())
    }
}

fn non_finite(x: &[f64], y: &[f64]) -> Option<Diagnosis> {
    let fresh = |is: fn(&f64) -> bool| {
        x.iter().zip(y).filter(move |(x, y)| x.is_finite() && is(y)).map(|(x, _)| *x)
    };
    let nans = fresh(|y| y.is_nan()).count() as u64;
    if nans > 0 {
        return Some(Diagnosis::NotANumber { count: nans });
    }
    let mut beyond = fresh(|y| y.is_infinite()).peekable();
    beyond.peek()?;
    Some(Diagnosis::Overflow { beyond_binary16: beyond.all(|x| x.abs() > f16::MAX.to_f64()) })
}

#[allow(clippy::cast_possible_truncation, reason = "it is 1 or -1")]
fn off_by_one(x: &[f64], y: &[f64]) -> Option<Diagnosis> {
    let mut gaps = x.iter().zip(y).map(|(x, y)| y - x);
    let by = gaps.next()?;
    (by.abs() == 1.0 && gaps.all(|gap| gap == by))
        .then_some(Diagnosis::OffByOneArgmax { by: by as i64 })
}

fn holds_f16(value: f64) -> bool {
    f16::from_f64(value).to_f64() == value
}

fn holds_bf16(value: f64) -> bool {
    bf16::from_f64(value).to_f64() == value
}

fn rms(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().map(|value| value * value).sum();
    (sum / crate::number::count(values.len().max(1) as u64)).sqrt()
}

fn batch_of(channels: usize, height: usize) -> usize {
    channels.saturating_mul(height)
}

fn flattened(tensor: &Tensor) -> Result<Tensor> {
    let bytes = Buffer::from(host(tensor)?.to_vec());
    Tensor::new(tensor.dtype(), Shape::from([tensor.shape().elements()?]), bytes)
}

/// `tensor` as `outer` matrices, each transposed, in one dimension.
fn turn(tensor: &Tensor, outer: usize, rows: usize, columns: usize) -> Result<Tensor> {
    let (bytes, size) = (host(tensor)?, tensor.dtype().size());
    let mut turned = Vec::with_capacity(bytes.len());
    for matrix in 0..outer {
        for column in 0..columns {
            for row in 0..rows {
                let at = ((matrix * rows + row) * columns + column) * size;
                turned.extend_from_slice(bytes.get(at..at + size).unwrap_or_default());
            }
        }
    }
    Tensor::new(tensor.dtype(), Shape::from([tensor.shape().elements()?]), Buffer::from(turned))
}
