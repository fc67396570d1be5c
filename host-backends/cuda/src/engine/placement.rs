//! Which operators of a model run on the GPU, and which on the CPU.

use tract_gpu::fact::DeviceTypedFactExt;
use tract_gpu::sync::{DeviceSync, DeviceSyncKind};
use tract_gpu::tensor::DeviceTensorExt;
use tract_onnx::prelude::{DatumType, OutletId, TypedModel};
use tract_onnx::tract_core::model::TypedNode;
use tract_onnx::tract_core::ops::cnn::Conv;
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::source::TypedSource;

/// The most names in a message.
const NAMED: usize = 5;

/// Where the operators of a compiled model run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OperatorPlacement {
    pub(crate) on_gpu: usize,
    /// The names of those that run on the CPU. Arithmetic on dimensions does not count: it has no tensor
    /// values.
    pub(crate) on_cpu: Vec<String>,
}

impl OperatorPlacement {
    pub(crate) fn of(model: &TypedModel) -> Self {
        let mut placement = Self::default();
        for node in model.nodes() {
            let moves = node.op_is::<DeviceSync>();
            if moves || node.op_is::<Const>() || node.op_is::<TypedSource>() {
                continue;
            }
            let facts = || node.outputs.iter().map(|output| &output.fact);
            if facts().any(|fact| fact.as_device_fact().is_some()) {
                placement.on_gpu += 1;
            } else if facts().any(|fact| fact.datum_type != DatumType::TDim) {
                placement.on_cpu.push(node.name.chars().take(64).collect());
            }
        }
        placement
    }

    /// The names of the operators on the CPU, shortened for a message.
    pub(crate) fn named(&self) -> String {
        let shown: Vec<&str> = self.on_cpu.iter().take(NAMED).map(String::as_str).collect();
        match self.on_cpu.len().saturating_sub(NAMED) {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

/// Whether the model, before it is compiled for the GPU, has convolutions of `f32`.
pub(crate) fn convolves(model: &TypedModel) -> bool {
    model.nodes().iter().any(|node| {
        let takes = || node.inputs.iter().filter_map(|input| model.outlet_fact(*input).ok());
        node.op_is::<Conv>() && takes().any(|fact| fact.datum_type == DatumType::F32)
    })
}

/// Whether an input is used only on the GPU.
pub(crate) fn is_sent(model: &TypedModel, input: OutletId) -> bool {
    let sends = |node: &TypedNode| {
        node.op_as::<DeviceSync>().is_some_and(|sync| sync.kind == DeviceSyncKind::ToDevice)
    };
    let takers = model.nodes().iter().filter(|node| node.inputs.contains(&input));
    let mut takers = takers.peekable();
    takers.peek().is_some() && takers.all(sends)
}

/// The size of the weights on the GPU in bytes.
pub(crate) fn weights(model: &TypedModel) -> u64 {
    let mut seen = std::collections::HashSet::new();
    let mut bytes = 0u64;
    for node in model.nodes() {
        let own = node.op_as::<Const>().map(|constant| constant.val());
        let known = node.outputs.iter().filter_map(|output| output.fact.konst.as_ref());
        for tensor in own.into_iter().chain(known).filter_map(|it| it.as_device_tensor()) {
            if seen.insert(tensor.device_buffer_ptr()) {
                let size = tensor.len().saturating_mul(tensor.datum_type().size_of());
                bytes = bytes.saturating_add(size as u64);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_a_few() {
        let mut placement =
            OperatorPlacement { on_gpu: 0, on_cpu: ["a", "b"].map(str::to_owned).to_vec() };
        assert_eq!(placement.named(), "a, b");
        placement.on_cpu = (0..7).map(|index| index.to_string()).collect();
        assert_eq!(placement.named(), "0, 1, 2, 3, 4 and 2 more");
    }

    #[test]
    fn convolutions_of_f32_are_seen_before_anything_is_loaded() {
        let read = |onnx: &[u8]| {
            godwit_tract::read(onnx, "a test", &godwit_backend::Stop::default()).unwrap().model
        };
        assert!(convolves(&read(godwit_fixtures::models::DIGITS_ONNX)));
        assert!(!convolves(&read(&godwit_fixtures::models::matmul_chain(8, 2))));
    }
}
