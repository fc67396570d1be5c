use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{DType, Error, Inputs, Result, Shape, Tensor, Tensors, nearest};

/// One dimension of an input or output.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Dim {
    /// Always this.
    Known(usize),
    /// Any size, but the same wherever the symbol stands.
    Symbol(Arc<str>),
    /// Any size.
    Unknown,
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(size) => write!(f, "{size}"),
            Self::Symbol(symbol) => f.write_str(symbol),
            Self::Unknown => f.write_str("?"),
        }
    }
}

/// Name, dtype and dimensions of one input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorInfo {
    /// The model's own name for it.
    pub name: Arc<str>,
    /// The type of its elements.
    pub dtype: DType,
    /// Its dimensions, or `None` when not even the rank is known.
    pub dims: Option<Vec<Dim>>,
}

impl TensorInfo {
    /// An input or output of known rank.
    pub fn new(name: impl AsRef<str>, dtype: DType, dims: impl IntoIterator<Item = Dim>) -> Self {
        Self { name: Arc::from(name.as_ref()), dtype, dims: Some(dims.into_iter().collect()) }
    }
}

impl fmt::Display for TensorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.dtype)?;
        let Some(dims) = &self.dims else { return f.write_str("[..]") };
        f.write_str("[")?;
        for (i, dim) in dims.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

/// What goes into a graph and what comes out, in the model's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Signature {
    /// What [`ExecutionContext::run`](crate::ExecutionContext::run) takes.
    pub inputs: Vec<TensorInfo>,
    /// What it gives.
    pub outputs: Vec<TensorInfo>,
}

impl Signature {
    /// The position of the input called `name`.
    ///
    /// Guests written for hosts that name tensors by position pass `"0"`, `"1"`, ...: such a name is
    /// taken as a position unless the model itself uses it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the inputs there are.
    pub fn input(&self, name: &str) -> Result<usize> {
        let by_name = self.inputs.iter().position(|input| &*input.name == name);
        let by_position = || name.parse().ok().filter(|&index| index < self.inputs.len());
        by_name.or_else(by_position).ok_or_else(|| {
            let names = self.inputs.iter().map(|input| &*input.name);
            let known = nearest::known("inputs", name, names.collect::<Vec<_>>());
            Error::invalid_argument(format!("the model has no input '{name}': {known}"))
        })
    }

    /// Puts named tensors into the model's order and checks them: every input once, and all of
    /// [`Signature::check`].
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the input and what it should have been.
    pub fn arrange<N: AsRef<str>>(
        &self,
        named: impl IntoIterator<Item = (N, Tensor)>,
    ) -> Result<Inputs> {
        let mut arrangement = self.arrangement();
        for (name, tensor) in named {
            arrangement.put(name.as_ref(), tensor)?;
        }
        arrangement.finish()
    }

    /// Begins to put tensors into the model's order one by one, for callers who cannot hold all of their
    /// names at once.
    pub fn arrangement(&self) -> Arrangement<'_> {
        let mut slots = SmallVec::new();
        slots.resize(self.inputs.len(), None);
        Arrangement { signature: self, slots }
    }

    /// Makes inputs of tensors in the model's order by checking their number, dtypes, ranks, known dimensions,
    /// and that a symbol has one size throughout. Their lengths were checked when they were made.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the input and what it should have been.
    pub fn check(&self, inputs: Tensors) -> Result<Inputs> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::invalid_argument(format!(
                "the model takes {} inputs, not {}",
                self.inputs.len(),
                inputs.len()
            )));
        }
        let mut symbols: SmallVec<[(&str, usize); 8]> = SmallVec::new();
        for (info, tensor) in self.inputs.iter().zip(&inputs) {
            if !matches(info, tensor, &mut symbols) {
                return Err(mismatch(info, tensor, &symbols));
            }
        }
        Ok(Inputs::checked(inputs))
    }
}

