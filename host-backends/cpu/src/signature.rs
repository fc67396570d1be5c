use std::collections::HashSet;
use std::sync::Arc;

use godwit_backend::{DType, Dim, Error, Result, Signature, TensorInfo};
use tract_onnx::prelude::{Symbol, TDim, TypedFact, TypedModel};

use crate::dtype;

/// Names of inputs and outputs, and the symbols the model itself uses, all noted before compiling.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) inputs: Vec<Arc<str>>,
    pub(crate) outputs: Vec<Arc<str>>,
    pub(crate) symbols: HashSet<Symbol>,
}

/// The signature of `model`, whose inputs and outputs stand in the order of `names`.
pub(crate) fn signature(model: &TypedModel, names: &Names) -> Result<Signature> {
    let broken = |error| Error::internal("a compiled model without facts").with_source(error);
    let mut signature = Signature::default();
    for (index, name) in names.inputs.iter().enumerate() {
        let fact = model.input_fact(index).map_err(broken)?;
        signature.inputs.push(info(name, fact, &names.symbols)?);
    }
    for (index, name) in names.outputs.iter().enumerate() {
        let fact = model.output_fact(index).map_err(broken)?;
        signature.outputs.push(info(name, fact, &names.symbols)?);
    }
    Ok(signature)
}

fn info(name: &Arc<str>, fact: &TypedFact, symbols: &HashSet<Symbol>) -> Result<TensorInfo> {
    let dtype: DType = dtype::of(fact.datum_type).ok_or_else(|| {
        Error::unsupported(format!("'{name}' is of a dtype that the CPU device does not have"))
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
