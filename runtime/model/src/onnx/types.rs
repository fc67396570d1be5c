//! The types of inputs and outputs.

use godwit_backend::{DType, Dim, Error, Result, TensorInfo};

use super::tensor::Element;
use crate::Limits;
use crate::protobuf::{Fields, malformed};
use crate::text::{name, quoted};

/// An input or output as the file states it.
#[derive(Debug)]
pub(super) struct Stated<'a> {
    pub(super) name: &'a str,
    pub(super) ty: Type,
}

#[derive(Debug)]
pub(super) enum Type {
    Tensor(DType, Option<Vec<Dim>>),
    /// No type: what produces the value decides.
    Inferred,
    /// A type no tensor of the contract has, by name.
    Other(&'static str),
}

impl Stated<'_> {
    pub(super) fn info(self) -> Result<TensorInfo, Type> {
        match self.ty {
            Type::Tensor(dtype, dims) => Ok(TensorInfo { name: self.name.into(), dtype, dims }),
            other => Err(other),
        }
    }
}

/// Reads a `ValueInfoProto`.
pub(super) fn value<'a>(message: &'a [u8], limits: &Limits) -> Result<Stated<'a>> {
    let (mut named, mut ty) = ("", None);
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => named = name(field.bytes()?, limits)?,
            2 => field.only(&mut ty)?,
            _ => {}
        }
    }
    let ty = ty.map_or(Ok(Type::Inferred), |ty| read(ty, limits, 0));
    if named.is_empty() {
        return Err(malformed("an input or output without a name"));
    }
    Ok(Stated { name: named, ty: ty? })
}

/// Reads a `TypeProto`, `depth` types deep.
pub(super) fn read(message: &[u8], limits: &Limits, depth: u32) -> Result<Type> {
    if depth > limits.max_depth {
        return Err(Error::too_large(format!(
            "the model nests types more than {} deep",
            limits.max_depth
        )));
    }
    let mut ty = Type::Inferred;
    for field in Fields::of(message) {
        let field = field?;
        let found = match field.number {
            1 => tensor(field.bytes()?, limits)?,
            4 => nested(field.bytes()?, 1, limits, depth, "a sequence")?,
            5 => nested(field.bytes()?, 2, limits, depth, "a map")?,
            7 => Type::Other("opaque"),
            8 => Type::Other("a sparse tensor"),
            9 => nested(field.bytes()?, 1, limits, depth, "optional")?,
            _ => continue,
        };
        if !matches!(ty, Type::Inferred) {
            return Err(malformed("a value of two types"));
        }
        ty = found;
    }
    Ok(ty)
}

fn nested(
    message: &[u8],
    inner: u32,
    limits: &Limits,
    depth: u32,
    what: &'static str,
) -> Result<Type> {
    for field in Fields::of(message) {
        let field = field?;
        if field.number == inner {
            read(field.bytes()?, limits, depth + 1)?;
        }
    }
    Ok(Type::Other(what))
}

fn tensor(message: &[u8], limits: &Limits) -> Result<Type> {
    let (mut element, mut shape) = (0, None);
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => element = field.int()?,
            2 => field.only(&mut shape)?,
            _ => {}
        }
    }
    let dims = shape.map(|shape| dims(shape, limits)).transpose()?;
    Ok(match Element::of(element)? {
        Element::Undefined => Type::Inferred,
        Element::Known(dtype) => Type::Tensor(dtype, dims),
        Element::Other(what, _) => Type::Other(what),
    })
}

fn dims(message: &[u8], limits: &Limits) -> Result<Vec<Dim>> {
    /// More than any library takes, and few enough to print.
    const MAX_RANK: usize = 64;
    let mut dims = Vec::new();
    for field in Fields::of(message) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        if dims.len() == MAX_RANK {
            return Err(Error::too_large(format!(
                "an input or output has more than {MAX_RANK} dimensions"
            )));
        }
        dims.push(dim(field.bytes()?, limits)?);
    }
    Ok(dims)
}

fn dim(message: &[u8], limits: &Limits) -> Result<Dim> {
    let mut dim = Dim::Unknown;
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => {
                dim = match field.int()? {
                    // Some exporters write -1 for a dimension they do not know.
                    -1 => Dim::Unknown,
                    size => Dim::Known(
                        usize::try_from(size).map_err(|_| malformed("a dimension below zero"))?,
                    ),
                };
            }
            2 => {
                let symbol = name(field.bytes()?, limits)?;
                dim = if symbol.is_empty() { Dim::Unknown } else { Dim::Symbol(symbol.into()) };
            }
            _ => {}
        }
    }
    Ok(dim)
}

/// Why a value cannot be part of a signature.
pub(super) fn why(role: &str, name: &str, ty: &Type) -> String {
    match ty {
        Type::Other(what) => format!(
            "the model's {role} {} is {what}, and only tensors of numbers and booleans can be passed",
            quoted(name)
        ),
        _ => format!("the model's file does not state the type of {role} {}", quoted(name)),
    }
}
