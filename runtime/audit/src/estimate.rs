use std::collections::BTreeSet;

use godwit_backend::{DType, Dim, Encoding, Model, Signature};
use prost::Message;
use serde::Serialize;

/// The memory that one run of a model takes, as far as its file tells. An engine adds its own, and may
/// need less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Bytes of the weights.
    pub weights: u64,
    /// Bytes of the inputs and outputs of one run, with every open dimension as [`Estimate::rows`].
    pub tensors: Option<u64>,
    /// Bytes of all results between operators whose shapes the file states, all held at once: engines
    /// hold fewer at a time. `None` where it states none.
    pub between: Option<u64>,
    /// What open dimensions were taken for.
    pub rows: u64,
    /// The open dimensions, by their symbols; `?` where they have none.
    pub open: BTreeSet<String>,
}

impl Estimate {
    pub(crate) fn of(
        model: &Model,
        weights: u64,
        signature: Option<&Signature>,
        rows: u64,
    ) -> Self {
        let mut open = BTreeSet::new();
        let tensors = signature.and_then(|signature| {
            let all = signature.inputs.iter().chain(&signature.outputs);
            all.map(|info| {
                let dims = info.dims.as_ref()?;
                dims.iter().try_fold(info.dtype.size() as u64, |bytes, dim| {
                    bytes.checked_mul(match dim {
                        Dim::Known(size) => *size as u64,
                        Dim::Symbol(symbol) => {
                            open.insert(symbol.to_string());
                            rows
                        }
                        Dim::Unknown => {
                            open.insert("?".to_owned());
                            rows
                        }
                    })
                })
            })
            .try_fold(0u64, |sum, bytes| sum.checked_add(bytes?))
        });
        let between = match (model.encoding(), model.parts()) {
            (Encoding::Onnx, [bytes]) => between(bytes, rows),
            _ => None,
        };
        Self { weights, tensors, between, rows, open }
    }

    /// What a device has to have at least: weights and tensors.
    #[must_use]
    pub fn least(&self) -> u64 {
        self.weights.saturating_add(self.tensors.unwrap_or(0))
    }

    /// With all that is between.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.least().saturating_add(self.between.unwrap_or(0))
    }
}

// The part of an ONNX file that states shapes; everything else is skipped.

#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "13")]
    value_info: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueInfo {
    #[prost(message, optional, tag = "2")]
    ty: Option<Type>,
}

#[derive(Clone, PartialEq, Message)]
struct Type {
    #[prost(message, optional, tag = "1")]
    tensor: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(int32, tag = "1")]
    element: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(message, repeated, tag = "1")]
    dims: Vec<OneDim>,
}

#[derive(Clone, PartialEq, Message)]
struct OneDim {
    #[prost(int64, optional, tag = "1")]
    size: Option<i64>,
}

fn between(bytes: &[u8], rows: u64) -> Option<u64> {
    let values = File::decode(bytes).ok()?.graph?.value_info;
    let sizes = values.into_iter().filter_map(|value| {
        let tensor = value.ty?.tensor?;
        let element = DType::from_onnx(tensor.element)?.size() as u64;
        tensor.shape?.dims.iter().try_fold(element, |bytes, dim| {
            let size = dim.size.map_or(Some(rows), |size| u64::try_from(size).ok())?;
            bytes.checked_mul(size)
        })
    });
    let (mut sum, mut any) = (0u64, false);
    for size in sizes {
        (sum, any) = (sum.saturating_add(size), true);
    }
    any.then_some(sum)
}
