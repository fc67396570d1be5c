//! A backend that computes small ONNX models operator by operator, and can be made to err in one.

use std::collections::BTreeMap;
use std::sync::Arc;

use godwit_backend::{
    Backend, Cancellation, Capabilities, DType, Device, DeviceId, DeviceKind, Dim, Encoding, Error,
    ExecutionContext, Graph, GraphInfo, Inputs, Model, Quota, Result, Run, Signature, Target,
    Tensor, TensorInfo, async_trait,
};
use godwit_fixtures::onnx::proto::{GraphProto, ModelProto, NodeProto};
use prost::Message;

/// `x:0` is right. `x:1` adds 0.5 to what the node called `wrong` gives, and cannot give `hidden` as an
/// output.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interpreter {
    pub(crate) wrong: Vec<String>,
    pub(crate) hidden: Option<String>,
    /// Whether errors go away as soon as an inner value is read.
    pub(crate) only_fused: bool,
}

#[async_trait]
impl Backend for Interpreter {
    fn name(&self) -> &str {
        "x"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Ok(vec![device("x:0"), device("x:1")])
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let model =
            ModelProto::decode(&model.parts()[0][..]).map_err(|_| Error::failed("bytes"))?;
        let graph = model.graph.ok_or_else(|| Error::failed("no graph"))?;
        let names: Vec<_> = graph.output.iter().filter_map(|output| output.name.clone()).collect();
        let faulty = target.device.as_str() == "x:1";
        if faulty && self.hidden.as_ref().is_some_and(|hidden| names.contains(hidden)) {
            return Err(Error::unsupported("this value cannot be an output"));
        }
        let info = |name: &String| TensorInfo::new(name, DType::F32, [Dim::Unknown, Dim::Unknown]);
        let inputs: Vec<_> = graph.input.iter().filter_map(|input| input.name.clone()).collect();
        let errs = faulty && !(self.only_fused && names.len() > 1);
        let signature = Signature {
            inputs: inputs.iter().map(info).collect(),
            outputs: names.iter().map(info).collect(),
        };
        Ok(Arc::new(Interpreted {
            info: GraphInfo::new(signature, device(target.device.as_str()), 0),
            wrong: if errs { self.wrong.clone() } else { Vec::new() },
            graph: Arc::new(graph),
        }))
    }
}

#[derive(Debug, Clone)]
struct Interpreted {
    info: GraphInfo,
    graph: Arc<GraphProto>,
    wrong: Vec<String>,
}

#[async_trait]
impl Graph for Interpreted {
    fn info(&self) -> &GraphInfo {
        &self.info
    }

    async fn context(&self, _: &Quota) -> Result<Box<dyn ExecutionContext>> {
        Ok(Box::new(self.clone()))
    }
}

type Matrix = (usize, usize, Vec<f32>);

impl ExecutionContext for Interpreted {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let mut known: BTreeMap<String, Matrix> = BTreeMap::new();
        for weights in &self.graph.initializer {
            let dims: Vec<usize> =
                weights.dims.iter().map(|&d| usize::try_from(d).unwrap()).collect();
            let raw = weights.raw_data.clone().unwrap();
            let values = raw.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            let shape = (dims.first().copied().unwrap_or(1), dims.get(1).copied().unwrap_or(1));
            known.insert(weights.name.clone().unwrap(), (shape.0, shape.1, values.collect()));
        }
        for (info, tensor) in self.info.signature.inputs.iter().zip(&*inputs) {
            let values = tensor.values::<f32>().unwrap().to_vec();
            let matrix = (tensor.shape()[0], tensor.shape()[1], values);
            known.insert(info.name.to_string(), matrix);
        }
        for node in &self.graph.node {
            let mut matrix = compute(node, &known);
            if self.wrong.iter().any(|wrong| node.name.as_ref() == Some(wrong)) {
                matrix.2[0] += 0.5;
            }
            known.insert(node.output[0].clone(), matrix);
        }
        let outputs = self.info.signature.outputs.iter().map(|info| {
            let (rows, columns, values) = &known[&*info.name];
            Tensor::from_values([*rows, *columns], values)
        });
        Run::ready(outputs.collect())
    }
}

fn compute(node: &NodeProto, known: &BTreeMap<String, Matrix>) -> Matrix {
    let input = |at: usize| known[&node.input[at]].clone();
    let each = |f: fn(f32, f32) -> f32| {
        let ((rows, columns, a), (_, _, b)) = (input(0), input(1));
        let len = b.len();
        (rows, columns, a.iter().enumerate().map(|(at, a)| f(*a, b[at % len])).collect())
    };
    match node.op_type.as_deref().unwrap() {
        "Add" => each(|a, b| a + b),
        "Mul" => each(|a, b| a * b),
        "Relu" => {
            let (rows, columns, values) = input(0);
            (rows, columns, values.iter().map(|value| value.max(0.0)).collect())
        }
        "MatMul" => {
            let ((rows, inner, a), (_, columns, b)) = (input(0), input(1));
            let at = |row: usize, column: usize| {
                (0..inner).map(|k| a[row * inner + k] * b[k * columns + column]).sum()
            };
            let values = (0..rows * columns).map(|place| at(place / columns, place % columns));
            (rows, columns, values.collect())
        }
        other => panic!("no {other} here"),
    }
}

fn device(id: &str) -> Device {
    Device {
        id: DeviceId::new(id),
        kind: DeviceKind::Cpu,
        name: "an interpreter".into(),
        driver: "interpreter 1".into(),
        memory: None,
        capabilities: Capabilities {
            encodings: vec![Encoding::Onnx],
            dtypes: vec![DType::F32],
            precision: DType::F32,
            cancellation: Cancellation::Never,
        },
        labels: BTreeMap::new(),
    }
}
