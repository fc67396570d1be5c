//! The cases of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use godwit_backend::DType;
use godwit_onnx::schema::{ModelProto, ValueInfoProto};
use prost::Message;

use crate::tensors;

/// The package that the cases are taken from.
pub const ONNX: &str = "onnx 1.22.0";

/// Where the chores put them, seen from the repository's root.
pub const FOLDER: &str = "target/coverage/onnx-1.22.0";

/// One model with the inputs it is given and the outputs it must give.
#[derive(Debug, Clone)]
pub struct Case {
    /// As the onnx package calls it, for example `test_add_bcast`.
    pub name: String,
    /// Its files.
    pub folder: PathBuf,
    /// The operator it is about.
    pub operator: String,
    /// The version of ONNX's own operator set that it uses; 0 if none.
    pub opset: i64,
    /// Names of inputs, in the order of their files.
    pub inputs: Vec<String>,
    /// Names of outputs, in the order of their files.
    pub outputs: Vec<String>,
    /// What of it is no tensor of the contract, if anything.
    pub foreign: Option<&'static str>,
}

/// The folder of the cases below the repository's root.
///
/// # Errors
///
/// Says what to run when they are not there.
pub fn installed(root: &Path) -> Result<PathBuf> {
    let folder = root.join(FOLDER);
    ensure!(
        folder.join("complete").exists(),
        "the operator tests of {ONNX} are not in {FOLDER}: run `cargo xtask setup`"
    );
    Ok(folder)
}

/// Every case in `folder`, by name.
///
/// # Errors
///
/// When a file is missing or damaged.
pub fn read(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))? {
        let path = entry?.path();
        if path.join("model.onnx").exists() {
            let case = case(path.clone()).with_context(|| path.display().to_string())?;
            cases.insert(case.name.clone(), case);
        }
    }
    ensure!(!cases.is_empty(), "no cases in {}", folder.display());
    // A case of an operator's definition is about that operator.
    let operators: BTreeMap<_, _> =
        cases.values().map(|case| (case.name.clone(), case.operator.clone())).collect();
    for case in cases.values_mut() {
        let whole = case.name.split("_expanded").next().and_then(|base| operators.get(base));
        if let Some(operator) = whole {
            case.operator.clone_from(operator);
        }
    }
    Ok(cases.into_values().collect())
}

fn case(folder: PathBuf) -> Result<Case> {
    let name = folder.file_name().context("a folder without a name")?;
    let name = name.to_string_lossy().into_owned();
    let model = ModelProto::decode(&*fs::read(folder.join("model.onnx"))?)?;
    let opset = model.opset_import.iter().filter(|set| set.is_standard());
    let opset = opset.map(|set| set.version()).max().unwrap_or_default();
    let graph = model.graph.context("a model without a graph")?;
    let names =
        |values: &[ValueInfoProto]| values.iter().map(|value| value.name().to_owned()).collect();
    let foreign = graph.input.iter().chain(&graph.output).find_map(foreign);
    let operators: Vec<_> = graph.node.iter().map(|node| node.op_type()).collect();
    Ok(Case {
        operator: subject(&name, &operators).to_owned(),
        opset,
        inputs: names(&graph.input),
        outputs: names(&graph.output),
        foreign,
        name,
        folder,
    })
}

fn foreign(value: &ValueInfoProto) -> Option<&'static str> {
    match value.tensor_type() {
        None => Some("a sequence or an optional"),
        Some(tensor) if DType::from_onnx(tensor.elem_type()).is_some() => None,
        Some(tensor) => Some(tensors::foreign(tensor.elem_type())),
    }
}

/// The operator that a case is about: the one that its name names, else the last.
fn subject<'a>(name: &str, operators: &[&'a str]) -> &'a str {
    let plain = name.replace('_', "").to_lowercase();
    let named = operators.iter().filter(|it| plain.contains(&it.to_lowercase()));
    let named = named.max_by_key(|operator| operator.len());
    named.or(operators.last()).copied().unwrap_or("none")
}

impl Case {
    /// The bytes of its model.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn model(&self) -> Result<Vec<u8>> {
        Ok(fs::read(self.folder.join("model.onnx"))?)
    }

    /// The bytes of each input's file.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn input_files(&self) -> Result<Vec<Vec<u8>>> {
        self.files("input", self.inputs.len())
    }

    /// The bytes of each output's file.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn output_files(&self) -> Result<Vec<Vec<u8>>> {
        self.files("output", self.outputs.len())
    }

    fn files(&self, kind: &str, count: usize) -> Result<Vec<Vec<u8>>> {
        let data = self.folder.join("test_data_set_0");
        let read = |index| {
            let path = data.join(format!("{kind}_{index}.pb"));
            fs::read(&path).with_context(|| format!("{}", path.display()))
        };
        (0..count).map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::subject;

    #[test]
    fn a_case_is_about_what_it_is_named_for() {
        assert_eq!(subject("test_add_bcast", &["Add"]), "Add");
        assert_eq!(subject("test_max_float16", &["Constant", "Max", "Cast"]), "Max");
        assert_eq!(
            subject("test_reduce_sum_square", &["Sum", "ReduceSumSquare"]),
            "ReduceSumSquare"
        );
        assert_eq!(subject("test_other", &["Mul", "Relu"]), "Relu");
    }
}
