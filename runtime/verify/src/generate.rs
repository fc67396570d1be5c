//! Generates inputs for a model's signature. The same seed gives the same bytes on every machine.

use std::collections::BTreeMap;

use godwit_backend::{
    Buffer, DType, Dim, Error, Model, Result, Shape, Signature, Tensor, TensorInfo,
};
use half::{bf16, f16};

use crate::number::is_float;
use crate::random::Random;
use crate::sample::Sample;

/// Edge cases that random values do not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// Subnormal numbers; floats only.
    Denormals,
    /// Numbers up to the square root of the dtype's maximum; for integers the end of their range.
    Large,
    /// Numbers not above 0; for integers the start of their range.
    Negative,
    /// All NaN; floats only.
    Nan,
}

impl Edge {
    /// Those for which all devices should agree.
    pub const DEFAULT: [Self; 5] =
        [Self::Zeros, Self::Ones, Self::Denormals, Self::Large, Self::Negative];
}

/// The options of [`generate`].
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateOptions {
    /// The seed of all random values.
    pub seed: u64,
    /// The number of samples with random values. Default: 8.
    pub random: usize,
    /// Edge cases, one sample each. Default: none, since many models are not made for them.
    pub edges: Vec<Edge>,
    /// Sizes of symbolic dimensions, by symbol.
    pub dims: BTreeMap<String, usize>,
    /// The size of all other dynamic dimensions. Default: 1.
    pub other_dims: usize,
    /// Ranges of values by input, both ends included. Default: floats from -1 to 1, `u8` from 0 to 255,
    /// other integers from 0 to 15, inputs with `mask` in their name 1, and 0 where the name says
    /// `token_type`.
    pub ranges: BTreeMap<String, (f64, f64)>,
    /// The maximum size of a sample in bytes. Default: 1 GiB.
    pub max_bytes: usize,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            random: 8,
            edges: Vec::new(),
            dims: BTreeMap::new(),
            other_dims: 1,
            ranges: BTreeMap::new(),
            max_bytes: 1 << 30,
        }
    }
}

/// Inputs for `model`, whose signature is `signature`: random ones first, then the edges.
///
/// # Errors
///
/// - `InvalidArgument`: an input of unknown rank, an invalid range, or an unknown input name;
/// - `TooLarge`: a sample larger than allowed.
pub fn generate(
    model: &Model,
    signature: &Signature,
    options: &GenerateOptions,
) -> Result<Vec<Sample>> {
    for name in options.ranges.keys() {
        signature.input(name)?;
    }
    let kinds = std::iter::repeat_n(None, options.random);
    let kinds = kinds.chain(options.edges.iter().copied().map(Some));
    let mut samples = Vec::new();
    for (nth, edge) in kinds.enumerate() {
        let mut left = options.max_bytes;
        let mut inputs = Vec::new();
        for (place, info) in signature.inputs.iter().enumerate() {
            let shape = shape(info, options)?;
            let bytes = shape.byte_len(info.dtype)?;
            left = left.checked_sub(bytes).ok_or_else(|| {
                Error::too_large(format!(
                    "a sample exceeds the limit of {} bytes",
                    options.max_bytes
                ))
            })?;
            // Each tensor has its own sequence, so that an additional input does not change the others.
            let stream = (nth as u64) << 32 | place as u64;
            let mut random = Random::new(Random::new(options.seed ^ stream.rotate_left(17)).next());
            let range = range(info, options)?;
            let tensor = fill(info.dtype, shape, range, edge, &mut random)?;
            inputs.push((info.name.to_string(), tensor));
        }
        samples.push(Sample { digest: model.digest().to_string(), inputs });
    }
    Ok(samples)
}

fn shape(info: &TensorInfo, options: &GenerateOptions) -> Result<Shape> {
    let dims = info.dims.as_ref().ok_or_else(|| {
        Error::invalid_argument(format!("the model does not specify the rank of {info}"))
    })?;
    Ok(Shape::new(dims.iter().map(|dim| match dim {
        Dim::Known(size) => *size,
        Dim::Symbol(symbol) => options.dims.get(&**symbol).copied().unwrap_or(options.other_dims),
        Dim::Unknown => options.other_dims,
    })))
}

