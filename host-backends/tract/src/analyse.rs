use std::collections::{BTreeSet, HashMap};

use godwit_backend::{Result, Stop};
use tract_onnx::prelude::{InferenceFact, InferenceModel, OutletId, TVec, TractResult};
use tract_onnx::tract_core::internal::TractErrorContext;
use tract_onnx::tract_hir::infer::Factoid;

use crate::read::{beyond, proceed};
use crate::symbolic::check_fact;

/// Finds out what there is to know of every value, as the library's own analysis does, but one node at a time:
/// what a node makes of dimensions is looked at before another goes on from there.
///
/// # Errors
///
/// `TooLarge` where a dimension becomes too large an expression, `Unsupported` where the library fails,
/// `Cancelled` when stopped.
pub(crate) fn analyse(model: &mut InferenceModel, device: &str, stop: &Stop) -> Result<()> {
    let failed = |error| beyond(device).with_source(error);
    // It has an order, so that no node waits for itself.
    model.eval_order().map_err(failed)?;
    let mut observers: HashMap<OutletId, Vec<usize>> = HashMap::new();
    for node in model.nodes() {
        for output in &node.outputs {
            check_fact(&output.fact, device)?;
        }
        for outlet in node.op.observe_outlets(model, node).map_err(failed)? {
            observers.entry(outlet).or_default().push(node.id);
        }
    }
    let mut open: BTreeSet<usize> = model.nodes().iter().map(|node| node.id).collect();
    while let Some(id) = open.pop_first() {
        proceed(stop)?;
        for (outlet, fact) in changes(model, id).map_err(failed)? {
            check_fact(&fact, device)?;
            model.set_outlet_fact(outlet, fact).map_err(failed)?;
            let output =
                model.nodes().get(outlet.node).and_then(|node| node.outputs.get(outlet.slot));
            let readers = output.iter().flat_map(|it| &it.successors).map(|inlet| inlet.node);
            let observers = observers.get(&outlet).into_iter().flatten().copied();
            let concerned = readers.chain(observers).chain([outlet.node]);
            open.extend(concerned.filter(|node| *node != id));
        }
    }
    Ok(())
}

/// What a node adds to what is known.
fn changes(model: &mut InferenceModel, id: usize) -> TractResult<Vec<(OutletId, InferenceFact)>> {
    let observed = model.node(id).op.observe_outlets(model, model.node(id))?;
    let mut outlets: Vec<OutletId> = model.node(id).inputs.to_vec();
    let inputs = outlets.len();
    outlets.extend((0..model.node(id).outputs.len()).map(|slot| OutletId::new(id, slot)));
    let outputs = outlets.len();
    outlets.extend(observed);
    let known = outlets.iter().map(|outlet| model.outlet_fact(*outlet).cloned());
    let known = known.collect::<TractResult<Vec<InferenceFact>>>()?;
    let part = |from, to| known.get(from..to).unwrap_or_default().iter().collect::<TVec<_>>();
    let (first, second) = (part(0, inputs), part(inputs, outputs));
    let third = part(outputs, known.len());
    let (first, second, third) = model.node_mut(id).op.infer(first, second, third)?;
    let inferred = first.into_iter().chain(second).chain(third);
    let mut changes = Vec::new();
    for ((outlet, old), inferred) in outlets.into_iter().zip(&known).zip(inferred) {
        let fact = inferred.unify(old).with_context(|| format!("in the analysis of node {id}"))?;
        if fact != *old {
            changes.push((outlet, fact));
        }
    }
    Ok(changes)
}
