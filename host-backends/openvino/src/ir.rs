//! What is to be known of an OpenVINO IR before it is read.

use crate::onnx::Outline;

/// Layers whose work, or the size of whose output, depends on what their inputs hold.
const UNSTEADY: [&str; 20] = [
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

/// Reads the outline of an IR's XML. Its names and dimensions the library tells.
pub(crate) fn outline(xml: &[u8]) -> Outline {
    let text = String::from_utf8_lossy(xml);
    let mut outline = Outline { steady: true, ..Outline::default() };
    for layer in text.split("<layer ").skip(1) {
        outline.nodes += 1;
        let tag = layer.split('>').next().unwrap_or(layer);
        let kind = tag.split("type=\"").nth(1).and_then(|rest| rest.split('"').next());
        outline.steady &= kind.is_some_and(|kind| !UNSTEADY.contains(&kind));
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_counted_and_loops_found() {
        let plain =
            outline(b"<net><layer id=\"0\" type=\"Add\"/><layer type=\"Relu\" id=\"1\"></net>");
        assert_eq!((plain.nodes, plain.steady), (2, true));
        assert!(!outline(b"<layer id=\"0\" type=\"Loop\">").steady);
        assert!(!outline(b"<layer id='0' type='Loop'>").steady);
    }
}