fn range(info: &TensorInfo, options: &GenerateOptions) -> Result<(f64, f64)> {
    if let Some(&(low, high)) = options.ranges.get(&*info.name) {
        let sound = low <= high && low.is_finite() && high.is_finite();
        return sound.then_some((low, high)).ok_or_else(|| {
            Error::invalid_argument(format!("{low} to {high} is not a range for '{}'", info.name))
        });
    }
    let named = |part: &str| info.name.to_ascii_lowercase().contains(part);
    Ok(match info.dtype {
        dtype if is_float(dtype) => (-1.0, 1.0),
        DType::Bool => (0.0, 1.0),
        DType::U8 => (0.0, 255.0),
        _ if named("mask") => (1.0, 1.0),
        _ if named("token_type") => (0.0, 0.0),
        _ => (0.0, 15.0),
    })
}

fn fill(
    dtype: DType,
    shape: Shape,
    (low, high): (f64, f64),
    edge: Option<Edge>,
    random: &mut Random,
) -> Result<Tensor> {
    let float = is_float(dtype);
    let mut bytes = Vec::with_capacity(shape.byte_len(dtype)?);
    for _ in 0..shape.elements()? {
        let fraction = random.fraction();
        let between = match float {
            true => low + (high - low) * fraction,
            false => (low + ((high - low + 1.0) * fraction).floor()).min(high),
        };
        let value = match edge {
            None => between,
            Some(Edge::Zeros) => 0.0f64.clamp(low.min(0.0), high.max(0.0)),
            Some(Edge::Ones) => 1.0,
            Some(Edge::Denormals) if float => (1.0 + fraction * 100.0).floor() * least(dtype),
            Some(Edge::Large) if float => root(dtype) * (0.5 + fraction / 2.0),
            Some(Edge::Negative) if float => -fraction,
            Some(Edge::Nan) if float => f64::NAN,
            Some(Edge::Large) => high,
            Some(Edge::Negative) => low,
            Some(Edge::Denormals | Edge::Nan) => between,
        };
        // An integer may be an index into a table that ends where its range does.
        put(&mut bytes, dtype, if float { value } else { value.clamp(low, high) });
    }
    Tensor::new(dtype, shape, Buffer::from(bytes))
}

/// The smallest number above 0.
fn least(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => f16::from_bits(1).to_f64(),
        DType::Bf16 => bf16::from_bits(1).to_f64(),
        DType::F32 => f64::from(f32::from_bits(1)),
        _ => f64::from_bits(1),
    }
}

/// A power of two whose square the dtype still holds.
fn root(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 2f64.powi(7),
        DType::Bf16 | DType::F32 => 2f64.powi(63),
        _ => 2f64.powi(511),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn put(bytes: &mut Vec<u8>, dtype: DType, value: f64) {
    match dtype {
        DType::F16 => bytes.extend(f16::from_f64(value).to_le_bytes()),
        DType::Bf16 => bytes.extend(bf16::from_f64(value).to_le_bytes()),
        DType::F32 => bytes.extend((value as f32).to_le_bytes()),
        DType::F64 => bytes.extend(value.to_le_bytes()),
        DType::U8 => bytes.push(value as u8),
        DType::I8 => bytes.extend((value as i8).to_le_bytes()),
        DType::U16 => bytes.extend((value as u16).to_le_bytes()),
        DType::I16 => bytes.extend((value as i16).to_le_bytes()),
        DType::U32 => bytes.extend((value as u32).to_le_bytes()),
        DType::I32 => bytes.extend((value as i32).to_le_bytes()),
        DType::U64 => bytes.extend((value as u64).to_le_bytes()),
        DType::I64 => bytes.extend((value as i64).to_le_bytes()),
        DType::Bool => bytes.push(u8::from(value != 0.0)),
    }
}

/// The mean of what was generated, for tests of the spread.
#[cfg(test)]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / crate::number::count(values.len() as u64)
}

#[cfg(test)]
mod tests {
    use godwit_backend::{Digest, ErrorKind};

    use super::*;
    use crate::number::values;

