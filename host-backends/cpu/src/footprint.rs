use std::collections::HashSet;
use std::sync::Arc;

use tract_onnx::prelude::{Tensor, TypedModel};
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::logic::IfThenElse;
use tract_onnx::tract_core::ops::scan::{OptScan, Scan};

/// What a node costs besides its constants: itself, its facts, its name, its place in the plan.
const NODE: u64 = 2048;

/// Bytes a compiled model holds: its constants and its nodes. Laying constants out for the processor
/// pads them by a few in a hundred, which is not counted.
/// What a run needs while it runs is not in it: that depends on the inputs.
pub(crate) fn footprint(model: &TypedModel) -> u64 {
    let mut seen = HashSet::new();
    held(model, &mut seen)
}

fn held(model: &TypedModel, seen: &mut HashSet<*const Tensor>) -> u64 {
    let mut bytes = 0u64;
    for node in model.nodes() {
        bytes = bytes.saturating_add(NODE);
        let own = node.op_as::<Const>().map(|constant| constant.val());
        let known = node.outputs.iter().filter_map(|output| output.fact.konst.as_ref());
        for tensor in own.into_iter().chain(known) {
            if seen.insert(Arc::as_ptr(tensor)) {
                bytes = bytes.saturating_add(size(tensor));
            }
        }
        if let Some(scan) = node.op_as::<OptScan>() {
            bytes = bytes.saturating_add(held(scan.plan.model(), seen));
        } else if let Some(scan) = node.op_as::<Scan>() {
            bytes = bytes.saturating_add(held(&scan.body, seen));
        } else if let Some(branches) = node.op_as::<IfThenElse>() {
            bytes = bytes.saturating_add(held(&branches.then_body, seen));
            bytes = bytes.saturating_add(held(&branches.else_body, seen));
        }
    }
    bytes
}

fn size(tensor: &Tensor) -> u64 {
    if let Some(plain) = tensor.as_plain_ram() {
        return plain.as_bytes().len() as u64;
    }
    let other = tensor.exotic_fact().ok().flatten().and_then(|fact| fact.mem_size().as_i64());
    other.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0)
}
