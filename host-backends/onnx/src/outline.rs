use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use bytes::Bytes;
use godwit_backend::{Buffer, DType, Error, Result, Signature, TensorInfo};
use prost::Message;

use crate::order;
use crate::positions::Positions;
use crate::schema::{GraphProto, ModelProto, ValueInfoProto};
use crate::trace::{Site, trace};
use crate::walk::bodies;

/// What a file says of its model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// Whether the dimensions of the inputs alone determine how much work a run is, and how large its
    /// outputs are.
    pub shape_determined: bool,
    /// Whether there are graphs inside nodes.
    pub control_flow: bool,
    /// Nodes, those of subgraphs and functions included.
    pub nodes: usize,
    /// Graphs and functions.
    pub graphs: usize,
    /// How often each operator stands there, by domain and name; ONNX's own domain is empty.
    pub operators: BTreeMap<(String, String), usize>,
    /// The version of each operator set; ONNX's own domain is empty.
    pub opsets: BTreeMap<String, i64>,
    /// The other files that hold weights, as the model names them.
    pub external: BTreeSet<String>,
    /// Bytes of all constants.
    pub weight_bytes: u64,
    /// For each output, the input that it is, passed on unchanged.
    pub passed_on: Vec<Option<usize>>,
    /// For each input, whether something computes with it.
    pub used: Vec<bool>,
    /// Positions that inputs hold.
    pub positions: Vec<Positions>,
}

/// Decodes a file. Weights share its memory.
///
/// # Errors
///
/// `InvalidEncoding` when it is not an ONNX model, one without a graph, or one whose nodes depend on each other in a
/// cycle.
pub fn decode(bytes: &Buffer) -> Result<ModelProto> {
    let model = ModelProto::decode(Bytes::from_owner(bytes.clone())).map_err(|error| {
        Error::invalid_encoding("the bytes are not an ONNX model").with_source(error)
    })?;
    if model.graph.is_none() {
        let what = "the bytes are not an ONNX model: there is no graph in it";
        return Err(Error::invalid_encoding(what));
    }
    order::check(&model)?;
    Ok(model)
}

/// The inputs and outputs of a graph, as the file says.
///
/// # Errors
///
/// `Unsupported` for what is no tensor of the contract, `InvalidEncoding` for a negative dimension.
pub fn signature(graph: &GraphProto) -> Result<Signature> {
    Ok(Signature {
        inputs: graph.callers_inputs().map(info).collect::<Result<_>>()?,
        outputs: graph.output.iter().map(info).collect::<Result<_>>()?,
    })
}

fn info(value: &ValueInfoProto) -> Result<TensorInfo> {
    let name = value.name();
    let tensor = value.tensor_type().ok_or_else(|| {
        Error::unsupported(format!("'{name}' is not a tensor; only tensors are supported"))
    })?;
    let dtype = DType::from_onnx(tensor.elem_type())
        .ok_or_else(|| Error::unsupported(format!("'{name}' has an unsupported element type")))?;
    Ok(TensorInfo { name: name.into(), dtype, dims: value.dims()? })
}

impl Outline {
    /// The outline of a model.
    pub fn of(model: &ModelProto) -> Self {
        let inputs = model.graph.iter().flat_map(GraphProto::callers_inputs).count();
        let mut outline =
            Self { shape_determined: true, used: vec![false; inputs], ..Self::default() };
        for body in bodies(model) {
            outline.graphs += 1;
            outline.control_flow |= body.depth > 0;
            for tensor in body.tensors() {
                outline.weight_bytes = outline.weight_bytes.saturating_add(tensor.byte_len());
                if tensor.is_external() {
                    outline.external.insert(tensor.location().unwrap_or_default().to_owned());
                }
            }
        }
        for set in &model.opset_import {
            let domain = if set.is_standard() { "" } else { set.domain() };
            outline.opsets.insert(domain.to_owned(), set.version());
        }
        let mut main = BTreeMap::new();
        let Ok(()) = trace::<Infallible>(model, |site| {
            outline.node(site);
            if site.body.is_main() && site.node.op_type() == "Identity" {
                main.insert(site.node.first_output(), site.input(0).input);
            }
            Ok(())
        });
        let graph = model.graph.iter();
        for (at, input) in graph.clone().flat_map(GraphProto::callers_inputs).enumerate() {
            main.insert(input.name(), Some(at));
        }
        let outputs = graph.flat_map(|it| &it.output);
        outline.passed_on = outputs.map(|it| main.get(it.name()).copied().flatten()).collect();
        outline
    }

    fn node(&mut self, site: Site<'_, '_>) {
        let node = site.node;
        let domain = if node.is_standard() { "" } else { node.domain() };
        let operator = (domain.to_owned(), node.op_type().to_owned());
        *self.operators.entry(operator).or_default() += 1;
        self.nodes += 1;
        self.shape_determined &= site.is_shape_determined();
        self.positions.extend(Positions::of(site));
        if node.has_subgraphs() {
            // What is inside may use anything.
            self.used.fill(true);
        } else if node.op_type() != "Identity" || site.input(0).input.is_none() {
            for input in node.given().filter_map(|name| site.values.get(name).input) {
                if let Some(used) = self.used.get_mut(input) {
                    *used = true;
                }
            }
        }
    }

    /// Whether weights are in other files.
    pub fn is_external(&self) -> bool {
        !self.external.is_empty()
    }
}
