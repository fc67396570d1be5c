use std::collections::{BTreeMap, BTreeSet};

use godwit_backend::{Error, Result, Signature};
use serde::Serialize;

/// What a model file says about itself.
///
/// Nothing here was computed by running the model, and all of it was written by whoever made the
/// file. Names hold no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The name its author gave it; often empty.
    pub name: String,
    /// The facts only this encoding has.
    #[serde(flatten)]
    pub format: Format,
    /// What goes in and what comes out.
    pub signature: Interface,
    /// How often each operator is written down, subgraphs and function bodies included. Operators of
    /// another domain than ONNX's own carry it: `com.microsoft.Gelu`.
    pub operators: BTreeMap<String, u64>,
    /// The sum of `operators`.
    pub nodes: u64,
    /// Elements of all stored weights.
    pub parameters: u64,
    /// Bytes of all stored weights, wherever they lie.
    pub parameter_bytes: u64,
    /// Other files the model wants to read, as it names them. Not checked to be harmless.
    pub external_data: BTreeSet<String>,
    /// Whether what is computed depends on values: `If`, `Loop`, `Scan` and the like.
    pub control_flow: bool,
    /// Subgraphs inside one another; 0 without any.
    pub nesting: u32,
}

impl Summary {
    /// The signature, where the file states one that tensors of the contract can carry.
    ///
    /// # Errors
    ///
    /// `Unsupported`, naming the input or output and its type, or the output whose type only the
    /// device will find out.
    pub fn signature(&self) -> Result<&Signature> {
        match &self.signature {
            Interface::Known(signature) => Ok(signature),
            Interface::Undetermined { undetermined: why }
            | Interface::Unsupported { unsupported: why } => Err(Error::unsupported(why.clone())),
        }
    }
}

/// What a file says about a model's inputs and outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Interface {
    /// All of it.
    Known(Signature),
    /// An output's type is left for the device to infer.
    Undetermined {
        /// Which one.
        undetermined: String,
    },
    /// An input or output has a type no tensor of the contract has: strings, sequences, 8-bit floats.
    Unsupported {
        /// Which one, and its type.
        unsupported: String,
    },
}

/// The facts only one encoding has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "encoding", rename_all = "lowercase")]
pub enum Format {
    /// An ONNX file.
    Onnx {
        /// The version of the file format.
        ir_version: i64,
        /// The version of each operator set it needs, by domain; ONNX's own is `ai.onnx`.
        opsets: BTreeMap<String, i64>,
        /// The program that wrote it, with its version; often empty.
        producer: String,
        /// Functions the file defines for itself.
        functions: u64,
    },
    /// An OpenVINO IR.
    Openvino {
        /// The version of the file format.
        ir_version: i64,
    },
}
