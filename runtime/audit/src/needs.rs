use std::collections::{BTreeMap, BTreeSet};

use godwit_backend::{DType, Encoding, Model, Result, Signature};
use godwit_model::{Format, Limits, Summary, precheck};
use serde::Serialize;

use crate::Estimate;

/// What a model asks of a device, as its file tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Its file format.
    pub encoding: Encoding,
    /// The version of each operator set, by domain; of ONNX only.
    pub opsets: BTreeMap<String, i64>,
    /// How often each operator is used. `None` for encodings that are not read.
    pub operators: Option<BTreeMap<String, u64>>,
    /// The dtypes of its inputs and outputs; those between operators are not told.
    pub dtypes: BTreeSet<DType>,
    /// What goes in and what comes out, where the file states it.
    pub signature: Option<Signature>,
    /// The memory it takes.
    pub memory: Estimate,
}

impl Needs {
    /// Reads a model, which is held to the limits that any model is held to. Open dimensions are taken for
    /// `rows`.
    ///
    /// # Errors
    ///
    /// As [`precheck`].
    pub fn of(model: &Model, rows: u64) -> Result<Self> {
        let summary = precheck(model, &Limits::default())?;
        let signature = summary.as_ref().and_then(|summary| summary.signature().ok().cloned());
        let tensors = signature.iter().flat_map(|s| s.inputs.iter().chain(&s.outputs));
        let dtypes = tensors.map(|info| info.dtype).collect();
        let weights = summary.as_ref().map_or(model.byte_len(), |summary| summary.parameter_bytes);
        let memory = Estimate::of(model, weights, signature.as_ref(), rows);
        let opsets = summary.as_ref().map(opsets).unwrap_or_default();
        let operators = summary.map(|summary| summary.operators);
        Ok(Self { encoding: model.encoding(), opsets, operators, dtypes, signature, memory })
    }
}

fn opsets(summary: &Summary) -> BTreeMap<String, i64> {
    match &summary.format {
        Format::Onnx { opsets, .. } => opsets.clone(),
        Format::Openvino { .. } => BTreeMap::new(),
    }
}
