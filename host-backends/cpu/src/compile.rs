use std::sync::Arc;

use godwit_backend::{Error, Result, Signature, Stop};
use godwit_tract::{Typed, guarded, is_shape_determined, read, signature};
use tract_onnx::prelude::TypedSimplePlan;

use crate::footprint::footprint;

/// What errors call this device.
const DEVICE: &str = "the CPU device";

/// A model ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) plan: Arc<TypedSimplePlan>,
    pub(crate) signature: Signature,
    pub(crate) footprint: u64,
    /// Whether the inputs' dimensions alone say how much work a run is.
    pub(crate) shape_determined: bool,
}

/// Compiles the bytes of an ONNX file, looking at `stop` between the stages.
pub(crate) fn compile(bytes: &[u8], stop: &Stop) -> Result<Compiled> {
    let Typed { mut model, names } = read(bytes, DEVICE, stop)?;
    let (plan, footprint) = guarded(beyond, || {
        let failed = |error| beyond().with_source(error);
        // Here, because optimising moves weights into the operators, out of sight.
        let footprint = footprint(&model);
        model.optimize().map_err(failed)?;
        Ok((TypedSimplePlan::new(model).map_err(failed)?, footprint))
    })?;
    if stop.is_stopped() {
        return Err(Error::cancelled("the load was cancelled"));
    }
    guarded(beyond, || {
        let model = plan.model();
        let signature = signature(model, &names, DEVICE)?;
        let shape_determined = is_shape_determined(model);
        Ok(Compiled { signature, footprint, shape_determined, plan: plan.clone() })
    })
}

fn beyond() -> Error {
    Error::unsupported(format!("the model is beyond what {DEVICE} can compile"))
}
