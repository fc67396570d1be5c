//! The walk over nodes, their attributes, and the graphs inside those.

use std::collections::BTreeSet;

use godwit_backend::{Error, Result};

use super::calls::Uses;
use super::constants::{Constant, Scopes};
use super::generated::Node;
use super::names::Names;
use super::tensor::{self, Stored, as_number};
use super::types::{self, Stated};
use crate::Limits;
use crate::protobuf::{Field, Fields, malformed};
use crate::text::{name, quoted};

/// What has been seen so far of the whole model.
#[derive(Debug)]
pub(super) struct Walk<'a, 'l> {
    pub(super) limits: &'l Limits,
    pub(super) nodes: u64,
    pub(super) values: u64,
    pub(super) parameters: u64,
    pub(super) parameter_bytes: u64,
    pub(super) external: BTreeSet<&'a str>,
    pub(super) control_flow: bool,
    pub(super) nesting: u32,
    generated: f64,
    scopes: Scopes<'a>,
    names: Names<'a>,
    /// Of the graph or function at hand.
    uses: Uses<'a>,
}

/// What only the outermost graph is asked for.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    pub(super) name: &'a str,
    pub(super) inputs: Vec<Stated<'a>>,
    pub(super) outputs: Vec<Stated<'a>>,
    pub(super) initializers: BTreeSet<&'a str>,
    /// What its nodes take that nothing in it gives.
    pub(super) missing: BTreeSet<&'a str>,
}

