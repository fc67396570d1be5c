//! Whether an ONNX file is sound.
//!
//! The library reads what it is given: a constant with too few bytes is read beyond its end, a name given
//! twice means the first, an output that nothing gives is left out without a word, and nodes out of order
//! are sorted by recursion. So none of these come to it.

use std::collections::HashSet;

use godwit_backend::{DType, Error, Result};
use godwit_onnx::schema::{GraphProto, ModelProto, TensorProto};
use godwit_onnx::trace;

/// Nodes, those inside others included, at most: the library's passes take longer than linear time.
const MAX_NODES: usize = 20_000;

/// Bytes of all constants at most, so that sums of them never overflow.
const MAX_BYTES: usize = 1 << 40;

/// Elements that a few bytes may ask for, at most.
const MAX_GENERATED: i64 = 1 << 28;

/// Checks a file and gives how many nodes it has.
///
/// # Errors
///
/// `InvalidEncoding` for a file that is broken, `Unsupported` for one that cannot be taken.
pub(crate) fn check(model: &ModelProto) -> Result<usize> {
    opset(model)?;
    let mut survey = Survey::default();
    let mut graphs = model.graph.iter();
    graphs.try_for_each(|graph| survey.graph(graph, &HashSet::new(), false))?;
    trace(model, |site| match site.generated() {
        Some(elements) if elements > MAX_GENERATED => Err(Error::too_large(format!(
            "the model fills more than {MAX_GENERATED} elements from a few bytes, which is the limit of \
             this device"
        ))),
        _ => Ok(()),
    })?;
    Ok(survey.nodes)
}

fn broken(why: &'static str) -> Error {
    Error::invalid_encoding(why)
}

/// The library takes the newest version of any operator set for the version of all.
fn opset(model: &ModelProto) -> Result<()> {
    let sets = model.opset_import.iter();
    let own = sets.filter(|it| it.is_standard()).map(|it| it.version()).max();
    let own = own.ok_or_else(|| broken("the model does not say which operator set it uses"))?;
    if own < 1 || model.opset_import.iter().any(|it| it.version() > own) {
        return Err(Error::unsupported(
            "the model uses an operator set newer than ONNX's own, and MIGraphX would take ONNX's for \
             as new",
        ));
    }
    Ok(())
}

#[derive(Default)]
struct Survey {
    nodes: usize,
    bytes: usize,
}

impl Survey {
    /// Graphs nest no deeper than the decoder lets them.
    fn graph<'a>(
        &mut self,
        graph: &'a GraphProto,
        outer: &HashSet<&'a str>,
        is_inner: bool,
    ) -> Result<()> {
        if !graph.sparse_initializer.is_empty() {
            return Err(Error::unsupported("the model has sparse constants, which MIGraphX lacks"));
        }
        let mut known = outer.clone();
        let mut own: HashSet<&str> = HashSet::new();
        for tensor in &graph.initializer {
            self.tensor(tensor)?;
            if !own.insert(tensor.name()) {
                return Err(broken("two of the model's constants have the same name"));
            }
        }
        let mut inputs: HashSet<&str> = HashSet::new();
        for input in &graph.input {
            if !inputs.insert(input.name()) {
                return Err(broken("two of the model's inputs have the same name"));
            }
        }
        own.extend(inputs);
        known.extend(own);
        for node in &graph.node {
            self.nodes += 1;
            if self.nodes > MAX_NODES {
                return Err(Error::too_large(format!("the model has more than {MAX_NODES} nodes")));
            }
            if node.given().any(|name| !known.contains(name)) {
                return Err(broken("a node reads what no node before it gives"));
            }
            for attribute in &node.attribute {
                if attribute.sparse_tensor.is_some() || !attribute.sparse_tensors.is_empty() {
                    return Err(Error::unsupported(
                        "the model has sparse constants, which MIGraphX lacks",
                    ));
                }
                attribute.t.iter().chain(&attribute.tensors).try_for_each(|it| self.tensor(it))?;
                for inner in attribute.subgraphs() {
                    if is_inner {
                        // The library names modules after their places, which are not unique then, and
                        // ends the process.
                        return Err(Error::unsupported(
                            "the model has branches or loops within others, which MIGraphX lacks",
                        ));
                    }
                    self.graph(inner, &known, true)?;
                }
            }
            for name in node.output.iter().filter(|name| !name.is_empty()) {
                if !known.insert(name) {
                    return Err(broken("two nodes give the same name"));
                }
            }
        }
        let mut outputs: HashSet<&str> = HashSet::new();
        for output in &graph.output {
            if !known.contains(output.name()) {
                return Err(broken("the model has an output that no node gives"));
            }
            if !outputs.insert(output.name()) {
                return Err(broken("two of the model's outputs have the same name"));
            }
        }
        Ok(())
    }

    /// That a constant has as many elements as its dimensions say.
    fn tensor(&mut self, tensor: &TensorProto) -> Result<()> {
        if tensor.is_external() {
            return Err(Error::unsupported(
                "the model keeps weights in other files; save it as one file with its weights inside",
            ));
        }
        let dtype = tensor.dtype().ok_or_else(|| {
            Error::unsupported("the model has a constant of an unsupported element type")
        })?;
        let wrong = || broken("a constant of the model has other elements than its dimensions say");
        let elements = tensor.elements().ok_or_else(wrong)?;
        let bytes = elements.checked_mul(dtype.size()).filter(|bytes| *bytes <= MAX_BYTES);
        let bytes = bytes.ok_or_else(wrong)?;
        self.bytes = self.bytes.saturating_add(bytes).min(MAX_BYTES);
        let typed = [
            tensor.float_data.len(),
            tensor.int32_data.len(),
            tensor.int64_data.len(),
            tensor.double_data.len(),
            tensor.uint64_data.len(),
        ];
        let (all, place) = (typed.iter().sum::<usize>(), place(dtype));
        let sound = match tensor.raw_data().len() {
            0 => all == elements && typed.get(place) == Some(&elements),
            raw => raw == bytes && all == 0,
        };
        if sound { Ok(()) } else { Err(wrong()) }
    }
}

/// Which of a constant's lists its elements are in.
fn place(dtype: DType) -> usize {
    match dtype {
        DType::F32 => 0,
        DType::I64 => 2,
        DType::F64 => 3,
        DType::U32 | DType::U64 => 4,
        _ => 1,
    }
}
