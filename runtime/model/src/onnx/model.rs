use std::collections::{BTreeMap, BTreeSet};

use godwit_backend::{Error, Result, Signature, TensorInfo};

use super::calls::{self, Op, Uses};
use super::graph::{Outline, Walk, domain};
use super::types::{Stated, Type, why};
use crate::protobuf::{Fields, malformed};
use crate::text::{name, quoted};
use crate::{Format, Interface, Limits, Summary};

/// Reads an ONNX file and holds it to the limits that bound its size; what policy forbids
/// (operators, other files) is only listed.
///
/// # Errors
///
/// - `InvalidEncoding`: truncated, damaged, or not an ONNX file;
/// - `TooLarge`: a limit, named.
///
/// Inputs and outputs of types that no tensor has are no error here: see [`Summary::signature`].
pub fn summarize(bytes: &[u8], limits: &Limits) -> Result<Summary> {
    if bytes.len() as u64 > limits.max_bytes {
        return Err(Error::too_large(format!(
            "the model has {} bytes, and {} are allowed",
            bytes.len(),
            limits.max_bytes
        )));
    }
    let mut walk = Walk::new(limits);
    let mut header = Header::default();
    let mut functions: Vec<(Op<'_>, Uses<'_>)> = Vec::new();
    for field in Fields::of(bytes) {
        let field = field?;
        match field.number {
            1 => header.ir_version = Some(field.int()?),
            2 => header.producer = name(field.bytes()?, limits)?,
            3 => header.producer_version = name(field.bytes()?, limits)?,
            7 => field.only(&mut header.graph)?,
            8 => header.opset(field.bytes()?, limits)?,
            20 => training(field.bytes()?, &mut walk)?,
            25 => functions.push(function(field.bytes()?, &mut walk)?),
            _ => {}
        }
    }
    let graph = header.graph.ok_or_else(|| not_onnx("it holds no graph"))?;
    let ir_version = header.ir_version.ok_or_else(|| not_onnx("it states no version"))?;
    if header.opsets.is_empty() {
        return Err(not_onnx("it names no operator set"));
    }
    let mut elsewhere = walk.take_uses();
    let outline = walk.graph(graph, 0)?;
    let main = walk.take_uses();
    calls::check(&main, &functions, limits)?;
    if let Some(missing) = outline.missing.first() {
        return Err(Error::invalid_encoding(format!(
            "nothing in the model gives the value {}, which a node or an output is",
            quoted(missing)
        )));
    }

    for (_, uses) in functions.iter().chain([&(("", ""), main)]) {
        uses.iter().for_each(|(op, count)| *elsewhere.entry(*op).or_default() += count);
    }
    let mut operators = BTreeMap::new();
    for ((domain, op), count) in elsewhere {
        let label = if domain.is_empty() { op.to_owned() } else { format!("{domain}.{op}") };
        *operators.entry(label).or_default() += count;
    }
    Ok(Summary {
        name: outline.name.to_owned(),
        format: Format::Onnx {
            ir_version,
            opsets: header.opsets,
            producer: format!("{} {}", header.producer, header.producer_version).trim().to_owned(),
            functions: functions.len() as u64,
        },
        signature: interface(outline)?,
        operators,
        nodes: walk.nodes,
        parameters: walk.parameters,
        parameter_bytes: walk.parameter_bytes,
        external_data: walk.external.into_iter().map(str::to_owned).collect(),
        control_flow: walk.control_flow,
        nesting: walk.nesting,
    })
}

#[derive(Debug, Default)]
struct Header<'a> {
    ir_version: Option<i64>,
    producer: &'a str,
    producer_version: &'a str,
    graph: Option<&'a [u8]>,
    opsets: BTreeMap<String, i64>,
}

impl<'a> Header<'a> {
    fn opset(&mut self, message: &'a [u8], limits: &Limits) -> Result<()> {
        let (mut of, mut version) = ("", 0);
        for field in Fields::of(message) {
            let field = field?;
            match field.number {
                1 => of = domain(name(field.bytes()?, limits)?),
                2 => version = field.int()?,
                _ => {}
            }
        }
        let of = if of.is_empty() { "ai.onnx" } else { of };
        self.opsets.insert(of.to_owned(), version);
        if self.opsets.len() as u64 > limits.max_values {
            return Err(Error::too_large("the model names too many operator sets"));
        }
        Ok(())
    }
}

/// `TrainingInfoProto`: not run here, but parsed and kept by the libraries all the same.
fn training<'a>(message: &'a [u8], walk: &mut Walk<'a, '_>) -> Result<()> {
    for field in Fields::of(message) {
        let field = field?;
        if matches!(field.number, 1 | 2) {
            walk.graph(field.bytes()?, 0)?;
        }
    }
    Ok(())
}

fn function<'a>(message: &'a [u8], walk: &mut Walk<'a, '_>) -> Result<(Op<'a>, Uses<'a>)> {
    walk.value()?;
    let (mut named, mut of) = ("", "");
    for field in Fields::of(message) {
        let field = field?;
        match field.number {
            1 => named = name(field.bytes()?, walk.limits)?,
            10 => of = domain(name(field.bytes()?, walk.limits)?),
            _ => {}
        }
    }
    if named.is_empty() {
        return Err(malformed("a function without a name"));
    }
    let before = walk.take_uses();
    walk.function(message)?;
    let uses = walk.take_uses();
    walk.put_uses(before);
    Ok(((of, named), uses))
}

fn interface(outline: Outline<'_>) -> Result<Interface> {
    if outline.outputs.is_empty() {
        return Err(not_onnx("its graph has no output"));
    }
    let mut signature = Signature::default();
    let (mut unsupported, mut undetermined) = (None, None);
    let mut collect = |role: &str, stated: Vec<Stated<'_>>| -> Result<Vec<TensorInfo>> {
        let (mut infos, mut names) = (Vec::new(), BTreeSet::new());
        for stated in stated {
            let named = stated.name;
            if !names.insert(named) {
                return Err(Error::invalid_encoding(format!(
                    "the model has two {role}s called {}",
                    quoted(named)
                )));
            }
            match stated.info() {
                Ok(info) => infos.push(info),
                Err(ty) => {
                    let known = matches!(ty, Type::Other(_));
                    let slot = if known { &mut unsupported } else { &mut undetermined };
                    slot.get_or_insert_with(|| why(role, named, &ty));
                }
            }
        }
        Ok(infos)
    };
    // Old files list the initializers among the inputs.
    let mut inputs = outline.inputs;
    inputs.retain(|input| !outline.initializers.contains(input.name));
    signature.inputs = collect("input", inputs)?;
    signature.outputs = collect("output", outline.outputs)?;
    Ok(match (unsupported, undetermined) {
        (Some(unsupported), _) => Interface::Unsupported { unsupported },
        (None, Some(undetermined)) => Interface::Undetermined { undetermined },
        (None, None) => Interface::Known(signature),
    })
}

fn not_onnx(why: &str) -> Error {
    Error::invalid_encoding(format!("the model is not an ONNX file, or damaged: {why}"))
}
