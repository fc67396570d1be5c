use std::collections::HashSet;
use std::sync::Arc;

use godwit_backend::{Error, Result, Signature, Stop};
use prost::Message;
use tract_onnx::Onnx;
use tract_onnx::pb::{GraphProto, ModelProto};
use tract_onnx::prelude::{
    DatumType, InferenceFact, InferenceModel, InferenceModelExt, SpecialOps, Symbol, TVec,
    TractResult, TypedModel, TypedSimplePlan,
};
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_core::ops::logic::IfThenElse;
use tract_onnx::tract_core::ops::scan::{OptScan, Scan};
use tract_onnx::tract_core::ops::source::TypedSource;
use tract_onnx::tract_hir::internal::{Factoid, GenericFactoid, ToDim};

use crate::footprint::footprint;
use crate::guard::guarded;
use crate::signature::{Names, signature};
use crate::survey::survey;

/// A model ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) plan: Arc<TypedSimplePlan>,
    pub(crate) signature: Signature,
    pub(crate) footprint: u64,
    /// Whether the inputs' dimensions alone say how much work a run is.
    pub(crate) steady: bool,
}

/// Compiles the bytes of an ONNX file, looking at `stop` between the stages.
pub(crate) fn compile(bytes: &[u8], stop: &Stop) -> Result<Compiled> {
    let onnx = guarded(broken, || Ok(tract_onnx::onnx()))?;
    let proto = ModelProto::decode(bytes).map_err(|error| {
        Error::invalid_encoding("the bytes are not an ONNX model").with_source(error)
    })?;
    let graph = proto.graph.as_ref().ok_or_else(|| {
        Error::invalid_encoding("the bytes are not an ONNX model: no graph in it")
    })?;
    survey(&onnx, graph)?;
    proceed(stop)?;
    let (model, names) = guarded(broken, || parse(&onnx, &proto, graph))?;
    drop(proto);
    proceed(stop)?;
    let model = guarded(beyond, || typed(model).map_err(|error| beyond().with_source(error)))?;
    proceed(stop)?;
    let (plan, footprint) = guarded(beyond, || {
        let failed = |error| beyond().with_source(error);
        let mut model = model;
        model.declutter().map_err(failed)?;
        // Here, because optimising moves weights into the operators, out of sight.
        let footprint = footprint(&model);
        model.optimize().map_err(failed)?;
        Ok((TypedSimplePlan::new(model).map_err(failed)?, footprint))
    })?;
    proceed(stop)?;
    guarded(beyond, || {
        let model = plan.model();
        let signature = signature(model, &names)?;
        let steady = is_steady(model);
        Ok(Compiled { signature, footprint, steady, plan: plan.clone() })
    })
}

fn broken() -> Error {
    Error::invalid_encoding("the ONNX model is not well formed")
}

fn beyond() -> Error {
    Error::unsupported("the model is beyond what the CPU device can compile")
}

fn proceed(stop: &Stop) -> Result<()> {
    if stop.is_stopped() { Err(Error::cancelled("the load was cancelled")) } else { Ok(()) }
}

fn parse(onnx: &Onnx, proto: &ModelProto, graph: &GraphProto) -> Result<(InferenceModel, Names)> {
    // Without a folder, nothing outside these bytes can be read.
    let parsed = onnx.parse(proto, None).map_err(|error| broken().with_source(error))?;
    if let Some(name) = parsed.unresolved_inputs.first() {
        let name: String = name.chars().take(64).collect();
        return Err(Error::invalid_encoding(format!(
            "the ONNX model is not well formed: nothing gives the tensor '{name}'"
        )));
    }
    let mut model = parsed.model;
    let initialised: HashSet<&str> = graph.initializer.iter().map(|it| &*it.name).collect();
    let inputs = graph.input.iter().map(|input| &*input.name);
    let names = Names {
        inputs: inputs.filter(|name| !initialised.contains(name)).map(Arc::from).collect(),
        outputs: graph.output.iter().map(|output| Arc::from(&*output.name)).collect(),
        symbols: name_dims(&mut model)?,
    };
    if names.inputs.len() != model.inputs.len() || names.outputs.len() != model.outputs.len() {
        return Err(broken());
    }
    Ok((model, names))
}

/// Gives every unknown dimension of an input a symbol, for a dimension that can vary has to have one.
/// Gives back the symbols that were there.
fn name_dims(model: &mut InferenceModel) -> Result<HashSet<Symbol>> {
    let failed = |error| broken().with_source(error);
    let mut symbols = HashSet::new();
    for outlet in model.input_outlets().map_err(failed)?.to_vec() {
        let fact = model.outlet_fact(outlet).map_err(failed)?.clone();
        if fact.shape.is_open() {
            return Err(Error::unsupported(
                "the model does not say how many dimensions an input has, which the CPU device \
                 needs to know",
            ));
        }
        let Some(datum) = fact.datum_type.concretize() else { return Err(broken()) };
        let mut dims = TVec::new();
        for dim in fact.shape.dims() {
            dims.push(match dim {
                GenericFactoid::Only(dim) => {
                    symbols.extend(dim.symbols());
                    dim.clone()
                }
                GenericFactoid::Any => model.symbols.new_with_prefix("any").to_dim(),
            });
        }
        let fact = InferenceFact::dt_shape(datum, &*dims);
        model.set_outlet_fact(outlet, fact).map_err(failed)?;
    }
    Ok(symbols)
}

/// Settles every dtype and shape. Outputs that hold dimensions become plain integers.
fn typed(model: InferenceModel) -> TractResult<TypedModel> {
    let mut model = model.into_typed()?;
    let mut outlets = model.output_outlets()?.to_vec();
    for (index, outlet) in outlets.iter_mut().enumerate() {
        if model.outlet_fact(*outlet)?.datum_type == DatumType::TDim {
            let wire =
                model.wire_node(format!("output.{index}"), cast(DatumType::I64), &[*outlet])?;
            *outlet = wire.first().copied().unwrap_or(*outlet);
        }
    }
    model.select_output_outlets(&outlets)?;
    Ok(model)
}

/// Loops, branches and operators whose output is as large as their input's values say make a run's
/// work depend on what the tensors hold.
fn is_steady(model: &TypedModel) -> bool {
    !model.nodes().iter().any(|node| {
        let control = node.op_is::<OptScan>() || node.op_is::<Scan>() || node.op_is::<IfThenElse>();
        control || (node.op().mints_runtime_symbols() && !node.op_is::<TypedSource>())
    })
}