impl<'a, 'l> Walk<'a, 'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            nodes: 0,
            values: 0,
            parameters: 0,
            parameter_bytes: 0,
            external: BTreeSet::new(),
            control_flow: false,
            nesting: 0,
            generated: 0.0,
            scopes: Scopes::default(),
            names: Names::default(),
            uses: Uses::new(),
        }
    }

    /// The operators used since the last call.
    pub(super) fn take_uses(&mut self) -> Uses<'a> {
        std::mem::take(&mut self.uses)
    }

    /// Brings back what [`Walk::take_uses`] took.
    pub(super) fn put_uses(&mut self, uses: Uses<'a>) {
        self.uses = uses;
    }

    /// Walks a `GraphProto` that lies `depth` graphs deep.
    pub(super) fn graph(&mut self, message: &'a [u8], depth: u32) -> Result<Outline<'a>> {
        if depth > self.limits.max_depth {
            return Err(Error::too_large(format!(
                "the model nests graphs more than {} deep",
                self.limits.max_depth
            )));
        }
        self.nesting = self.nesting.max(depth);
        self.enter();
        let mut outline = Outline::default();
        // Nodes come first in a file and need the initializers that come after them.
        for field in Fields::of(message) {
            self.declaration(field?, &mut outline)?;
        }
        for field in Fields::of(message) {
            let field = field?;
            if field.number == 1 {
                self.node(field.bytes()?, depth)?;
            }
        }
        // As a node after all others would, so that outputs have to come from somewhere.
        self.names.node();
        outline.outputs.iter().try_for_each(|output| self.names.take(output.name))?;
        outline.missing = self.leave()?;
        Ok(outline)
    }

    /// Walks the body of a `FunctionProto`, whose nodes are its field 7.
    pub(super) fn function(&mut self, message: &'a [u8]) -> Result<()> {
        self.enter();
        for field in Fields::of(message) {
            let field = field?;
            match field.number {
                4 => self.names.declare(name(field.bytes()?, self.limits)?),
                7 => self.node(field.bytes()?, 0)?,
                11 => drop(self.attribute(field.bytes()?, 0)?),
                _ => {}
            }
        }
        self.leave().map(drop)
    }

    fn enter(&mut self) {
        self.scopes.enter();
        self.names.enter();
    }

    fn leave(&mut self) -> Result<BTreeSet<&'a str>> {
        self.scopes.leave();
        self.names.leave()
    }

    fn declaration(&mut self, field: Field<'a>, outline: &mut Outline<'a>) -> Result<()> {
        match field.number {
            1 => drop(field.bytes()?),
            2 => outline.name = name(field.bytes()?, self.limits)?,
            5 => {
                let stored = self.weights(field.bytes()?)?;
                outline.initializers.insert(stored.name);
                self.names.declare(stored.name);
                self.scopes.insert(stored.name, stored.constant());
            }
            11 | 12 => {
                self.value()?;
                let stated = types::value(field.bytes()?, self.limits)?;
                if field.number == 11 {
                    self.names.declare(stated.name);
                    outline.inputs.push(stated);
                } else {
                    outline.outputs.push(stated);
                }
            }
            13 => {
                types::value(field.bytes()?, self.limits)?;
            }
            15 => {
                let (named, _) = self.sparse(field.bytes()?)?;
                self.names.declare(named);
                outline.initializers.insert(named);
            }
            _ => {}
        }
        Ok(())
    }

    /// Counts one more name the model declares.
    pub(super) fn value(&mut self) -> Result<()> {
        self.values += 1;
        if self.values > self.limits.max_values {
            return Err(Error::too_large(format!(
                "the model declares more than the {} values that are allowed",
                self.limits.max_values
            )));
        }
        Ok(())
    }

    fn tensor(&mut self, message: &'a [u8]) -> Result<Stored<'a>> {
        tensor::read(message, self.limits, &mut self.external)
    }

    fn weights(&mut self, message: &'a [u8]) -> Result<Stored<'a>> {
        self.value()?;
        let stored = self.tensor(message)?;
        self.parameters = self.parameters.saturating_add(stored.elements);
        self.parameter_bytes = self.parameter_bytes.saturating_add(stored.bytes);
        Ok(stored)
    }

    /// A `SparseTensorProto`: its name and what it is once its zeros are written out.
    fn sparse(&mut self, message: &'a [u8]) -> Result<(&'a str, Constant)> {
        let (mut values, mut indices, mut elements) = (None, None, 1.0);
        for field in Fields::of(message) {
            let field = field?;
            match field.number {
                1 => field.only(&mut values)?,
                2 => field.only(&mut indices)?,
                3 => {
                    for dim in field.ints()? {
                        elements *= as_number(dim?.max(1));
                    }
                }
                _ => {}
            }
        }
        if let Some(indices) = indices {
            self.tensor(indices)?;
        }
        let values = values.ok_or_else(|| malformed("a sparse tensor without values"))?;
        let stored = self.weights(values)?;
        let named = stored.name;
        let dense = Constant { elements, numbers: None, ..stored.constant() };
        self.generate(named, &dense)?;
        Ok((named, dense))
    }

    fn node(&mut self, message: &'a [u8], depth: u32) -> Result<()> {
        self.nodes += 1;
        if self.nodes > self.limits.max_nodes {
            return Err(Error::too_large(format!(
                "the model has more than the {} nodes that are allowed",
                self.limits.max_nodes
            )));
        }
        self.names.node();
        let mut node = Node::default();
        for field in Fields::of(message) {
            let field = field?;
            match field.number {
                1 => {
                    let input = name(field.bytes()?, self.limits)?;
                    self.names.take(input)?;
                    if node.inputs.len() < Node::INPUTS {
                        node.inputs.push(input);
                    }
                }
                2 => {
                    let output = name(field.bytes()?, self.limits)?;
                    self.names.give(output)?;
                    if node.output.is_empty() {
                        node.output = output;
                    }
                }
                3 => drop(name(field.bytes()?, self.limits)?),
                4 => node.op = name(field.bytes()?, self.limits)?,
                7 => node.domain = domain(name(field.bytes()?, self.limits)?),
                5 => self.node_attribute(field.bytes()?, depth, &mut node)?,
                _ => {}
            }
        }
        if node.op.is_empty() {
            return Err(malformed("a node without an operator"));
        }
        self.control_flow |= matches!(node.op, "If" | "Loop" | "Scan" | "SequenceMap");
        *self.uses.entry((node.domain, node.op)).or_default() += 1;
        if let Some((constant, larger)) = node.output(&self.scopes) {
            if larger {
                self.generate(node.op, &constant)?;
            }
            self.scopes.insert(node.output, constant);
        }
        Ok(())
    }

    fn generate(&mut self, by: &str, constant: &Constant) -> Result<()> {
        self.generated += constant.bytes();
        let one = constant.bytes() <= limit(self.limits.max_tensor_bytes);
        if one && self.generated <= limit(self.limits.max_generated_bytes) {
            return Ok(());
        }
        Err(Error::too_large(format!(
            "the model makes tensors out of constants, the last one by {}, of more than the {} bytes \
             that are allowed",
            quoted(by),
            self.limits.max_generated_bytes.min(self.limits.max_tensor_bytes)
        )))
    }

    fn node_attribute(&mut self, message: &'a [u8], depth: u32, node: &mut Node<'a>) -> Result<()> {
        let attribute = self.attribute(message, depth)?;
        match attribute.name {
            "value" | "sparse_value" | "value_int" | "value_ints" | "value_float"
            | "value_floats" => node.value = attribute.value.or(node.value.take()),
            "shape" => node.shape = attribute.value.and_then(|value| value.numbers),
            _ => {}
        }
        Ok(())
    }

    fn attribute(&mut self, message: &'a [u8], depth: u32) -> Result<Attribute<'a>> {
        let mut attribute = Attribute::default();
        let (mut tensor, mut graph, mut sparse, mut ty) = (None, None, None, None);
        let mut list: Vec<f64> = Vec::new();
        for field in Fields::of(message) {
            let field = field?;
            match field.number {
                1 => attribute.name = name(field.bytes()?, self.limits)?,
                3 | 8 => {
                    for value in field.ints()?.take(Constant::KEPT.saturating_sub(list.len())) {
                        list.push(as_number(value?));
                    }
                }
                5 => field.only(&mut tensor)?,
                6 => field.only(&mut graph)?,
                14 => field.only(&mut ty)?,
                22 => field.only(&mut sparse)?,
                10 => drop(self.tensor(field.bytes()?)?),
                11 => self.subgraph(field.bytes()?, depth)?,
                15 => drop(types::read(field.bytes()?, self.limits, 0)?),
                23 => drop(self.sparse(field.bytes()?)?),
                _ => {}
            }
        }
        if !list.is_empty() {
            attribute.value = Some(Constant::list(list));
        }
        if let Some(tensor) = tensor {
            attribute.value = Some(self.tensor(tensor)?.constant());
        }
        if let Some(sparse) = sparse {
            attribute.value = Some(self.sparse(sparse)?.1);
        }
        if let Some(graph) = graph {
            self.subgraph(graph, depth)?;
        }
        if let Some(ty) = ty {
            types::read(ty, self.limits, 0)?;
        }
        Ok(attribute)
    }

    fn subgraph(&mut self, message: &'a [u8], depth: u32) -> Result<()> {
        self.control_flow = true;
        self.graph(message, depth + 1).map(drop)
    }
}

#[derive(Debug, Default)]
struct Attribute<'a> {
    name: &'a str,
    value: Option<Constant>,
}

/// ONNX's own domain has two names.
pub(super) fn domain(name: &str) -> &str {
    if name == "ai.onnx" { "" } else { name }
}

#[expect(clippy::cast_precision_loss, reason = "a limit of 2^53 bytes is as good as none")]
fn limit(bytes: u64) -> f64 {
    bytes as f64
}
