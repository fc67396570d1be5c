//! What is to be known of an OpenVINO IR before it is read.

use godwit_backend::{Error, Result, Wall};
use godwit_onnx::walls::{self, Engine};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::layers::Layers;
use crate::refusals::UNWRITTEN;

/// Layers whose work, or the size of whose output, depends on what their inputs hold.
const SIZED_BY_VALUES: [&str; 20] = [
    "Bincount",
    "Broadcast",
    "Bucketize",
    "If",
    "Interpolate",
    "Loop",
    "MatrixNms",
    "MulticlassNms",
    "NonMaxSuppression",
    "NonZero",
    "OneHot",
    "Pad",
    "Range",
    "SearchSorted",
    "Slice",
    "StridedSlice",
    "TensorIterator",
    "Tile",
    "TopK",
    "Unique",
];

/// What an IR's XML says. Its names and dimensions the library tells.
#[derive(Debug)]
pub(crate) struct Outline {
    /// Whether the dimensions of the inputs alone determine how much work a run is, and how large its
    /// outputs are.
    pub(crate) shape_determined: bool,
    pub(crate) nodes: usize,
    /// The inputs that must have elements, one a bit.
    pub(crate) filled: u64,
}

/// Reads an IR's XML.
///
/// # Errors
///
/// - `InvalidEncoding`: it is not XML;
/// - `Unsupported`: the number of a `Tile`'s repeats is computed: the library may leave the output of such
///   a one unwritten, with what was in that memory before; or a layer that the library is not to be trusted with
///   behind `wall`.
pub(crate) fn outline(xml: &[u8], wall: Wall) -> Result<Outline> {
    let mut outline = Outline { shape_determined: true, nodes: 0, filled: 0 };
    let mut layers = Layers::default();
    let text = std::str::from_utf8(xml).map_err(|cause| not_one().with_source(cause))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    loop {
        let tag = match reader.read_event().map_err(|cause| not_one().with_source(cause))? {
            Event::Start(tag) | Event::Empty(tag) => tag,
            Event::Eof => break,
            _ => continue,
        };
        match tag.name().as_ref() {
            "layer" => {
                let (id, kind) = (attribute(&tag, "id")?, attribute(&tag, "type")?);
                outline.nodes += 1;
                outline.shape_determined &= !SIZED_BY_VALUES.contains(&&*kind) && !kind.is_empty();
                walls::allow(walls::layer_safety(&kind), &kind, Engine::OpenVino, wall)?;
                layers.add(id, kind);
            }
            "edge" => {
                let from = attribute(&tag, "from-layer")?;
                layers.connect(from, attribute(&tag, "to-layer")?, &attribute(&tag, "to-port")?);
            }
            "body" | "then_body" | "else_body" => layers.body(),
            "data" => layers.dims(&attribute(&tag, "shape")?),
            _ => {}
        }
    }
    if !layers.repeats_are_constant() {
        return Err(Error::unsupported(format!(
            "the operator Tile is not supported as this model uses it: OpenVINO {UNWRITTEN}"
        )));
    }
    if wall != Wall::Own {
        outline.filled = layers.must_be_filled()?;
    }
    Ok(outline)
}

fn not_one() -> Error {
    Error::invalid_encoding("the bytes are not an openvino model")
}

/// An attribute's value, or nothing where there is none.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<String> {
    let found = tag.try_get_attribute(name).map_err(|cause| not_one().with_source(cause))?;
    let Some(found) = found else { return Ok(String::new()) };
    let value = found.normalized_value(XmlVersion::Implicit1_0);
    Ok(value.map_err(|cause| not_one().with_source(cause))?.into_owned())
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;

    use super::*;

    fn outline(xml: &[u8]) -> Result<Outline> {
        super::outline(xml, Wall::Own)
    }

    fn net(repeats: &str) -> Vec<u8> {
        let net = format!(
            "<net><layers><layer id=\"0\" type=\"Parameter\"/><layer id='1' type='{repeats}'/>\
             <layer\n type=\"&#84;ile\" id=\"2\"/></layers><edges>\
             <edge from-layer=\"0\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/>\
             <edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"1\"/></edges></net>"
        );
        net.into_bytes()
    }

    #[test]
    fn a_tile_of_constant_repeats_is_taken_and_another_is_not() {
        outline(&net("Const")).unwrap();
        assert_eq!(outline(&net("Parameter")).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(outline(b"<net><layer id=\"2\" type=\"Tile\"/></net>").is_err());
    }

    #[test]
    fn a_constant_elsewhere_of_the_same_number_is_not_taken_for_one() {
        let twice =
            [&b"<a>"[..], &net("Parameter"), b"<layer id=\"1\" type=\"Const\"/></a>"].concat();
        assert!(outline(&twice).is_err());
    }

    #[test]
    fn layers_are_counted_and_loops_found() {
        let plain =
            outline(b"<net><layer id=\"0\" type=\"Add\"/><layer type=\"Relu\" id=\"1\"/></net>");
        let plain = plain.unwrap();
        assert_eq!((plain.nodes, plain.shape_determined), (2, true));
        assert!(!outline(b"<net><layer id=\"0\" type=\"Loop\"/></net>").unwrap().shape_determined);
        assert!(!outline(b"<net><layer id='0' type='Loop'/></net>").unwrap().shape_determined);
        assert_eq!(outline(b"<net></layer>").unwrap_err().kind(), ErrorKind::InvalidEncoding);
    }

    #[test]
    fn things_are_looked_up_where_there_are_some() {
        let net = |table: &str, wall| {
            let net = format!(
                "<net><layers><layer id=\"0\" type=\"Parameter\"/>{table}<layer id=\"2\" type=\"Gather\"/></layers>\
                 <edges><edge from-layer=\"0\" to-layer=\"1\" to-port=\"0\"/>\
                 <edge from-layer=\"1\" to-layer=\"2\" to-port=\"0\"/></edges></net>"
            );
            super::outline(net.as_bytes(), wall)
        };
        let layer =
            |kind: &str| format!("<layer id=\"1\" type=\"{kind}\"><data shape=\"4,0\"/></layer>");
        let relu = layer("Relu").replace("4,0", "4,3");
        assert_eq!(net(&relu, Wall::Process).unwrap().filled, 1);
        for kind in ["NonZero", "Const"] {
            let error = net(&layer(kind), Wall::Process).unwrap_err();
            assert!(error.message().contains("without elements"), "{error}");
            net(&layer(kind), Wall::Own).unwrap();
        }
        let full = layer("Const").replace("4,0", "4,3");
        assert_eq!(net(&full, Wall::Process).unwrap().filled, 0);
        let twice = layer("Relu") + &layer("NonZero");
        assert!(net(&twice, Wall::Process).is_err(), "a body counts its layers anew");
    }

    #[test]
    fn layers_that_look_anywhere_need_a_wall() {
        let net = b"<net><layers><layer id=\"0\" type=\"Frobnicate\"/></layers></net>";
        assert!(super::outline(net, Wall::Process).is_err());
        super::outline(net, Wall::Own).unwrap();
    }
}
