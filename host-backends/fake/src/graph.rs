use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use godwit_backend::{
    Charge, DeviceId, Error, ExecutionContext, Graph, GraphInfo, Model, Quota, Result, Signature,
};

use crate::context::FakeContext;
use crate::device::DeviceState;
use crate::log::Entry;
use crate::{Act, Op, Script};

#[derive(Debug)]
pub(crate) struct FakeGraph(Arc<Loaded>);

/// What a graph shares with its contexts.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) device: Arc<DeviceState>,
    pub(crate) model: Arc<str>,
    pub(crate) info: GraphInfo,
    pub(crate) op: Op,
    pub(crate) latency: Duration,
    pub(crate) generation: u64,
    _held: Vec<(DeviceId, Charge)>,
}

impl FakeGraph {
    pub(crate) fn new(device: Arc<DeviceState>, model: &Model, script: Script) -> Result<Self> {
        let Script { mut signature, op, latency, footprint } = script;
        if let Some((first, second)) = device.plan.swapped_names {
            swap_names(&mut signature, first, second)?;
        }
        let ports = signature.inputs.iter().chain(&signature.outputs);
        if let Some(port) = ports.into_iter().find(|port| !device.plan.dtypes.contains(&port.dtype))
        {
            return Err(Error::unsupported(format!(
                "{} has no {}, the dtype of '{}'",
                device.id, port.dtype, port.name
            )));
        }
        let footprint = footprint.unwrap_or_else(|| model.byte_len());
        let held = device.hold(footprint)?;
        let footprint = held.iter().map(|(id, charge)| (id.clone(), charge.bytes())).collect();
        Ok(Self(Arc::new(Loaded {
            model: model.name().clone(),
            info: GraphInfo { signature, device: device.describe(), footprint },
            op,
            latency: latency
                .saturating_add(device.plan.run_latency)
                .saturating_mul(device.plan.slowdown),
            generation: device.generation(),
            _held: held,
            device,
        })))
    }
}

/// Only the names: everything else of an output stays where it is.
fn swap_names(signature: &mut Signature, first: usize, second: usize) -> Result<()> {
    let name = |at: usize| signature.outputs.get(at).map(|output| output.name.clone());
    let misfit = || Error::internal("the outputs whose names are to be swapped are not there");
    let (one, other) = name(first).zip(name(second)).ok_or_else(misfit)?;
    for (at, name) in [(first, other), (second, one)] {
        signature.outputs.get_mut(at).ok_or_else(misfit)?.name = name;
    }
    Ok(())
}

#[async_trait]
impl Graph for FakeGraph {
    fn info(&self) -> &GraphInfo {
        &self.0.info
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let Loaded { device, model, .. } = &*self.0;
        let entry = Entry::begin(&device.log, Act::Context, &device.id, model, 0);
        let outcome = device.check_generation(self.0.generation);
        entry.end(&outcome, 0);
        outcome?;
        Ok(Box::new(FakeContext { graph: self.0.clone(), quota: quota.clone(), cache: Vec::new() }))
    }
}