impl Signature {
    /// The dimensions that `output` will have for `inputs`, where the signature says them: each is known, or a
    /// symbol that the inputs give a size.
    pub fn output_shape(&self, output: &TensorInfo, inputs: &[Tensor]) -> Option<Shape> {
        let sized = |symbol: &Dim| {
            let dims = self.inputs.iter().zip(inputs).flat_map(|(info, input)| {
                info.dims.iter().flatten().zip(input.shape().iter().copied())
            });
            dims.into_iter().find_map(|(dim, size)| (dim == symbol).then_some(size))
        };
        let size = |dim: &Dim| match dim {
            Dim::Known(size) => Some(*size),
            Dim::Symbol(_) => sized(dim),
            Dim::Unknown => None,
        };
        output.dims.as_ref()?.iter().map(size).collect::<Option<Vec<_>>>().map(Shape::new)
    }

    /// The first dimension of every input and output, if it may be the number of rows in a batch: the same symbol
    /// everywhere, which stands nowhere else, or of unknown size.
    ///
    /// This is a candidate only. That rows do not look at each other cannot be read from a signature and has to be
    /// proven, by running rows alone and together, before any are put into one batch.
    pub fn batch_candidate(&self) -> Option<&Dim> {
        if self.inputs.is_empty() || self.outputs.is_empty() {
            return None;
        }
        let mut batch = &Dim::Unknown;
        let mut others = Vec::new();
        for info in self.inputs.iter().chain(&self.outputs) {
            let (first, rest) = info.dims.as_ref()?.split_first()?;
            others.extend(rest);
            match first {
                Dim::Known(_) => return None,
                Dim::Symbol(_) if *batch == Dim::Unknown => batch = first,
                Dim::Symbol(_) if first != batch => return None,
                Dim::Symbol(_) | Dim::Unknown => {}
            }
        }
        let elsewhere = matches!(batch, Dim::Symbol(_)) && others.contains(&batch);
        (!elsewhere).then_some(batch)
    }
}

/// Tensors on their way into the model's order.
#[derive(Debug)]
pub struct Arrangement<'a> {
    signature: &'a Signature,
    slots: SmallVec<[Option<Tensor>; 2]>,
}

impl Arrangement<'_> {
    /// Places the input called `name`.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when there is no such input, or it is already placed.
    pub fn put(&mut self, name: &str, tensor: Tensor) -> Result<()> {
        let slot = self.slots.get_mut(self.signature.input(name)?);
        if slot.and_then(|slot| slot.replace(tensor)).is_some() {
            return Err(Error::invalid_argument(format!("input '{name}' is given twice")));
        }
        Ok(())
    }

    /// The tensors in order, once all are placed and fit the signature.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, naming the input that is missing or does not fit.
    pub fn finish(self) -> Result<Inputs> {
        let mut inputs = Tensors::new();
        for (slot, info) in self.slots.into_iter().zip(&self.signature.inputs) {
            inputs.push(slot.ok_or_else(|| {
                Error::invalid_argument(format!("input '{}' is missing", info.name))
            })?);
        }
        self.signature.check(inputs)
    }
}

