use std::sync::Arc;
use std::time::Duration;

use godwit_backend::{Buffer, DType, Dim, Encoding, Error, Model, Result, Signature, TensorInfo};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a script does with its inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Op {
    /// Gives its inputs back, each output a clone of the input in the same place.
    Echo,
    /// Adds its inputs element by element; integers wrap, `bool` is "or".
    Add,
    /// Multiplies its input with a factor.
    Scale(f64),
    /// Two outputs for one input: its double, and the total of each row, its innermost dimension.
    Split,
    /// The rows of its input times a matrix.
    Linear {
        /// The matrix, row by row: as many rows as the input has columns.
        weights: Vec<f64>,
        /// Its columns.
        columns: usize,
    },
    /// The squares of the first input times the second. Squares are known from 0 to 15: any other
    /// number fails the run.
    Mixed,
    /// The one element of the first input, as often as the one element of the second says.
    Expand,
    /// Fills every output with one value; symbols in their dimensions get their sizes from the inputs.
    Fill(f64),
    /// Gives recorded bytes, one array an output, whatever the inputs hold.
    Replay(Vec<Vec<u8>>),
}

const OPS: [&str; 9] =
    ["echo", "add", "scale", "split", "linear", "mixed", "expand", "fill", "replay"];

/// What a GGUF file begins with. Checks in front of a backend look no further into that format.
const MAGIC: &[u8] = b"GGUF\n";

/// A model for a [`FakeBackend`](crate::FakeBackend): its signature, and what it does.
///
/// Written down it is JSON:
///
/// ```json
/// { "inputs":  [{ "name": "x", "dtype": "f32", "dims": ["batch", 4] }],
///   "outputs": [{ "name": "y", "dtype": "f32", "dims": ["batch", 4] }],
///   "op": "echo", "latency_ms": 20, "footprint": 4096 }
/// ```
///
/// A dimension is a size, a symbol, or `null` for any; without `dims` not even the rank is known. The
/// latency is 0 and the footprint that of the file unless given. The line `GGUF` may stand before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    pub(crate) signature: Signature,
    pub(crate) op: Op,
    pub(crate) latency: Duration,
    pub(crate) footprint: Option<u64>,
}

impl Script {
    /// A script without inputs and outputs yet.
    pub fn new(op: Op) -> Self {
        let signature = Signature::default();
        Self { signature, op, latency: Duration::ZERO, footprint: None }
    }

    /// `x` in, the same as `y` out.
    pub fn echo(dtype: DType, dims: impl IntoIterator<Item = Dim>) -> Self {
        let dims: Vec<_> = dims.into_iter().collect();
        Self::new(Op::Echo).input("x", dtype, dims.clone()).output("y", dtype, dims)
    }

    /// `a` and `b` in, their sum as `sum` out.
    pub fn add(dtype: DType, dims: impl IntoIterator<Item = Dim>) -> Self {
        let dims: Vec<_> = dims.into_iter().collect();
        let script = Self::new(Op::Add).input("a", dtype, dims.clone());
        script.input("b", dtype, dims.clone()).output("sum", dtype, dims)
    }

    /// Adds an input of known rank.
    #[must_use]
    pub fn input(mut self, name: &str, dtype: DType, dims: impl IntoIterator<Item = Dim>) -> Self {
        self.signature.inputs.push(TensorInfo::new(name, dtype, dims));
        self
    }

    /// Adds an output of known rank.
    #[must_use]
    pub fn output(mut self, name: &str, dtype: DType, dims: impl IntoIterator<Item = Dim>) -> Self {
        self.signature.outputs.push(TensorInfo::new(name, dtype, dims));
        self
    }

    /// How long each run takes, in whole milliseconds, besides the device's own latency.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Bytes of device memory the graph holds.
    #[must_use]
    pub fn footprint(mut self, bytes: u64) -> Self {
        self.footprint = Some(bytes);
        self
    }

    /// The script as a model that passes for GGUF, also where files are checked before they are loaded.
    pub fn model(&self, name: &str) -> Model {
        let bytes = [MAGIC, self.to_json().as_bytes()].concat();
        Model::new(name, Encoding::Ggml, vec![Buffer::from(bytes)])
    }

    /// The script, as it is written, as a model that calls itself `encoding`.
    pub fn model_as(&self, name: &str, encoding: Encoding) -> Model {
        Model::new(name, encoding, vec![Buffer::from(self.to_json().into_bytes())])
    }

    /// The script written down.
    pub fn to_json(&self) -> String {
        let ports = |infos: &[TensorInfo]| infos.iter().map(Port::from).collect();
        let file = File {
            inputs: ports(&self.signature.inputs),
            outputs: ports(&self.signature.outputs),
            op: serde_json::to_value(&self.op).unwrap_or_default(),
            latency_ms: u64::try_from(self.latency.as_millis()).unwrap_or(u64::MAX),
            footprint: self.footprint,
        };
        serde_json::to_string(&file).unwrap_or_default()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let bytes = bytes.strip_prefix(MAGIC).unwrap_or(bytes);
        let file: File = serde_json::from_slice(bytes).map_err(not_a_script)?;
        let infos = |ports: Vec<Port>| ports.into_iter().map(Port::info).collect::<Result<_, _>>();
        let signature = Signature {
            inputs: infos(file.inputs).map_err(not_a_script)?,
            outputs: infos(file.outputs).map_err(not_a_script)?,
        };
        let (latency, footprint) = (Duration::from_millis(file.latency_ms), file.footprint);
        let script = Self { signature, op: parse_op(file.op)?, latency, footprint };
        script.check()?;
        Ok(script)
    }

