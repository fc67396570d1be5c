//! OpenVINO IR: an XML file with the graph and a second file with the weights.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use godwit_backend::{DType, Dim, Error, Result, Signature, TensorInfo};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::order::has_cycle;
use crate::text::{name, quoted};
use crate::{Format, Interface, Limits, Summary};

/// Reads the XML of an IR and holds it, and the weights it points into, to the limits.
///
/// # Errors
///
/// - `InvalidEncoding`: not XML, not an IR, or constants that lie outside `weights`;
/// - `TooLarge`: a limit, named.
pub fn summarize(xml: &[u8], weights: &[u8], limits: &Limits) -> Result<Summary> {
    let text = std::str::from_utf8(xml).map_err(|_| damaged("it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut ir = Ir::new(limits, weights.len() as u64);
    loop {
        match reader
            .read_event()
            .map_err(|cause| damaged("its XML is broken").with_source(cause))?
        {
            Event::Start(element) => ir.open(&element)?,
            Event::End(_) => ir.close()?,
            Event::Text(text) => ir.text(&text.xml10_content()),
            Event::DocType(_) => return Err(damaged("it has a document type, which no IR has")),
            Event::Eof => break,
            _ => {}
        }
    }
    ir.finish()
}

/// Whether bytes begin like an IR: an optional declaration and comments, then `<net`.
pub(crate) fn is_ir(bytes: &[u8]) -> bool {
    const NEAR: usize = 4096;
    let head = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = head.get(..head.len().min(NEAR)).unwrap_or_default();
    let mut head = String::from_utf8_lossy(head).into_owned();
    loop {
        let rest = head.trim_start();
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ => {
                let net = rest.strip_prefix("<net");
                return net.is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n', '>']));
            }
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        head = after.to_owned();
    }
}

/// Levels of elements from one graph to another inside it.
const LAYERS: u32 = 3;

/// A port's tensor.
#[derive(Debug, Default, Clone)]
struct Port {
    name: String,
    precision: String,
    dims: Vec<Dim>,
}

#[derive(Debug, Default)]
struct Layer {
    id: String,
    name: String,
    kind: String,
    /// Of a `Parameter`: what its `data` says.
    shape: Option<String>,
    output_name: String,
    port: Option<(String, Port)>,
}

#[derive(Debug)]
struct Ir<'l> {
    limits: &'l Limits,
    weights: u64,
    depth: u32,
    seen: bool,
    name: String,
    version: i64,
    in_dim: bool,
    layer: Layer,
    parameters: Vec<(String, Port, Option<String>)>,
    /// Identifiers of `Result` layers and the names they give.
    results: Vec<(String, String)>,
    ports: HashMap<(String, String), Port>,
    feeds: HashMap<String, (String, String)>,
    operators: BTreeMap<String, u64>,
    nodes: u64,
    elements: u64,
    bytes: u64,
    nesting: u32,
    /// The edges of each graph around the element at hand, by their layers.
    edges: Vec<Vec<(String, String)>>,
}

impl<'l> Ir<'l> {
    fn new(limits: &'l Limits, weights: u64) -> Self {
        Self {
            limits,
            weights,
            depth: 0,
            seen: false,
            name: String::new(),
            version: 0,
            in_dim: false,
            layer: Layer::default(),
            parameters: Vec::new(),
            results: Vec::new(),
            ports: HashMap::new(),
            feeds: HashMap::new(),
            operators: BTreeMap::new(),
            nodes: 0,
            elements: 0,
            bytes: 0,
            nesting: 0,
            edges: Vec::new(),
        }
    }

    /// Elements of the outermost graph lie at fixed depths; each body adds `LAYERS` to them.
    fn open(&mut self, element: &BytesStart<'_>) -> Result<()> {
        const NET: u32 = 0;
        const LAYER: u32 = 2;
        let depth = self.depth;
        self.depth += 1;
        if depth.is_multiple_of(LAYERS) {
            self.edges.push(Vec::new());
        }
        if depth / LAYERS > self.limits.max_depth + 2 {
            return Err(Error::too_large(format!(
                "the model nests graphs more than {} deep",
                self.limits.max_depth
            )));
        }
        let tag = element.name();
        if depth == NET {
            if tag.0 != "net" || self.seen {
                return Err(damaged("its outermost element is not a single 'net'"));
            }
            self.seen = true;
        }
        let limits = self.limits;
        let attribute = |key: &str| attribute(element, key, limits);
        match (tag.0, depth) {
            ("net", NET) => {
                let version = attribute("version")?;
                self.name = attribute("name")?;
                self.version = version.parse().map_err(|_| damaged("it states no version"))?;
            }
            ("layer", LAYER) => {
                self.layer = Layer {
                    id: attribute("id")?,
                    name: attribute("name")?,
                    kind: attribute("type")?,
                    output_name: first_name(&attribute("output_names")?),
                    ..Layer::default()
                };
                let kind = self.layer.kind.clone();
                self.count(&kind)?;
            }
            ("layer", _) => {
                let kind = attribute("type")?;
                self.nesting = self.nesting.max(depth.saturating_sub(LAYER) / LAYERS);
                self.count(&kind)?;
            }
            ("data", _) => {
                let (offset, size) = (attribute("offset")?, attribute("size")?);
                if depth == LAYER + 1 {
                    self.layer.shape = Some(attribute("shape")?);
                }
                if !offset.is_empty() || !size.is_empty() {
                    let dtype = dtype(&attribute("element_type")?);
                    self.constant(&offset, &size, dtype)?;
                }
            }
            ("port", 4) => {
                let port = Port {
                    name: first_name(&attribute("names")?),
                    precision: attribute("precision")?,
                    dims: Vec::new(),
                };
                self.layer.port = Some((attribute("id")?, port));
            }
            ("dim", 5) => self.in_dim = true,
            ("edge", _) if depth % LAYERS == 2 => {
                let (from, to) = (attribute("from-layer")?, attribute("to-layer")?);
                if depth == 2 {
                    self.feeds.insert(to.clone(), (from.clone(), attribute("from-port")?));
                }
                if let Some(edges) = self.edges.last_mut() {
                    edges.push((from, to));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth.is_multiple_of(LAYERS) {
            ordered(&self.edges.pop().unwrap_or_default())?;
        }
        self.in_dim = false;
        if self.depth == 4
            && let Some((id, port)) = self.layer.port.take()
        {
            if self.layer.kind == "Parameter" {
                let named = if port.name.is_empty() { &self.layer.name } else { &port.name };
                let shape = self.layer.shape.take();
                self.parameters.push((named.clone(), port.clone(), shape));
            }
            self.ports.insert((self.layer.id.clone(), id), port);
        }
        if self.depth == 2 {
            let layer = std::mem::take(&mut self.layer);
            if layer.kind == "Result" {
                self.results.push((layer.id, layer.output_name));
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        const MAX_RANK: usize = 64;
        if let Some((_, port)) = self.layer.port.as_mut()
            && self.in_dim
            && port.dims.len() < MAX_RANK
        {
            port.dims.push(dim(text));
        }
    }

    fn count(&mut self, kind: &str) -> Result<()> {
        self.nodes += 1;
        if self.nodes > self.limits.max_nodes {
            return Err(Error::too_large(format!(
                "the model has more than the {} nodes that are allowed",
                self.limits.max_nodes
            )));
        }
        if self.nesting > self.limits.max_depth {
            return Err(Error::too_large(format!(
                "the model nests graphs more than {} deep",
                self.limits.max_depth
            )));
        }
        *self.operators.entry(kind.to_owned()).or_default() += 1;
        Ok(())
    }

    fn constant(&mut self, offset: &str, size: &str, dtype: Option<DType>) -> Result<()> {
        let number =
            |text: &str| text.parse::<u64>().map_err(|_| damaged("an offset is no number"));
        let (offset, size) = (number(offset)?, number(size)?);
        if size > self.limits.max_tensor_bytes {
            return Err(Error::too_large(format!(
                "the model holds a tensor of {size} bytes, and {} are allowed",
                self.limits.max_tensor_bytes
            )));
        }
        if offset.checked_add(size).is_none_or(|end| end > self.weights) {
            return Err(Error::invalid_encoding(format!(
                "the model wants {size} bytes at {offset} of its weights, which have {}; pass the \
                 weights that belong to it",
                self.weights
            )));
        }
        self.bytes = self.bytes.saturating_add(size);
        let elements = size / dtype.map_or(1, |dtype| dtype.size() as u64);
        self.elements = self.elements.saturating_add(elements);
        Ok(())
    }

    fn finish(self) -> Result<Summary> {
        if !self.seen || self.depth > 0 {
            return Err(damaged("it ends too early"));
        }
        if self.results.is_empty() {
            return Err(damaged("its graph has no output"));
        }
        const CONTROL: [&str; 4] = ["If", "Loop", "TensorIterator", "While"];
        let control_flow =
            self.nesting > 0 || CONTROL.iter().any(|kind| self.operators.contains_key(*kind));
        Ok(Summary {
            signature: self.interface(),
            name: self.name,
            format: Format::Openvino { ir_version: self.version },
            operators: self.operators,
            nodes: self.nodes,
            parameters: self.elements,
            parameter_bytes: self.bytes,
            external_data: BTreeSet::new(),
            control_flow,
            nesting: self.nesting,
        })
    }

    fn interface(&self) -> Interface {
        let mut signature = Signature::default();
        for (named, port, shape) in &self.parameters {
            let Some(dtype) = dtype(&port.precision) else {
                return unsupported("input", named, &port.precision);
            };
            let ranked = shape.as_deref() != Some("...");
            let dims = ranked.then(|| port.dims.clone());
            signature.inputs.push(TensorInfo { name: named.as_str().into(), dtype, dims });
        }
        for (id, output) in &self.results {
            let Some(port) = self.feeds.get(id).and_then(|from| self.ports.get(from)) else {
                return Interface::Undetermined {
                    undetermined: "the model's file does not say what an output comes from".into(),
                };
            };
            let named = if output.is_empty() { port.name.as_str() } else { output };
            let Some(dtype) = dtype(&port.precision) else {
                return unsupported("output", named, &port.precision);
            };
            // A scalar and a tensor of unknown rank are written alike.
            let dims = (!port.dims.is_empty()).then(|| port.dims.clone());
            signature.outputs.push(TensorInfo { name: named.into(), dtype, dims });
        }
        Interface::Known(signature)
    }
}

/// Checks that no layer of a graph depends on itself.
fn ordered(edges: &[(String, String)]) -> Result<()> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut number = |layer| {
        let next = numbers.len();
        *numbers.entry(layer).or_insert(next)
    };
    let edges: Vec<_> = edges.iter().map(|(from, to)| (number(from), number(to))).collect();
    if has_cycle(numbers.len(), &edges) {
        return Err(damaged("layers depend on each other in a cycle"));
    }
    Ok(())
}

fn attribute(element: &BytesStart<'_>, key: &str, limits: &Limits) -> Result<String> {
    let broken = || damaged("its XML is broken");
    // Looking for duplicates would take quadratic time.
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|cause| broken().with_source(cause))?;
        if attribute.key.0 == key {
            let value: Cow<'_, str> = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|cause| broken().with_source(cause))?;
            return name(value.as_bytes(), limits).map(str::to_owned);
        }
    }
    Ok(String::new())
}

fn unsupported(role: &str, name: &str, precision: &str) -> Interface {
    Interface::Unsupported {
        unsupported: format!(
            "the model's {role} {} is of type {}, and only tensors of numbers and booleans can be \
             passed",
            quoted(name),
            quoted(precision)
        ),
    }
}

/// A port may have several names, with commas between them.
fn first_name(names: &str) -> String {
    let mut first = String::new();
    let mut chars = names.chars();
    while let Some(char) = chars.next() {
        match char {
            ',' => break,
            '\\' => first.extend(chars.next()),
            other => first.push(other),
        }
    }
    first
}

fn dim(text: &str) -> Dim {
    text.trim().parse().map_or(Dim::Unknown, Dim::Known)
}

fn dtype(precision: &str) -> Option<DType> {
    Some(match precision.to_ascii_lowercase().as_str() {
        "fp16" | "f16" => DType::F16,
        "fp32" | "f32" => DType::F32,
        "fp64" | "f64" => DType::F64,
        "bf16" => DType::Bf16,
        "u8" => DType::U8,
        "u16" => DType::U16,
        "u32" => DType::U32,
        "u64" => DType::U64,
        "i8" => DType::I8,
        "i16" => DType::I16,
        "i32" => DType::I32,
        "i64" => DType::I64,
        "bool" | "boolean" => DType::Bool,
        _ => return None,
    })
}

fn damaged(why: &str) -> Error {
    Error::invalid_encoding(format!("the model is not an OpenVINO IR, or damaged: {why}"))
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;

    use super::*;

    const IR: &[u8] = include_bytes!("../../../tests/fixtures/models/digits.xml");
    const WEIGHTS: &[u8] = include_bytes!("../../../tests/fixtures/models/digits.bin");

    fn read(xml: &[u8]) -> Result<Summary> {
        summarize(xml, WEIGHTS, &Limits::default())
    }

    #[track_caller]
    fn refused(xml: &str, kind: ErrorKind, part: &str) {
        let error = read(xml.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(part), "{error}");
    }

    #[test]
    fn the_digits_model() {
        let summary = read(IR).unwrap();
        let signature = summary.signature().unwrap();
        assert_eq!(signature.inputs[0].to_string(), "image: f32[?, 1, 8, 8]");
        assert_eq!(signature.outputs[0].to_string(), "logits: f32[?, 10]");
        assert_eq!(summary.operators["Convolution"], 2);
        assert_eq!(summary.nodes, 24);
        assert_eq!(summary.format, Format::Openvino { ir_version: 11 });
        assert_eq!(summary.parameter_bytes, WEIGHTS.len() as u64);
    }

    #[test]
    fn weights_that_are_missing_or_short() {
        for weights in [&[][..], &WEIGHTS[..WEIGHTS.len() - 1]] {
            let error = summarize(IR, weights, &Limits::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidEncoding);
            assert!(error.message().contains("pass the weights that belong to it"), "{error}");
        }
    }

    #[test]
    fn every_prefix_is_refused() {
        // The last byte is the line feed after the end.
        for end in (0..IR.trim_ascii_end().len()).step_by(7) {
            let error = read(&IR[..end]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidEncoding, "{end} bytes: {error}");
        }
    }

    #[test]
    fn nesting_and_entities_are_refused() {
        let open = "<net name=\"n\" version=\"11\">".to_owned();
        let deep = open.clone() + &"<body>".repeat(100_000);
        refused(&deep, ErrorKind::TooLarge, "more than 16 deep");
        let layers = "<layers>".to_owned() + &"<layer type=\"Relu\"/>".repeat(20_001);
        refused(&(open + &layers), ErrorKind::TooLarge, "the 20000 nodes");
        let entities = "<!DOCTYPE net [<!ENTITY a \"b\">]><net version=\"11\"/>";
        refused(entities, ErrorKind::InvalidEncoding, "document type");
    }

    #[test]
    fn a_bodys_inputs_are_not_the_models() {
        let layer = |id, kind: &str, inside: &str| {
            format!("<layer id=\"{id}\" name=\"{kind}{id}\" type=\"{kind}\">{inside}</layer>")
        };
        let port = "<output><port id=\"0\" precision=\"I64\"/></output>";
        let inner = layer(7, "Parameter", port);
        let body = format!("<body><layers>{inner}</layers></body>");
        let xml = format!(
            "<net name=\"n\" version=\"11\"><layers>{}{}{}</layers><edges><edge from-layer=\"0\" \
             from-port=\"0\" to-layer=\"2\" to-port=\"0\"/></edges></net>",
            layer(0, "Parameter", port),
            layer(1, "Loop", &body),
            layer(2, "Result", ""),
        );
        let summary = read(xml.as_bytes()).unwrap();
        assert_eq!(summary.signature().unwrap().inputs.len(), 1);
        assert_eq!((summary.operators["Parameter"], summary.nesting), (2, 1));
        assert!(summary.control_flow);
    }

    #[test]
    fn layers_that_wait_for_each_other_are_refused() {
        let edges = |edges: &[(u32, u32)]| {
            let each = edges.iter().map(|(from, to)| {
                format!(
                    "<edge from-layer=\"{from}\" from-port=\"1\" to-layer=\"{to}\" to-port=\"0\"/>"
                )
            });
            format!("<edges>{}</edges>", each.collect::<String>())
        };
        let net = |inner: &[(u32, u32)], outer: &[(u32, u32)]| {
            format!(
                "<net name=\"n\" version=\"11\"><layers><layer id=\"0\" name=\"l\" type=\"Loop\"><body>{}</body>\
                 </layer><layer id=\"1\" name=\"r\" type=\"Result\"/></layers>{}</net>",
                edges(inner),
                edges(outer)
            )
        };
        read(net(&[(1, 2)], &[(0, 1), (2, 0)]).as_bytes()).unwrap();
        refused(&net(&[], &[(0, 2), (2, 0)]), ErrorKind::InvalidEncoding, "in a cycle");
        refused(&net(&[(4, 5), (5, 4)], &[]), ErrorKind::InvalidEncoding, "in a cycle");
    }

    #[test]
    fn names_of_ports() {
        assert_eq!(first_name("a,b"), "a");
        assert_eq!(first_name("a\\,b,c"), "a,b");
        assert_eq!(first_name(""), "");
    }
}