fn matches<'a>(
    info: &'a TensorInfo,
    tensor: &Tensor,
    symbols: &mut SmallVec<[(&'a str, usize); 8]>,
) -> bool {
    if info.dtype != tensor.dtype() {
        return false;
    }
    let Some(dims) = &info.dims else { return true };
    dims.len() == tensor.shape().len()
        && dims.iter().zip(tensor.shape().iter()).all(|(dim, &size)| match dim {
            Dim::Known(known) => *known == size,
            Dim::Unknown => true,
            Dim::Symbol(symbol) => match symbols.iter().find(|(name, _)| *name == &**symbol) {
                Some((_, known)) => *known == size,
                None => {
                    symbols.push((symbol, size));
                    true
                }
            },
        })
}

fn mismatch(info: &TensorInfo, tensor: &Tensor, symbols: &[(&str, usize)]) -> Error {
    let mut message = format!("the model takes {info}, not {tensor}");
    let bound = |dim: &Dim| match dim {
        Dim::Symbol(symbol) => symbols.iter().find(|(name, _)| *name == &**symbol).copied(),
        _ => None,
    };
    for (symbol, size) in info.dims.iter().flatten().filter_map(bound) {
        message.push_str(&format!(", where {symbol} = {size}"));
    }
    Error::invalid_argument(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Signature {
        let batch = || Dim::Symbol("batch".into());
        Signature {
            inputs: vec![
                TensorInfo::new("image", DType::F32, [batch(), Dim::Known(2)]),
                TensorInfo::new("mask", DType::U8, [batch()]),
            ],
            outputs: vec![],
        }
    }

    fn image(batch: usize) -> Tensor {
        Tensor::from_values([batch, 2], &vec![0f32; batch * 2]).unwrap()
    }

    fn mask(batch: usize) -> Tensor {
        Tensor::from_values([batch], &vec![0u8; batch]).unwrap()
    }

    fn message(result: Result<Inputs>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn inputs_come_out_in_the_models_order() {
        let tensors = pair().arrange([("mask", mask(3)), ("image", image(3))]).unwrap();
        assert_eq!(tensors[0].dtype(), DType::F32);
        assert_eq!(tensors[1].dtype(), DType::U8);
    }

    #[test]
    fn positions_stand_in_for_names() {
        assert_eq!(pair().arrange([("1", mask(1)), ("0", image(1))]).unwrap().len(), 2);
    }

    #[test]
    fn each_mistake_is_named() {
        let text = message(pair().arrange([("imgae", image(1))]));
        assert_eq!(
            text,
            "the model has no input 'imgae': did you mean 'image'? known inputs: image, mask"
        );
        let text = message(pair().arrange([("image", image(1))]));
        assert_eq!(text, "input 'mask' is missing");
        let text = message(pair().arrange([("image", image(1)), ("0", image(1))]));
        assert_eq!(text, "input '0' is given twice");
        let text = message(pair().arrange([("image", image(2)), ("mask", mask(3))]));
        assert_eq!(text, "the model takes mask: u8[batch], not u8[3], where batch = 2");
        let text = message(pair().arrange([("image", mask(2)), ("mask", mask(2))]));
        assert_eq!(text, "the model takes image: f32[batch, 2], not u8[2]");
    }

    #[test]
    fn outputs_have_the_dimensions_that_follow_from_the_inputs() {
        let symbol = |name: &str| Dim::Symbol(name.into());
        let of = |dims: Vec<Dim>| {
            pair().output_shape(&TensorInfo::new("y", DType::F32, dims), &[image(3)])
        };
        assert_eq!(of(vec![symbol("batch"), Dim::Known(5)]), Some(Shape::from([3, 5])));
        assert_eq!(of(vec![]), Some(Shape::default()));
        assert_eq!(of(vec![symbol("length")]), None);
        assert_eq!(of(vec![Dim::Unknown]), None);
        let unranked = TensorInfo { dims: None, ..TensorInfo::new("y", DType::F32, []) };
        assert_eq!(pair().output_shape(&unranked, &[image(3)]), None);
    }

    #[test]
    fn a_batch_axis_is_first_everywhere_and_nowhere_else() {
        let symbol = |name: &str| Dim::Symbol(name.into());
        let of = |inputs: &[&[Dim]], outputs: &[&[Dim]]| {
            let infos = |all: &[&[Dim]]| {
                all.iter().map(|dims| TensorInfo::new("t", DType::F32, dims.to_vec())).collect()
            };
            let signature = Signature { inputs: infos(inputs), outputs: infos(outputs) };
            signature.batch_candidate().cloned()
        };
        let rows = [symbol("rows"), Dim::Known(2)];
        assert_eq!(of(&[&rows, &[symbol("rows")]], &[&rows]), Some(symbol("rows")));
        assert_eq!(of(&[&rows], &[&[Dim::Unknown]]), Some(symbol("rows")));
        assert_eq!(of(&[&[Dim::Unknown]], &[&[Dim::Unknown]]), Some(Dim::Unknown));
        assert_eq!(of(&[&rows], &[&[symbol("other")]]), None);
        assert_eq!(of(&[&rows], &[&[Dim::Known(1)]]), None);
        assert_eq!(of(&[&rows], &[&[]]), None, "a scalar has no rows");
        assert_eq!(of(&[&rows], &[&[symbol("rows"), symbol("rows")]]), None, "rows meet rows");
        assert_eq!(of(&[], &[&rows]), None);
    }
}