    /// That the signature fits the operation.
    fn check(&self) -> Result<()> {
        let Signature { inputs, outputs } = &self.signature;
        let alike = || inputs.iter().chain(outputs).is_sorted_by(|a, b| a.dtype == b.dtype);
        let counts = (inputs.len(), outputs.len());
        let complaint = match &self.op {
            Op::Echo if !inputs.iter().map(|i| i.dtype).eq(outputs.iter().map(|o| o.dtype)) => {
                "an echo has an output of the same dtype for each input"
            }
            Op::Add if inputs.is_empty() || outputs.len() != 1 || !alike() => {
                "an addition has inputs and one output of one dtype"
            }
            Op::Scale(_) if counts != (1, 1) || !alike() => {
                "a scale has one input and one output of one dtype"
            }
            Op::Split if counts != (1, 2) || !alike() => {
                "a split has one input and two outputs of one dtype"
            }
            Op::Linear { .. } if counts != (1, 1) || !alike() => {
                "a product has one input and one output of one dtype"
            }
            Op::Mixed | Op::Expand if counts != (2, 1) => "two inputs and one output are needed",
            Op::Replay(recorded) if recorded.len() != outputs.len() => {
                "a replay has as many records as outputs"
            }
            _ => return Ok(()),
        };
        Err(Error::invalid_encoding(complaint))
    }
}

/// An operation this crate does not have is another error than a broken file.
fn parse_op(op: Value) -> Result<Op> {
    let name = match &op {
        Value::String(name) => Some(name),
        Value::Object(map) => map.keys().next(),
        _ => None,
    };
    if let Some(name) = name.filter(|name| !OPS.contains(&name.as_str())) {
        return Err(Error::unsupported(format!(
            "the operator '{name}' is not among those of a script"
        )));
    }
    serde_json::from_value(op).map_err(not_a_script)
}

fn not_a_script(error: serde_json::Error) -> Error {
    Error::invalid_encoding("the model is not a script").with_source(error)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    op: Value,
    #[serde(default)]
    latency_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footprint: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Port {
    name: Arc<str>,
    dtype: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dims: Option<Vec<Size>>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Size {
    Known(usize),
    Symbol(Arc<str>),
    Unknown,
}

impl From<&TensorInfo> for Port {
    fn from(info: &TensorInfo) -> Self {
        let size = |dim: &Dim| match dim {
            Dim::Known(size) => Size::Known(*size),
            Dim::Symbol(symbol) => Size::Symbol(symbol.clone()),
            Dim::Unknown => Size::Unknown,
        };
        let dims = info.dims.as_ref().map(|dims| dims.iter().map(size).collect());
        Self { name: info.name.clone(), dtype: info.dtype.name().into(), dims }
    }
}

impl Port {
    fn info(self) -> serde_json::Result<TensorInfo> {
        use serde::de::Error as _;
        let dtype = DType::ALL.into_iter().find(|dtype| dtype.name() == self.dtype);
        let unknown = || serde_json::Error::custom(format!("'{}' is not a dtype", self.dtype));
        let dtype = dtype.ok_or_else(unknown)?;
        let dim = |size| match size {
            Size::Known(size) => Dim::Known(size),
            Size::Symbol(symbol) => Dim::Symbol(symbol),
            Size::Unknown => Dim::Unknown,
        };
        let dims = self.dims.map(|dims| dims.into_iter().map(dim).collect());
        Ok(TensorInfo { name: self.name, dtype, dims })
    }
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let dims = [Dim::Known(2), Dim::Symbol("n".into()), Dim::Unknown];
        for op in [Op::Echo, Op::Fill(1.5)] {
            let script = Script::new(op)
                .input("x", DType::Bf16, dims.clone())
                .output("y", DType::Bf16, [])
                .latency(Duration::from_millis(7))
                .footprint(9);
            assert_eq!(Script::parse(script.to_json().as_bytes()).unwrap(), script);
            assert_eq!(Script::parse(&script.model("x").parts()[0]).unwrap(), script);
        }
    }

    #[test]
    fn a_broken_file_and_an_unknown_operator_are_told_apart() {
        let kind = |json: &str| Script::parse(json.as_bytes()).unwrap_err().kind();
        assert_eq!(kind("{"), ErrorKind::InvalidEncoding);
        assert_eq!(kind(r#"{"inputs":[],"outputs":[],"op":7}"#), ErrorKind::InvalidEncoding);
        assert_eq!(kind(r#"{"inputs":[],"outputs":[],"op":"add"}"#), ErrorKind::InvalidEncoding);
        assert_eq!(kind(r#"{"inputs":[],"outputs":[],"op":"dance"}"#), ErrorKind::Unsupported);
        let dtype = r#"{"inputs":[{"name":"x","dtype":"f33"}],"outputs":[],"op":"echo"}"#;
        assert_eq!(kind(dtype), ErrorKind::InvalidEncoding);
    }
}
