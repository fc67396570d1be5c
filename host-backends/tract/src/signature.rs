use std::collections::HashSet;
use std::sync::Arc;

use godwit_backend::{DType, Dim, Error, Result, Signature, TensorInfo};
use tract_onnx::prelude::{Symbol, TDim, TypedFact, TypedModel};

use crate::dtype;

/// Names of inputs and outputs, and the symbols the model itself uses, all noted before compiling.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The inputs, in order.
    pub inputs: Vec<Arc<str>>,
    /// The outputs, in order.
    pub outputs: Vec<Arc<str>>,
    /// The symbols of the model's own dimensions.
    pub symbols: HashSet<Symbol>,
}

/// The signature of `model`, whose inputs and outputs stand in the order of `names`.
///
/// # Errors
///
/// `Unsupported`, naming `device`, for a dtype that tensors do not have.
pub fn signature(model: &TypedModel, names: &Names, device: &str) -> Result<Signature> {
    let broken = |error| Error::internal("a compiled model without facts").with_source(error);
    let mut signature = Signature::default();
    for (index, name) in names.inputs.iter().enumerate() {
        let fact = model.input_fact(index).map_err(broken)?;
        signature.inputs.push(info(name, fact, &names.symbols, device)?);
    }
    for (index, name) in names.outputs.iter().enumerate() {
        let fact = model.output_fact(index).map_err(broken)?;
        signature.outputs.push(info(name, fact, &names.symbols, device)?);
    }
    Ok(signature)
}

fn info(
    name: &Arc<str>,
    fact: &TypedFact,
    symbols: &HashSet<Symbol>,
    device: &str,
) -> Result<TensorInfo> {
    let dtype: DType = dtype::of(fact.datum_type).ok_or_else(|| {
        Error::unsupported(format!("'{name}' is of a dtype that {device} does not have"))
    })?;
    let dims = fact.shape.iter().map(|dim| self::dim(dim, symbols)).collect();
    Ok(TensorInfo { name: name.clone(), dtype, dims: Some(dims) })
}

fn dim(dim: &TDim, symbols: &HashSet<Symbol>) -> Dim {
    if let TDim::Val(value) = dim {
        return usize::try_from(*value).map_or(Dim::Unknown, Dim::Known);
    }
    // Symbols the library invented mean nothing to anyone else.
    if dim.symbols().is_subset(symbols) {
        Dim::Symbol(dim.to_string().into())
    } else {
        Dim::Unknown
    }
}