    fn signature() -> Signature {
        let batch = || Dim::Symbol("batch".into());
        Signature {
            inputs: vec![
                TensorInfo::new("x", DType::F32, [batch(), Dim::Known(100)]),
                TensorInfo::new("ids", DType::I64, [batch(), Dim::Unknown]),
                TensorInfo::new("attention_mask", DType::I64, [batch()]),
                TensorInfo::new("image", DType::U8, [Dim::Known(500)]),
            ],
            outputs: vec![],
        }
    }

    fn samples(options: &GenerateOptions) -> Vec<Sample> {
        generate(&Model::onnx("m", *b"m"), &signature(), options).unwrap()
    }

    fn numbers(sample: &Sample, input: usize) -> Vec<f64> {
        let tensor = &sample.inputs[input].1;
        values(tensor.dtype(), tensor.host().unwrap())
    }

    #[test]
    fn a_seed_gives_the_same_bytes_on_every_machine() {
        let all: Vec<u8> = samples(&GenerateOptions { random: 2, ..Default::default() })
            .iter()
            .flat_map(|sample| sample.inputs.iter())
            .flat_map(|(_, tensor)| tensor.host().unwrap().to_vec())
            .collect();
        assert_eq!(Digest::of(&all).short(), "e90fb12d1f1e");
        let other = samples(&GenerateOptions { seed: 2, random: 1, ..Default::default() });
        let one = samples(&GenerateOptions { random: 1, ..Default::default() });
        assert_ne!(numbers(&one[0], 0), numbers(&other[0], 0));
    }

    #[test]
    fn values_are_in_range_and_spread_over_it() {
        let mut options = GenerateOptions { random: 3, ..Default::default() };
        options.dims.insert("batch".into(), 20);
        options.ranges.insert("ids".into(), (5.0, 7.0));
        for sample in samples(&options) {
            let (x, ids) = (numbers(&sample, 0), numbers(&sample, 1));
            assert_eq!((x.len(), ids.len()), (2000, 20));
            assert!(x.iter().all(|x| (-1.0..=1.0).contains(x)) && mean(&x).abs() < 0.05);
            assert!(ids.iter().all(|id| [5.0, 6.0, 7.0].contains(id)));
            assert!(numbers(&sample, 2).iter().all(|mask| *mask == 1.0));
            let image = numbers(&sample, 3);
            assert!((mean(&image) - 127.5).abs() < 15.0, "{}", mean(&image));
        }
    }

    #[test]
    fn edges_are_what_they_say() {
        let edges = [Edge::DEFAULT.to_vec(), vec![Edge::Nan]].concat();
        let options = GenerateOptions { random: 0, edges, ..Default::default() };
        let samples = samples(&options);
        let x: Vec<_> = samples.iter().map(|sample| numbers(sample, 0)).collect();
        assert!(x[0].iter().all(|x| *x == 0.0) && x[1].iter().all(|x| *x == 1.0));
        let normal = f64::from(f32::MIN_POSITIVE);
        assert!(x[2].iter().all(|x| *x > 0.0 && *x < normal));
        assert!(x[3].iter().all(|x| *x > 1e18 && (*x * *x) < f64::from(f32::MAX)));
        assert!(x[4].iter().all(|x| *x <= 0.0) && x[5].iter().all(|x| x.is_nan()));
        for sample in &samples {
            assert!(numbers(sample, 1).iter().all(|id| (0.0..=15.0).contains(id)));
        }
    }

    #[test]
    fn what_cannot_be_generated_is_an_error() {
        let model = Model::onnx("m", *b"m");
        let kind = |options: &GenerateOptions, signature: &Signature| {
            generate(&model, signature, options).unwrap_err().kind()
        };
        let small = GenerateOptions { max_bytes: 100, ..Default::default() };
        assert_eq!(kind(&small, &signature()), ErrorKind::TooLarge);
        let huge = GenerateOptions { other_dims: usize::MAX, ..Default::default() };
        assert_eq!(kind(&huge, &signature()), ErrorKind::TooLarge);
        let mut unknown = GenerateOptions::default();
        unknown.ranges.insert("idx".into(), (0.0, 1.0));
        assert_eq!(kind(&unknown, &signature()), ErrorKind::InvalidArgument);
        let mut rankless = signature();
        rankless.inputs[0].dims = None;
        assert_eq!(kind(&GenerateOptions::default(), &rankless), ErrorKind::InvalidArgument);
    }
}
