//! What can be said about a model before it is compiled: the refusals that deserve their own words.

use std::collections::{BTreeSet, HashMap};

use godwit_backend::{Error, Result};
use tract_onnx::Onnx;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::type_proto::Value;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};

use crate::symbolic::{HALVINGS_INSIDE, NODES_INSIDE, too_large};

/// Names in a message, at most.
const NAMED: usize = 5;

/// Elements of a constant that a few bytes may ask for, at most: a gigabyte of `f32`.
const MOST: i64 = 1 << 28;

/// Attributes by which a dimension is made of another.
const WINDOWS: [&str; 5] = ["dilations", "kernel_shape", "output_padding", "pads", "strides"];

/// What one of them is less than, as is the step of a transform.
const MOST_STEP: u64 = 1 << 31;

/// Refuses what this device does not have: operators, dtypes, weights outside the file.
pub(crate) fn survey(onnx: &Onnx, graph: &GraphProto, device: &str) -> Result<()> {
    let mut found = Found::default();
    found.graph(onnx, graph);
    if found.external {
        return Err(Error::unsupported(format!(
            "the model keeps weights in other files, and {device} takes models as one file: save it \
             with its weights inside"
        )));
    }
    if found.inside > NODES_INSIDE {
        return Err(Error::too_large(format!(
            "a node of the model holds graphs of {} nodes, and {device} takes {NODES_INSIDE}",
            found.inside
        )));
    }
    if found.steep || found.halvings > HALVINGS_INSIDE {
        return Err(too_large(device));
    }
    if found.vast {
        return Err(Error::too_large(format!(
            "the model fills a constant of more than 268435456 elements, the most that {device} \
             makes of one"
        )));
    }
    if !found.dtypes.is_empty() {
        return Err(Error::unsupported(format!(
            "the model uses dtypes that {device} does not have: {}",
            list(&found.dtypes)
        )));
    }
    if !found.operators.is_empty() {
        return Err(Error::unsupported(format!(
            "the model uses operators that {device} does not have: {}",
            list(&found.operators)
        )));
    }
    Ok(())
}

#[derive(Default)]
struct Found<'a> {
    /// Nodes in graphs inside a node, where there are most.
    inside: usize,
    nodes: usize,
    /// By how many bits the graphs inside a node shorten a dimension, where it is most.
    halvings: u32,
    bits: u32,
    /// Whether a single step divides by more than a step may.
    steep: bool,
    external: bool,
    vast: bool,
    constants: HashMap<&'a str, &'a TensorProto>,
    dtypes: BTreeSet<&'a str>,
    operators: BTreeSet<&'a str>,
}

impl<'a> Found<'a> {
    // Graphs nest no deeper than the protobuf decoder, which has a limit, lets them.
    fn graph(&mut self, onnx: &Onnx, graph: &'a GraphProto) {
        for tensor in &graph.initializer {
            self.tensor(tensor);
            self.constants.insert(&tensor.name, tensor);
        }
        graph.input.iter().chain(&graph.output).for_each(|value| self.value(value));
        graph.node.iter().for_each(|node| self.node(onnx, node));
    }

    fn node(&mut self, onnx: &Onnx, node: &'a NodeProto) {
        self.nodes += 1;
        if !onnx.op_register.0.contains_key(&node.op_type) {
            self.operators.insert(&node.op_type);
        }
        // It would be filled while the model is compiled.
        let shape = node.input.first().and_then(|name| self.constants.get(name.as_str()));
        if node.op_type == "ConstantOfShape" {
            self.vast |= shape.is_some_and(|shape| volume(shape).is_none_or(|it| it > MOST));
        }
        if matches!(&*node.op_type, "DFT" | "STFT") {
            let given = node.input.iter().filter_map(|name| self.constants.get(name.as_str()));
            self.steep |=
                given.flat_map(|it| integers(it)).any(|it| it.unsigned_abs() >= MOST_STEP);
        }
        let divisor = node.input.get(1).and_then(|name| self.constants.get(name.as_str()));
        if let Some(divisor) = divisor.filter(|_| node.op_type == "Div") {
            let most = integers(divisor).map(i64::unsigned_abs).max().unwrap_or(0);
            self.bits = self.bits.saturating_add(most.max(1).ilog2());
        }
        for attribute in &node.attribute {
            let AttributeProto { t, tensors, g, graphs, .. } = attribute;
            t.iter().chain(tensors).for_each(|tensor| self.tensor(tensor));
            let (nodes, bits) = (self.nodes, self.bits);
            g.iter().chain(graphs).for_each(|graph| self.graph(onnx, graph));
            self.inside = self.inside.max(self.nodes - nodes);
            self.halvings = self.halvings.max(self.bits.saturating_sub(bits));
            let most = attribute.ints.iter().map(|it| it.unsigned_abs()).max().unwrap_or(0);
            self.steep |= WINDOWS.contains(&&*attribute.name) && most >= MOST_STEP;
            if attribute.name == "strides" {
                self.bits = self.bits.saturating_add(most.max(1).ilog2());
            }
            if node.op_type == "Cast" && attribute.name == "to" {
                self.dtype(i32::try_from(attribute.i).unwrap_or(i32::MAX));
            }
        }
    }

    fn tensor(&mut self, tensor: &TensorProto) {
        self.external |= tensor.data_location == Some(DataLocation::External as i32);
        self.dtype(tensor.data_type);
    }

    fn value(&mut self, value: &ValueInfoProto) {
        if let Some(Value::TensorType(tensor)) =
            value.r#type.as_ref().and_then(|t| t.value.as_ref())
        {
            self.dtype(tensor.elem_type);
        }
    }

    fn dtype(&mut self, code: i32) {
        let name = match DataType::try_from(code) {
            // What is left out is an error of the file, which reading it will tell.
            Err(_) | Ok(DataType::Undefined) => return,
            Ok(DataType::Bfloat16) => "bf16",
            Ok(DataType::String) => "string",
            Ok(DataType::Complex64 | DataType::Complex128) => "complex",
            Ok(
                DataType::Bool
                | DataType::Uint8
                | DataType::Uint16
                | DataType::Uint32
                | DataType::Uint64
                | DataType::Int8
                | DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::Float16
                | DataType::Float
                | DataType::Double,
            ) => return,
            Ok(_) => "numbers of 8 bits and fewer",
        };
        self.dtypes.insert(name);
    }
}

/// The product of the dimensions that a tensor holds, unless it overflows.
fn volume(shape: &TensorProto) -> Option<i64> {
    integers(shape).try_fold(1i64, i64::checked_mul)
}

/// The numbers of a tensor of i64; of another dtype, none or nonsense.
fn integers(tensor: &TensorProto) -> impl Iterator<Item = i64> {
    let is_i64 = tensor.data_type == DataType::Int64 as i32;
    let (raw, _) = tensor.raw_data.as_chunks::<8>();
    let raw = raw.iter().map(|bytes| i64::from_le_bytes(*bytes));
    raw.chain(tensor.int64_data.iter().copied()).filter(move |_| is_i64)
}

fn list(names: &BTreeSet<&str>) -> String {
    let shown: Vec<String> =
        names.iter().take(NAMED).map(|name| name.chars().take(64).collect()).collect();
    let more = names.len().saturating_sub(NAMED);
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
