//! Max pooling by operators that the GPU has.
//!
//! tract has no GPU kernel for max pooling, so every network with such a layer would leave the GPU. Max pooling is
//! separable: along one dimension after another, it is the maximum of shifted slices of the input. A stride becomes
//! a dimension to slice.

use tract_onnx::prelude::{
    DatumType, IntoArcTensor, TDim, TVec, Tensor, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_core::internal::{AxisOp, OutletId, Rewriter, TypedModelPatch, TypedOp};
use tract_onnx::tract_core::model::TypedNode;
use tract_onnx::tract_core::ops::array::{Pad, PadMode, Slice};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cnn::MaxPool;
use tract_onnx::tract_core::ops::math::Max;

/// Rewrites every max pooling whose spatial dimensions are known.
pub(crate) fn rewrite(model: &mut TypedModel) -> TractResult<()> {
    Rewriter::default().with_rule_for("max-pool-by-slices", rule).rewrite(&(), model)
}

/// The windows along one dimension.
struct Windows {
    axis: usize,
    len: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    count: usize,
}

fn rule(
    _: &(),
    model: &TypedModel,
    node: &TypedNode,
    name: &str,
    op: &MaxPool,
) -> TractResult<Option<TypedModelPatch>> {
    let Some(input) = node.inputs.first().copied() else { return Ok(None) };
    let fact = model.outlet_fact(input)?;
    let lowest = match fact.datum_type {
        DatumType::F32 => Tensor::from(f32::NEG_INFINITY),
        DatumType::F16 => Tensor::from(f32::NEG_INFINITY).cast_to_dt(DatumType::F16)?.into_owned(),
        _ => return Ok(None),
    };
    let Some(all) = windows(op, &fact.shape.to_tvec())? else { return Ok(None) };
    let rank = fact.rank();
    let lowest = lowest.into_arc_tensor();
    let mut wiring = Wiring { patch: TypedModelPatch::default(), name, steps: 0 };
    let mut wire = wiring.patch.tap_model(model, input)?;
    for windows in &all {
        // The end that no window reaches is sliced off; windows beyond the end are padded.
        let reach =
            (windows.count - 1) * windows.stride + (windows.kernel - 1) * windows.dilation + 1;
        let whole = reach.next_multiple_of(windows.stride);
        let kept = windows.len.min(whole.saturating_sub(windows.before));
        if kept < windows.len {
            wire = wiring.add(Slice::new(windows.axis, 0, kept), &[wire])?;
        }
        let after = whole.saturating_sub(windows.before + kept);
        if windows.before + after > 0 {
            let mut pads = vec![(0, 0); rank];
            if let Some(pad) = pads.get_mut(windows.axis) {
                *pad = (windows.before, after);
            }
            let pad = Pad { pads, mode: PadMode::Constant(lowest.clone()) };
            wire = wiring.add(pad, &[wire])?;
        }
        wire = wiring.largest(windows, whole, wire)?;
    }
    wiring.patch.shunt_outside(model, node.id.into(), wire)?;
    Ok(Some(wiring.patch))
}

/// The windows of each spatial dimension, if all are known and the indices are not an output.
fn windows(op: &MaxPool, dims: &[TDim]) -> TractResult<Option<Vec<Windows>>> {
    if op.with_index_outputs.is_some() {
        return Ok(None);
    }
    let spec = &op.pool_spec;
    let shape = spec.data_format.shape(dims.iter().cloned().collect::<TVec<TDim>>())?;
    let lens: Option<Vec<usize>> =
        shape.hw_dims().iter().map(|dim| usize::try_from(dim.as_i64()?).ok()).collect();
    let Some(lens) = lens else { return Ok(None) };
    let (strides, dilations) = (spec.strides(), spec.dilations());
    let paddings = spec.computed_padding(&lens);
    let mut all = Vec::new();
    for (index, padding) in paddings.iter().enumerate() {
        let (Some(&len), Some(&kernel), Some(&stride), Some(&dilation)) = (
            lens.get(index),
            spec.kernel_shape.get(index),
            strides.get(index),
            dilations.get(index),
        ) else {
            return Ok(None);
        };
        if padding.convoluted == 0 || kernel == 0 || len == 0 {
            return Ok(None);
        }
        let (before, count) = (padding.pad_before, padding.convoluted);
        all.push(Windows {
            axis: shape.h_axis() + index,
            len,
            kernel,
            stride,
            dilation,
            before,
            count,
        });
    }
    Ok(Some(all))
}

struct Wiring<'a> {
    patch: TypedModelPatch,
    name: &'a str,
    steps: usize,
}

