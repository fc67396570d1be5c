//! The models as OpenVINO IR (version 11), written from its format's documentation.

use std::fmt::Write as _;

use godwit_backend::DType;

/// The XML, and the constants it points into.
pub(crate) struct Ir {
    name: &'static str,
    layers: String,
    edges: String,
    next: usize,
    weights: Vec<u8>,
}

/// An output of a layer: its number, and what the formats says of it.
#[derive(Clone)]
pub(crate) struct Value {
    layer: usize,
    port: usize,
    dtype: DType,
    dims: Vec<i64>,
}

impl Ir {
    pub(crate) fn new(name: &'static str) -> Self {
        let (layers, edges) = (String::new(), String::new());
        // For readers that take no empty file.
        Self { name, layers, edges, next: 0, weights: vec![0; 4] }
    }

    /// An input; `names` are the tensor's, separated by commas.
    pub(crate) fn input(&mut self, names: &str, dtype: DType, dims: &[i64]) -> Value {
        let name = names.split(',').next().unwrap();
        let shape: Vec<_> =
            dims.iter().map(|dim| if *dim < 0 { "?".into() } else { dim.to_string() }).collect();
        let data = format!(r#"<data shape="{}" element_type="{}"/>"#, shape.join(","), ty(dtype));
        self.layer(name, "Parameter", "opset1", &data, &[], names, dtype, dims)
    }

    pub(crate) fn constant(&mut self, dtype: DType, dims: &[i64], bytes: &[u8]) -> Value {
        let shape: Vec<_> = dims.iter().map(i64::to_string).collect();
        let data = format!(
            r#"<data element_type="{}" shape="{}" offset="{}" size="{}"/>"#,
            ty(dtype),
            shape.join(","),
            self.weights.len(),
            bytes.len()
        );
        self.weights.extend_from_slice(bytes);
        let name = format!("constant{}", self.next);
        self.layer(&name, "Const", "opset1", &data, &[], "", dtype, dims)
    }

    /// A layer with one output, called `names`.
    #[allow(clippy::too_many_arguments, reason = "a layer has so many parts")]
    pub(crate) fn node(
        &mut self,
        kind: &str,
        opset: &str,
        attributes: &str,
        inputs: &[&Value],
        names: &str,
        dtype: DType,
        dims: &[i64],
    ) -> Value {
        let data =
            if attributes.is_empty() { String::new() } else { format!("<data {attributes}/>") };
        let name = if names.is_empty() { format!("node{}", self.next) } else { names.to_owned() };
        self.layer(&name, kind, opset, &data, inputs, names, dtype, dims)
    }

    pub(crate) fn output(&mut self, value: &Value) {
        let name = format!("result{}", self.next);
        self.layer(&name, "Result", "opset1", "", &[value], "", value.dtype, &[]);
    }

    pub(crate) fn into_parts(self) -> [Vec<u8>; 2] {
        let Self { name, layers, edges, weights, .. } = self;
        let xml = format!(
            "<?xml version=\"1.0\"?>\n<net name=\"{name}\" version=\"11\">\n<layers>\n{layers}</layers>\n\
             <edges>\n{edges}</edges>\n</net>\n"
        );
        [xml.into_bytes(), weights]
    }

    #[allow(clippy::too_many_arguments, reason = "a layer has so many parts")]
    fn layer(
        &mut self,
        name: &str,
        kind: &str,
        opset: &str,
        data: &str,
        inputs: &[&Value],
        names: &str,
        dtype: DType,
        dims: &[i64],
    ) -> Value {
        let layer = self.next;
        self.next += 1;
        let mut text =
            format!("<layer id=\"{layer}\" name=\"{name}\" type=\"{kind}\" version=\"{opset}\">\n");
        if !data.is_empty() {
            writeln!(text, "{data}").unwrap();
        }
        if !inputs.is_empty() {
            text.push_str("<input>\n");
            for (port, input) in inputs.iter().enumerate() {
                writeln!(text, "{}", port_of(port, input.dtype, &input.dims, "")).unwrap();
                writeln!(
                    self.edges,
                    r#"<edge from-layer="{}" from-port="{}" to-layer="{layer}" to-port="{port}"/>"#,
                    input.layer, input.port
                )
                .unwrap();
            }
            text.push_str("</input>\n");
        }
        let port = inputs.len();
        if kind != "Result" {
            writeln!(text, "<output>\n{}\n</output>", port_of(port, dtype, dims, names)).unwrap();
        }
        self.layers.push_str(&text);
        self.layers.push_str("</layer>\n");
        Value { layer, port, dtype, dims: dims.to_vec() }
    }
}

fn port_of(port: usize, dtype: DType, dims: &[i64], names: &str) -> String {
    let dims: String = dims.iter().map(|dim| format!("<dim>{dim}</dim>")).collect();
    let names = if names.is_empty() { String::new() } else { format!(r#" names="{names}""#) };
    format!(r#"<port id="{port}" precision="{}"{names}>{dims}</port>"#, precision(dtype))
}

fn ty(dtype: DType) -> String {
    dtype.to_string()
}

fn precision(dtype: DType) -> String {
    match dtype {
        DType::F16 => "FP16".to_owned(),
        DType::F32 => "FP32".to_owned(),
        DType::F64 => "FP64".to_owned(),
        other => other.to_string().to_uppercase(),
    }
}
