use godwit_backend::{Encoding, Error, Result};

use crate::protobuf::{Fields, Value};
use crate::{foreign, openvino};

/// Tells the encoding of a model's bytes by what they begin with, or `None` if they are no model
/// this crate knows.
///
/// TensorFlow and PyTorch are told at best effort: their files have no signature of their own.
pub fn detect<P: AsRef<[u8]>>(parts: &[P]) -> Option<Encoding> {
    let first = parts.first()?.as_ref();
    if first.starts_with(b"GGUF") {
        return Some(Encoding::Ggml);
    }
    if first.get(4..8) == Some(b"TFL3") {
        return Some(Encoding::TensorflowLite);
    }
    if is_torch_archive(first) {
        return Some(Encoding::Pytorch);
    }
    if openvino::is_ir(first) {
        return Some(Encoding::Openvino);
    }
    if foreign::describe(first).is_some() {
        return None;
    }
    protobuf_model(first)
}

/// Holds bytes to the encoding they are claimed to have, without reading further than [`detect`].
///
/// # Errors
///
/// `InvalidEncoding`, saying what the bytes look like instead, or that there are too many parts.
pub fn check_claimed<P: AsRef<[u8]>>(encoding: Encoding, parts: &[P]) -> Result<()> {
    let Some(first) = parts.first().map(AsRef::as_ref) else {
        return Err(Error::invalid_encoding(format!("an {encoding} model of no parts")));
    };
    if encoding == Encoding::Remote {
        return remote(first, parts.get(1..).unwrap_or_default());
    }
    let most = if encoding == Encoding::Openvino { 2 } else { 1 };
    if parts.len() > most && encoding != Encoding::Ggml && encoding != Encoding::Tensorflow {
        return Err(Error::invalid_encoding(format!(
            "a model of encoding {encoding} has at most {most} part(s), not {}",
            parts.len()
        )));
    }
    let found = detect(parts);
    if found == Some(encoding) {
        return Ok(());
    }
    let looks = match (found, foreign::describe(first)) {
        (Some(found), _) => format!("a model of encoding {found}"),
        (None, Some(other)) => other.to_owned(),
        // TensorFlow has formats that cannot be told from noise.
        (None, None) if encoding == Encoding::Tensorflow => return Ok(()),
        (None, None) => "data of no kind known here, or a damaged file".to_owned(),
    };
    Err(Error::invalid_encoding(format!(
        "the model is said to be {encoding} but looks like {looks}; give the encoding it has, or \
         another file"
    )))
}

/// A name, and the digest of a file if there is one.
fn remote<P: AsRef<[u8]>>(name: &[u8], of: &[P]) -> Result<()> {
    const LONGEST: usize = 1024;
    let is_name = !name.is_empty() && name.len() <= LONGEST;
    let is_text = std::str::from_utf8(name).is_ok_and(|name| !name.contains(char::is_control));
    match of {
        [] if is_name && is_text => Ok(()),
        [of] if is_name && is_text && of.as_ref().len() == 32 => Ok(()),
        _ => Err(Error::invalid_encoding("a remote model needs a name, and nothing but a digest")),
    }
}

/// A zip archive with TorchScript's entries. The first entry's name follows the 30 bytes of its
/// header; the archive's directory of names is at the end.
fn is_torch_archive(bytes: &[u8]) -> bool {
    const NEAR: usize = 64 * 1024;
    let tail = bytes.get(bytes.len().saturating_sub(NEAR)..).unwrap_or_default();
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    let holds = |text: &[u8], part: &[u8]| text.windows(part.len()).any(|window| window == part);
    bytes.starts_with(b"PK\x03\x04") && [head, tail].iter().any(|part| holds(part, b"/data.pkl"))
}

/// Tells ONNX from a SavedModel by the fields of the outermost message; both begin with a version.
///
/// A cut file is still told: its last field is what it ends in.
fn protobuf_model(bytes: &[u8]) -> Option<Encoding> {
    let (mut versioned, mut onnx, mut metagraphs) = (false, true, 0u64);
    let (mut graph, mut saved_model) = (false, true);
    for field in Fields::of(bytes) {
        let Ok(field) = field else {
            graph |= versioned && cut_in_graph(bytes);
            break;
        };
        let varint = matches!(field.value, Value::Varint(_));
        let message = matches!(field.value, Value::Bytes(_));
        versioned |= field.number == 1 && varint;
        graph |= field.number == 7 && message;
        metagraphs += u64::from(field.number == 2 && message);
        onnx &= match field.number {
            1 | 5 => varint,
            2..=4 | 6..=8 | 14 | 20 | 25 | 26 => message,
            _ => true,
        };
        saved_model &= matches!((field.number, varint, message), (1, true, _) | (2, _, true));
    }
    if onnx && versioned && graph {
        return Some(Encoding::Onnx);
    }
    (saved_model && versioned && metagraphs > 0).then_some(Encoding::Tensorflow)
}

