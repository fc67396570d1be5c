//! How large the expressions may grow in which the library keeps dimensions that are not known.
//!
//! The library simplifies, compares, evaluates and frees such an expression by functions that call themselves,
//! at each level of it, on whatever thread that happens. Where nobody bounds it, a chain of poolings ends the
//! process by an overflow of the stack.

use godwit_backend::{Error, Result};
use tract_onnx::prelude::{Datum, InferenceFact, TDim, Tensor, TypedFact, TypedModel};
use tract_onnx::tract_core::ops::logic::IfThenElse;
use tract_onnx::tract_core::ops::scan::{OptScan, Scan};
use tract_onnx::tract_hir::infer::Factoid;

/// Levels of an expression, at most: a dimension that strides and paddings change 10 times has about 20.
pub(crate) const DEPTH: usize = 32;

/// What a dimension is divided by, at most. Where the divisors of steps after each other come to 2^63, the library
/// simplifies without end.
const DIVISOR: u64 = 1 << 31;

/// What a dimension is multiplied by, or what is added to it, at most.
const FACTOR: u64 = 1 << 53;

/// Terms of an expression, at most.
const TERMS: usize = 256;

/// Bytes of stack of a thread that reads models.
pub const READER_STACK: usize = 256 << 20;

/// Nodes of the graphs inside one node, at most. The library analyses those in one step, in which each node may
/// add a level to an expression, and nothing can be looked at before its end.
pub(crate) const NODES_INSIDE: usize = 4000;

/// Doublings of what the graphs inside one node may divide a dimension by, at most.
pub(crate) const HALVINGS_INSIDE: u32 = 60;

pub(crate) fn too_large(device: &str) -> Error {
    Error::too_large(format!(
        "the model computes a dimension from others in more than {DEPTH} steps or {TERMS} terms, or divides it by more than {DIVISOR}, which is beyond \
         what {device} can compile: give its inputs known dimensions"
    ))
}

/// Refuses what is known of a value where a dimension in it is too large.
pub(crate) fn check_fact(fact: &InferenceFact, device: &str) -> Result<()> {
    let dims = fact.shape.dims().filter_map(Factoid::concretize);
    let fits = dims.into_iter().all(|dim| fits(&dim))
        && fact.value.concretize().is_none_or(|tensor| holds_small(&tensor));
    if fits { Ok(()) } else { Err(too_large(device)) }
}

/// Refuses a model with too large a dimension, graphs inside nodes included.
pub(crate) fn check_model(model: &TypedModel, device: &str) -> Result<()> {
    let mut open = vec![model];
    while let Some(model) = open.pop() {
        for node in model.nodes() {
            if !node.outputs.iter().all(|output| is_small(&output.fact)) {
                return Err(too_large(device));
            }
            if let Some(scan) = node.op_as::<OptScan>() {
                open.push(scan.plan.model());
            } else if let Some(scan) = node.op_as::<Scan>() {
                open.push(&scan.body);
            } else if let Some(branches) = node.op_as::<IfThenElse>() {
                open.extend([&branches.then_body, &branches.else_body]);
            }
        }
    }
    Ok(())
}

fn is_small(fact: &TypedFact) -> bool {
    let expressions = fact.uniform_tdim.iter().chain(&fact.region_of_interest);
    let values = fact.konst.iter().chain(&fact.uniform);
    fact.shape.dims().iter().chain(expressions).all(fits)
        && values.into_iter().all(|tensor| holds_small(tensor))
}

fn holds_small(tensor: &Tensor) -> bool {
    if tensor.datum_type() != TDim::datum_type() {
        return true;
    }
    let dims = tensor.as_plain_ram().and_then(|plain| plain.as_slice::<TDim>().ok());
    dims.is_none_or(|dims| dims.iter().all(fits))
}

fn fits(dim: &TDim) -> bool {
    let mut open = vec![(dim, 1)];
    let mut terms = 0;
    while let Some((dim, depth)) = open.pop() {
        terms += 1;
        if depth > DEPTH || terms > TERMS {
            return false;
        }
        let below = depth + 1;
        match dim {
            // By itself it is the end of a slice, or the like.
            TDim::Val(value) if depth > 1 && value.unsigned_abs() > FACTOR => return false,
            TDim::Val(_) | TDim::Sym(_) => {}
            TDim::Add(all)
            | TDim::Mul(all)
            | TDim::Broadcast(all)
            | TDim::Min(all)
            | TDim::Max(all) => {
                // What is already waiting counts, so that a wide term takes no memory here.
                if open.len() + all.len() > TERMS {
                    return false;
                }
                open.extend(all.iter().map(|dim| (dim, below)));
            }
            TDim::MulInt(factor, _) if factor.unsigned_abs() > FACTOR => return false,
            TDim::Div(_, divisor) if *divisor > DIVISOR => return false,
            TDim::MulInt(_, one) | TDim::Div(one, _) => open.push((one, below)),
            TDim::Ge(one, other) | TDim::Eq(one, other) => {
                open.extend([(&**one, below), (&**other, below)]);
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> TDim {
        (1..levels).fold(TDim::Val(1), |dim, _| TDim::MulInt(3, Box::new(dim)))
    }

    #[test]
    fn levels_and_terms_are_bounded() {
        assert!(fits(&nested(DEPTH)) && !fits(&nested(DEPTH + 1)));
        let wide = |terms| TDim::Add(vec![TDim::Val(1); terms]);
        assert!(fits(&wide(TERMS - 1)) && !fits(&wide(TERMS)));
        let wide_twice = TDim::Mul(vec![wide(TERMS / 2), wide(TERMS / 2)]);
        assert!(!fits(&wide_twice));
        let divided = |by| TDim::Div(Box::new(TDim::Val(1)), by);
        assert!(fits(&divided(DIVISOR)) && !fits(&divided(DIVISOR + 1)));
    }
}