impl Wiring<'_> {
    fn add(
        &mut self,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        self.steps += 1;
        let name = format!("{}.pool-{}", self.name, self.steps);
        let wires = self.patch.wire_node(name, op, inputs)?;
        wires.first().copied().ok_or_else(|| {
            tract_onnx::tract_core::internal::format_err!("an operator without an output")
        })
    }

    /// The maximum of each window along one dimension of length `whole`.
    fn largest(
        &mut self,
        windows: &Windows,
        whole: usize,
        wire: OutletId,
    ) -> TractResult<OutletId> {
        let Windows { axis, kernel, stride, dilation, count, .. } = *windows;
        let split = match stride {
            1 => wire,
            _ => {
                let from = tvec!(whole.into());
                let to = tvec!((whole / stride).into(), stride.into());
                self.add(AxisOp::Reshape(axis, from, to), &[wire])?
            }
        };
        let mut largest = None;
        for at in (0..kernel).map(|step| step * dilation) {
            let mut part = split;
            if stride > 1 {
                let phase = at % stride;
                part = self.add(Slice::new(axis + 1, phase, phase + 1), &[part])?;
                part = self.add(AxisOp::Rm(axis + 1), &[part])?;
            }
            let first = at / stride;
            if first > 0 || count < whole / stride {
                part = self.add(Slice::new(axis, first, first + count), &[part])?;
            }
            largest = Some(match largest {
                None => part,
                Some(so_far) => self.add(TypedBinOp(Box::new(Max), None), &[so_far, part])?,
            });
        }
        Ok(largest.unwrap_or(split))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_backend::{DType, Stop};
    use godwit_fixtures::onnx::Graph;
    use tract_onnx::prelude::TypedSimplePlan;
    use tract_onnx::tract_core::internal::{IntoTValue, IntoTensor};

    struct Pooling {
        len: [i64; 2],
        kernel: [i64; 2],
        strides: [i64; 2],
        pads: [i64; 4],
        dilations: [i64; 2],
        ceil: i64,
    }

    const PLAIN: Pooling = Pooling {
        len: [7, 9],
        kernel: [2, 2],
        strides: [2, 2],
        pads: [0; 4],
        dilations: [1, 1],
        ceil: 0,
    };

    fn model(pooling: &Pooling) -> TypedModel {
        let mut graph = Graph::new("pool");
        let [h, w] = pooling.len;
        graph.input("x", DType::F32, godwit_fixtures::dims!["n", 3, h, w]);
        graph
            .node("MaxPool", "x", "y")
            .ints("kernel_shape", pooling.kernel)
            .ints("strides", pooling.strides)
            .ints("pads", pooling.pads)
            .ints("dilations", pooling.dilations)
            .int("ceil_mode", pooling.ceil);
        graph.output("y", DType::F32, godwit_fixtures::dims!["n", 3, "h", "w"]);
        godwit_tract::read(&graph.into_bytes(), "a test", &Stop::default()).unwrap().model
    }

    fn run(model: TypedModel, [h, w]: [i64; 2]) -> Tensor {
        let shape = [2, 3, usize::try_from(h).unwrap(), usize::try_from(w).unwrap()];
        let count: usize = shape.iter().product();
        // No order to it, and below zero too: padding must not win.
        let values: Vec<f32> = (0..count).map(|at| (at * 7919 % 101) as f32 - 120.0).collect();
        let input = Tensor::from_shape(&shape, &values).unwrap().into_tvalue();
        let plan = TypedSimplePlan::new(model).unwrap();
        plan.run(tvec!(input)).unwrap().remove(0).into_tensor()
    }

    #[test]
    fn the_largest_are_the_same_by_slices() {
        for pooling in [
            PLAIN,
            Pooling { len: [112, 112], kernel: [3, 3], pads: [1; 4], ..PLAIN },
            Pooling { kernel: [3, 2], strides: [1, 3], ..PLAIN },
            Pooling { kernel: [2, 3], strides: [3, 1], pads: [1, 0, 0, 2], ..PLAIN },
            Pooling { kernel: [2, 2], strides: [1, 1], dilations: [3, 2], ..PLAIN },
            Pooling { kernel: [3, 3], strides: [2, 2], ceil: 1, len: [8, 10], ..PLAIN },
            Pooling { kernel: [7, 9], strides: [1, 1], ..PLAIN },
            Pooling { kernel: [1, 1], strides: [4, 2], ..PLAIN },
        ] {
            let whole = model(&pooling);
            let mut sliced = whole.clone();
            rewrite(&mut sliced).unwrap();
            assert!(!sliced.nodes().iter().any(|node| node.op_is::<MaxPool>()));
            let (left, right) = (run(whole, pooling.len), run(sliced, pooling.len));
            assert_eq!(left, right, "{:?} by {:?}", pooling.kernel, pooling.strides);
        }
    }
}
