//! Attacks written as OpenVINO IR.

use std::fmt::Write as _;

use anyhow::Result;
use godwit_backend::{DType, Tensor};

use super::Hostile;
use super::attack::{Attack, Source};
use super::spec::{Attribute, Operand};

/// The attack as a model with its inputs.
///
/// # Errors
///
/// When the attack has a dtype of which there are no hostile values.
pub(super) fn write(name: String, attack: &Attack) -> Result<Hostile> {
    let spec = &attack.spec;
    let mut net = Net::default();
    let (mut good, mut bad, mut givers) = (Vec::new(), Vec::new(), Vec::new());
    let operands = spec.operands.iter().zip(&attack.bad).zip(&attack.sources);
    for (at, ((fine, hostile), source)) in operands.enumerate() {
        let own = format!("o{at}");
        if *source == Source::Constant {
            givers.push((net.constant(&hostile.tensor()?), fine.dtype));
            continue;
        }
        good.push((own.clone(), fine.tensor()?));
        bad.push((own.clone(), hostile.tensor()?));
        let mut giver = net.parameter(&own, fine, attack.open);
        if *source == Source::Computed && !matches!(fine.dtype, DType::Bool | DType::U8 | DType::I8)
        {
            let nothing = Operand { dims: Vec::new(), values: vec![0.0], ..fine.clone() };
            let nothing = net.constant(&nothing.tensor()?);
            let data = "<data auto_broadcast=\"numpy\"/>";
            let both = [(giver, fine.dtype), (nothing, fine.dtype)];
            giver = net.layer("Add", "opset1", data, &both, &[(fine.dtype, "")]);
        }
        givers.push((giver, fine.dtype));
    }
    let mut data = String::from("<data");
    for (name, attribute) in &spec.attributes {
        let value = match attribute {
            Attribute::Int(value) => value.to_string(),
            Attribute::Float(value) => value.to_string(),
            Attribute::Text(value) => (*value).to_owned(),
            Attribute::Ints(values) => {
                values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            }
        };
        let _ = write!(data, " {name}=\"{value}\"");
    }
    data.push_str("/>");
    let names: Vec<String> = (0..spec.outputs.len()).map(|at| format!("y{at}")).collect();
    let outputs: Vec<(DType, &str)> =
        spec.outputs.iter().copied().zip(names.iter().map(String::as_str)).collect();
    let version = format!("opset{}", spec.opset);
    let own = net.layer(spec.operator, &version, &data, &givers, &outputs);
    for (at, dtype) in spec.outputs.iter().enumerate() {
        let from = Place { port: own.port + at, ..own };
        net.layer("Result", "opset1", "", &[(from, *dtype)], &[]);
    }
    let runs = vec![good.clone(), bad, good];
    let operator = format!("IR {}", spec.operator);
    let operands = spec.operands.len();
    Ok(Hostile { name, operator, is_ir: true, files: net.finish(), runs, selects: false, operands })
}

/// An output of a layer.
#[derive(Debug, Clone, Copy)]
struct Place {
    layer: usize,
    port: usize,
}

#[derive(Debug, Default)]
struct Net {
    layers: String,
    edges: String,
    weights: Vec<u8>,
    count: usize,
}

impl Net {
    fn constant(&mut self, tensor: &Tensor) -> Place {
        let bytes = tensor.host().map(|bytes| bytes.to_vec()).unwrap_or_default();
        // Aligned for every dtype.
        self.weights.resize(self.weights.len().next_multiple_of(64), 0);
        let dims: Vec<String> = tensor.shape().iter().map(ToString::to_string).collect();
        let data = format!(
            "<data element_type=\"{}\" shape=\"{}\" offset=\"{}\" size=\"{}\"/>",
            element(tensor.dtype()),
            dims.join(","),
            self.weights.len(),
            bytes.len()
        );
        self.weights.extend(bytes);
        let ports: String = dims.iter().map(|dim| format!("<dim>{dim}</dim>")).collect();
        self.typed("Const", &data, tensor.dtype(), "", &ports)
    }

    fn parameter(&mut self, name: &str, operand: &Operand, open: bool) -> Place {
        let dim = |dim: &usize| if open { "-1".to_owned() } else { dim.to_string() };
        let dims: Vec<String> = operand.dims.iter().map(dim).collect();
        let data = format!(
            "<data element_type=\"{}\" shape=\"{}\"/>",
            element(operand.dtype),
            dims.join(",").replace("-1", "?")
        );
        let ports: String = dims.iter().map(|dim| format!("<dim>{dim}</dim>")).collect();
        self.typed("Parameter", &data, operand.dtype, name, &ports)
    }

    fn typed(&mut self, kind: &str, data: &str, dtype: DType, name: &str, ports: &str) -> Place {
        let id = self.count;
        self.count += 1;
        let name = if name.is_empty() { format!("l{id}") } else { name.to_owned() };
        let _ = write!(
            self.layers,
            "<layer id=\"{id}\" name=\"{name}\" type=\"{kind}\" version=\"opset1\">{data}<output><port id=\"0\" \
             precision=\"{}\" names=\"{name}\">{ports}</port></output></layer>",
            precision(dtype)
        );
        Place { layer: id, port: 0 }
    }

    fn layer(
        &mut self,
        kind: &str,
        version: &str,
        data: &str,
        inputs: &[(Place, DType)],
        outputs: &[(DType, &str)],
    ) -> Place {
        let id = self.count;
        self.count += 1;
        let (mut given, mut gives) = (String::new(), String::new());
        for (at, (from, dtype)) in inputs.iter().enumerate() {
            let _ = write!(given, "<port id=\"{at}\" precision=\"{}\"/>", precision(*dtype));
            let _ = write!(
                self.edges,
                "<edge from-layer=\"{}\" from-port=\"{}\" to-layer=\"{id}\" to-port=\"{at}\"/>",
                from.layer, from.port
            );
        }
        for (at, (dtype, name)) in outputs.iter().enumerate() {
            let port = inputs.len() + at;
            let named = if name.is_empty() { String::new() } else { format!(" names=\"{name}\"") };
            let precision = precision(*dtype);
            let _ = write!(gives, "<port id=\"{port}\" precision=\"{precision}\"{named}/>");
        }
        let given = if given.is_empty() { given } else { format!("<input>{given}</input>") };
        let gives = if gives.is_empty() { gives } else { format!("<output>{gives}</output>") };
        let _ = write!(
            self.layers,
            "<layer id=\"{id}\" name=\"l{id}\" type=\"{kind}\" version=\"{version}\">{data}{given}{gives}</layer>"
        );
        Place { layer: id, port: inputs.len() }
    }

    fn finish(mut self) -> Vec<Vec<u8>> {
        // A file of no bytes is none.
        if self.weights.is_empty() {
            self.weights.push(0);
        }
        let xml = format!(
            "<?xml version=\"1.0\"?><net name=\"hostile\" version=\"11\"><layers>{}</layers><edges>{}</edges></net>",
            self.layers, self.edges
        );
        vec![xml.into_bytes(), self.weights]
    }
}

fn element(dtype: DType) -> &'static str {
    match dtype {
        DType::I64 => "i64",
        DType::I32 => "i32",
        DType::U8 => "u8",
        DType::I8 => "i8",
        DType::Bool => "boolean",
        _ => "f32",
    }
}

fn precision(dtype: DType) -> &'static str {
    match dtype {
        DType::I64 => "I64",
        DType::I32 => "I32",
        DType::U8 => "U8",
        DType::I8 => "I8",
        DType::Bool => "BOOL",
        _ => "FP32",
    }
}