/// Whether the first field that does not fit the file is an ONNX graph.
fn cut_in_graph(bytes: &[u8]) -> bool {
    const GRAPH: u8 = 7 << 3 | 2;
    let mut fields = Fields::of(bytes);
    loop {
        let before = fields.clone();
        match fields.next() {
            Some(Ok(_)) => {}
            Some(Err(_)) => return before.rest().first() == Some(&GRAPH),
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use godwit_backend::ErrorKind;

    use super::*;

    #[test]
    fn a_remote_model_is_a_name_and_no_bytes_are_taken_for_one() {
        let is_one = |parts: &[&[u8]]| check_claimed(Encoding::Remote, parts).is_ok();
        assert!(is_one(&[b"digits"]) && is_one(&[b"digits", &[7; 32]]));
        for parts in
            [&[b"".as_slice()] as &[&[u8]], &[b"a\nb"], &[b"\xff"], &[&[b'a'; 1025]], &[b"a", b"b"]]
        {
            assert!(!is_one(parts), "{parts:?}");
        }
        assert_eq!(detect(&[b"digits"]), None);
    }

    const ONNX: &[u8] = include_bytes!("../../../tests/fixtures/models/digits.onnx");
    const IR: &[u8] = include_bytes!("../../../tests/fixtures/models/digits.xml");
    const WEIGHTS: &[u8] = include_bytes!("../../../tests/fixtures/models/digits.bin");
    const TORCH: &[u8] = b"PK\x03\x04..........................digits/data.pkl";
    const SAVED: &[u8] = &[8, 1, 0x12, 2, 0x0a, 0];

    #[test]
    fn each_encoding_is_told_and_no_other_claimed() {
        let samples: [(Encoding, &[&[u8]]); 6] = [
            (Encoding::Onnx, &[ONNX]),
            (Encoding::Openvino, &[IR, WEIGHTS]),
            (Encoding::Ggml, &[b"GGUF\x03\0\0\0"]),
            (Encoding::TensorflowLite, &[b"\x1c\0\0\0TFL3\0\0"]),
            (Encoding::Pytorch, &[TORCH]),
            (Encoding::Tensorflow, &[SAVED]),
        ];
        for (encoding, parts) in samples {
            assert_eq!(detect(parts), Some(encoding));
            for claimed in Encoding::ALL {
                assert_eq!(check_claimed(claimed, &parts[..1]).is_ok(), claimed == encoding);
            }
        }
    }

    #[test]
    fn a_cut_onnx_file_is_still_told() {
        assert_eq!(detect(&[&ONNX[..1000]]), Some(Encoding::Onnx));
    }

    #[test]
    fn weights_are_no_model() {
        assert_eq!(detect(&[WEIGHTS]), None);
        assert_eq!(detect::<&[u8]>(&[]), None);
    }

    #[test]
    fn the_message_says_what_it_is_instead() {
        let message = |encoding, bytes: &[u8]| {
            let error = check_claimed(encoding, &[bytes]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidEncoding);
            error.message().to_owned()
        };
        for (bytes, part) in [
            (&b""[..], "an empty file"),
            (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
            (b"\n<!DOCTYPE html><html>", "an HTML page"),
            (b"\0asm\x0d\0\x01\0", "a WebAssembly file"),
            (b"PK\x03\x04 something", "a zip archive"),
            (b"{\"a\": [1, 2]}", "a JSON file"),
            (b"not a model at all", "a text file"),
            (b"\x40\0\0\0\0\0\0\0{\"w\":", "safetensors"),
            (b"\xff\xfe\xfd", "data of no kind known"),
            (IR, "a model of encoding openvino"),
        ] {
            let message = message(Encoding::Onnx, bytes);
            assert!(message.contains(part), "{message}");
        }
        assert!(message(Encoding::Openvino, ONNX).contains("encoding onnx"));
    }

    #[test]
    fn too_many_parts() {
        let error = check_claimed(Encoding::Onnx, &[ONNX, ONNX]).unwrap_err();
        assert!(error.message().contains("at most 1 part(s), not 2"), "{error}");
    }
}
