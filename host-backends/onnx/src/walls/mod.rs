//! Which operators an engine can be trusted with, beside whom.
//!
//! Most operators look at memory as the dimensions of their operands say, which an engine checks once. Some look
//! where values tell them: a row of a table, a length, a pad. Where an engine does not check those, a model reads
//! or writes what is not its own. This is the one table of both kinds, by engine, and of what was measured.
//! An operator that is in no table counts as one that looks anywhere.

mod layers;
mod plain;
mod values;

use std::fmt;

use godwit_backend::{Error, Result, Wall};

pub use layers::LAYERS;
pub(crate) use plain::fills;
pub use plain::layer_fills;
pub use values::VALUES;

use crate::constant::Constant;
use crate::outline::Outline;
use crate::schema::ModelProto;
use crate::trace::{Site, trace};
use crate::walk::nodes;

/// An engine in native code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// ONNX Runtime.
    OnnxRuntime,
    /// OpenVINO.
    OpenVino,
    /// AMD's MIGraphX.
    MiGraphX,
}

/// What keeps an operator that looks where values tell it within its own memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// The engine: `cargo xtask hostile` finds no value that leads it elsewhere.
    Safe,
    /// Godwit: what was found to lead elsewhere is refused, at load or before a run.
    Guarded,
    /// Nothing: a model may read or write what is not its own, or end the process.
    Unsafe,
}

/// An operator that looks where values tell it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name.
    pub operator: &'static str,
    /// What tells it where.
    pub by: &'static str,
    /// With ONNX Runtime, OpenVINO, MIGraphX.
    pub safety: [Safety; 3],
}

/// Why a model cannot share a process with those of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The operator.
    pub operator: String,
    engine: Engine,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnnxRuntime => "ONNX Runtime",
            Self::OpenVino => "OpenVINO",
            Self::MiGraphX => "MIGraphX",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operator, engine } = self;
        let operator: String = operator.chars().filter(|it| !it.is_control()).take(64).collect();
        write!(f, "{engine} may read or write memory of others for the operator {operator}")
    }
}

/// How safe an operator is with an engine. `domain` is empty for ONNX's own.
pub fn safety(engine: Engine, domain: &str, operator: &str) -> Safety {
    if plain::is_plain(domain, operator) {
        return Safety::Safe;
    }
    let rows = if domain.is_empty() { VALUES } else { values::CONTRIBUTED };
    of(rows, engine, operator)
}

/// How safe an operator of an OpenVINO IR is.
pub fn layer_safety(operator: &str) -> Safety {
    if plain::is_plain_layer(operator) {
        return Safety::Safe;
    }
    of(LAYERS, Engine::OpenVino, operator)
}

fn of(rows: &[Row], engine: Engine, operator: &str) -> Safety {
    let row = rows.iter().find(|row| row.operator == operator);
    let [onnxruntime, openvino, migraphx] = row.map_or([Safety::Unsafe; 3], |row| row.safety);
    match engine {
        Engine::OnnxRuntime => onnxruntime,
        Engine::OpenVino => openvino,
        Engine::MiGraphX => migraphx,
    }
}

/// Refuses a model with operators that `engine` is not to be trusted with behind `wall`.
///
/// # Errors
///
/// `Unsupported`, naming the operator.
pub fn check(model: &ModelProto, engine: Engine, wall: Wall) -> Result<()> {
    let own = |node: &crate::schema::NodeProto| {
        let mut functions = model.functions.iter();
        functions.any(|it| it.name() == node.op_type() && it.domain() == node.domain())
    };
    for node in nodes(model).filter(|node| !own(node)) {
        let domain = if node.is_standard() { "" } else { node.domain() };
        allow(safety(engine, domain, node.op_type()), node.op_type(), engine, wall)?;
    }
    Ok(())
}

/// The inputs that must have elements in every run, one a bit, so that no operator that is [`Safety::Guarded`] looks
/// things up where there is nothing.
///
/// # Errors
///
/// `Unsupported`, naming the operator, where it cannot be said.
pub fn must_be_filled(model: &ModelProto, engine: Engine) -> Result<u64> {
    let mut inputs = 0;
    trace(model, |site| {
        let operator = site.node.op_type();
        match operator {
            _ if safety(engine, "", operator) != Safety::Guarded => {}
            "Slice" if has_known_steps(&site) => {}
            "Slice" => {
                let reason = Reason { operator: operator.to_owned(), engine };
                return Err(Error::unsupported(format!(
                    "{reason} where its steps are not constants of less than 2^31: run the engine in a process of \
                     its own (--isolate all), or choose another device"
                )));
            }
            _ => inputs |= site.input(0).filled.ok_or_else(|| nothing(operator, engine))?,
        }
        Ok::<_, Error>(())
    })?;
    Ok(inputs)
}

/// Whether the steps of a `Slice` are in the file, and none is beyond any tensor.
fn has_known_steps(site: &Site<'_, '_>) -> bool {
    if site.node.input_at(4).is_empty() {
        return true;
    }
    let steps = site.input(4).constant.and_then(Constant::integers);
    steps.is_some_and(|mut steps| steps.all(|step| (1..1 << 31).contains(&step.unsigned_abs())))
}

/// That it cannot be said whether an operator looks things up where there is nothing.
pub fn nothing(operator: &str, engine: Engine) -> Error {
    Error::unsupported(format!(
        "the operator {operator} may look things up in a tensor without elements, where {engine} reads memory of \
         others: run the engine in a process of its own (--isolate all), or choose another device"
    ))
}

/// Refuses an operator that `engine` is not to be trusted with behind `wall`.
///
/// # Errors
///
/// `Unsupported`, naming the operator.
pub fn allow(safety: Safety, operator: &str, engine: Engine, wall: Wall) -> Result<()> {
    if safety != Safety::Unsafe || wall == Wall::Own {
        return Ok(());
    }
    let reason = Reason { operator: operator.to_owned(), engine };
    Err(Error::unsupported(format!(
        "{reason}: run the engine in a process of its own (--isolate all), or choose another device"
    )))
}

/// Whether a model may share a worker process with those of other tenants.
///
/// # Errors
///
/// The operator for which it may not.
pub fn shareable(outline: &Outline, engine: Engine) -> Result<(), Reason> {
    for (domain, operator) in outline.operators.keys() {
        if !matches!(safety(engine, domain, operator), Safety::Safe | Safety::Guarded) {
            return Err(Reason { operator: operator.clone(), engine });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_table_is_unsafe() {
        for engine in [Engine::OnnxRuntime, Engine::OpenVino, Engine::MiGraphX] {
            assert_eq!(safety(engine, "", "Add"), Safety::Safe);
            assert_eq!(safety(engine, "", "Frobnicate"), Safety::Unsafe);
            assert_eq!(safety(engine, "com.example", "Add"), Safety::Unsafe);
            assert!(allow(Safety::Unsafe, "Frobnicate", engine, Wall::Process).is_err());
            assert!(allow(Safety::Unsafe, "Frobnicate", engine, Wall::Shared).is_err());
            assert!(allow(Safety::Unsafe, "Frobnicate", engine, Wall::Own).is_ok());
        }
        assert_eq!(layer_safety("Convolution"), Safety::Safe);
        assert_eq!(layer_safety("Frobnicate"), Safety::Unsafe);
    }

    #[test]
    fn no_operator_is_of_both_kinds() {
        for row in VALUES {
            assert!(!plain::is_plain("", row.operator), "{}", row.operator);
        }
        for row in LAYERS {
            assert!(!plain::is_plain_layer(row.operator), "{}", row.operator);
        }
    }
}
