use std::collections::BTreeSet;

const MIB: u64 = 1 << 20;

/// How much a model file may ask for.
///
/// The defaults let every model through that its author could have meant for one host, and are far
/// below what hurts one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all parts of the model. Default: 2 GiB, protobuf's own limit.
    pub max_bytes: u64,
    /// Nodes, those of subgraphs and functions included, also once every call of a model-local
    /// function is replaced by its body. Default: 20 000.
    pub max_nodes: u64,
    /// Inputs, outputs, initializers and functions together. Default: 200 000.
    pub max_values: u64,
    /// Subgraphs inside subgraphs (bodies of `If`, `Loop`, `Scan`), functions calling functions, and
    /// types inside types. Default: 16.
    pub max_depth: u32,
    /// Bytes of any single tensor the file holds or claims to hold. Default: 2 GiB.
    pub max_tensor_bytes: u64,
    /// Bytes of all tensors together that nodes make out of constants: a `ConstantOfShape` of a
    /// billion elements takes a hundred bytes to write down. Default: 256 MiB.
    pub max_generated_bytes: u64,
    /// Bytes of a name. Default: 1024.
    pub max_name_len: usize,
    /// Whether weights may lie in other files, named by the model. Such names must then be relative
    /// and stay below the model's own folder. Default: no.
    pub allow_external_data: bool,
    /// Operators no model may use, such as `Loop` or `com.microsoft.Gelu`. Default: none.
    pub deny_ops: BTreeSet<String>,
    /// When given, the only operators a model may use. [`Limits::deny_ops`] still counts.
    pub allow_ops: Option<BTreeSet<String>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 2048 * MIB,
            max_nodes: 20_000,
            max_values: 200_000,
            max_depth: 16,
            max_tensor_bytes: 2048 * MIB,
            max_generated_bytes: 256 * MIB,
            max_name_len: 1024,
            allow_external_data: false,
            deny_ops: BTreeSet::new(),
            allow_ops: None,
        }
    }
}
