use std::sync::Arc;

use godwit_backend::{Error, Result, Signature, Stop};
use godwit_tract::{Typed, guarded, read, signature};
use tract_cuda::CudaTransform;
use tract_gpu::turn_handler::DeviceTurnHandler;
use tract_onnx::prelude::{RunOptions, TractResult, TypedModel, TypedSimplePlan};
use tract_onnx::tract_core::plan::{TurnState, TurnStateHandler};
use tract_onnx::tract_core::transform::ModelTransform;

use super::meter::{loading, scratch};
use super::placement::{OperatorPlacement, convolves, is_sent, weights};
use super::pool;
use crate::driver;
use crate::fault::explain;

/// The device's name in errors.
const DEVICE: &str = "the GPU";

/// A parsed model, not yet compiled for the GPU.
#[derive(Debug)]
pub(crate) struct Uncompiled {
    model: TypedModel,
    pub(crate) signature: Signature,
    pub(crate) convolves: bool,
}

/// A compiled model.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) plan: Arc<TypedSimplePlan>,
    pub(crate) footprint: u64,
    pub(crate) placement: OperatorPlacement,
    /// For each input, whether it is used only on the GPU.
    pub(crate) sent: Vec<bool>,
}

/// Parses a model, which needs no GPU.
pub(crate) fn parse(bytes: &[u8], stop: &Stop) -> Result<Uncompiled> {
    let Typed { model, names } = read(bytes, DEVICE, stop)?;
    guarded(beyond, || {
        let signature = signature(&model, &names, DEVICE)?;
        let convolves = convolves(&model);
        Ok(Uncompiled { model, signature, convolves })
    })
}

/// Compiles a model, on the thread of a stream.
pub(crate) fn compile(model: TypedModel) -> Result<Compiled> {
    let compiled = loading(|| {
        guarded(beyond, || made(model).map_err(|error| explain(format!("{error:#}"), beyond())))
    });
    compiled.map_err(|error| explain(error.report(), error))
}

fn made(mut model: TypedModel) -> TractResult<Compiled> {
    pool::rewrite(&mut model)?;
    CudaTransform.transform(&mut model)?;
    model.optimize()?;
    let options = RunOptions { skip_order_opt_ram: true, ..RunOptions::default() };
    let mut plan = TypedSimplePlan::build(model, &options)?;
    if let Some(arena) = DeviceTurnHandler::for_plan(&plan, None)? {
        plan = plan.with_turn_handler(Arena(arena));
    }
    // The weights are sent on this thread's stream and read on others.
    driver::stream()?.synchronize()?;
    let model = plan.model();
    let sent = model.input_outlets()?.iter().map(|input| is_sent(model, *input)).collect();
    let (placement, footprint) = (OperatorPlacement::of(model), weights(model));
    Ok(Compiled { plan: Arc::new(plan), footprint, placement, sent })
}

impl Uncompiled {
    pub(crate) fn into_model(self) -> (TypedModel, Signature) {
        (self.model, self.signature)
    }
}

fn beyond() -> Error {
    Error::unsupported(format!("{DEVICE} cannot compile the model"))
}

/// tract's memory for intermediate values. Kernels write it before they read it and no guest sees it, so it is
/// not cleared.
#[derive(Debug)]
struct Arena(DeviceTurnHandler);

impl TurnStateHandler for Arena {
    fn before_plan_eval(&self, turn: &mut TurnState) -> TractResult<()> {
        scratch(|| self.0.before_plan_eval(turn))
    }

    fn after_plan_eval(&self, turn: &mut TurnState) -> TractResult<()> {
        self.0.after_plan_eval(turn)
    }
}
