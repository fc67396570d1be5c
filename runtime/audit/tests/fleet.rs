//! Models held against a fleet on paper.

#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use godwit_audit::{Answer, Fleet, Needs, Opinion, judge};
use godwit_backend::{Buffer, DType, Encoding, Model};
use godwit_fixtures::{dims, models};

fn needs(bytes: Vec<u8>) -> Needs {
    Needs::of(&Model::onnx("m", bytes), 1).unwrap()
}

fn opinion(needs: &Needs, device: &str) -> Opinion {
    let fleet = format!("[[machine]]\nname = \"m\"\n[[machine.device]]\nid = \"d:0\"\n{device}");
    let fleet = Fleet::parse(&fleet).unwrap();
    judge(needs, fleet.machines.first().unwrap().devices.first().unwrap())
}

fn refused(text: &str) -> String {
    Fleet::parse(text).unwrap_err().message().to_owned()
}

#[test]
fn a_known_engine_with_enough_memory_runs_a_plain_model() {
    let digits = needs(models::DIGITS_ONNX.to_vec());
    let device = "engine = \"onnxruntime 1.31.1\"\nmemory = \"1GiB\"";
    let opinion = opinion(&digits, device);
    assert_eq!(opinion, Opinion { answer: Answer::Yes, why: Vec::new() });
    assert_eq!(digits.memory.tensors, Some(64 * 4 + 10 * 4));
    assert!(digits.memory.weights > 100_000);
}

#[test]
fn each_thing_that_lacks_is_named() {
    let digits = needs(models::DIGITS_ONNX.to_vec());
    let ort = "engine = \"onnxruntime 1.31.1\"\nmemory = \"1GiB\"\n";
    let no = |needs: &Needs, device: &str, part: &str| {
        let opinion = opinion(needs, device);
        assert_eq!(opinion.answer, Answer::No, "{device}: {opinion:?}");
        assert!(opinion.why.first().unwrap().contains(part), "{opinion:?}");
    };
    no(&digits, "engine = \"onnxruntime\"\nmemory = \"10KiB\"", "and it has 10.0 KiB");
    no(&digits, &format!("{ort}encodings = [\"openvino\"]"), "it reads openvino, not onnx");
    no(&digits, &format!("{ort}dtypes = [\"f16\"]"), "lacks the dtypes f32");
    no(&digits, &format!("{ort}opset = 5"), "operator sets up to 5");
    no(&digits, &format!("{ort}operators = [\"Gemm\", \"Relu\"]"), "lacks the operators Conv");
    let bf16 = needs(models::echo(DType::Bf16, dims![1, 3]));
    no(&bf16, "engine = \"tract 0.23.9\"\nmemory = \"1GiB\"", "lacks the dtypes bf16");
}

#[test]
fn what_nobody_wrote_down_makes_nobody_sure() {
    let digits = needs(models::DIGITS_ONNX.to_vec());
    let unsure = |needs: &Needs, device: &str, part: &str| {
        let opinion = opinion(needs, device);
        assert_eq!(opinion.answer, Answer::Unsure, "{device}: {opinion:?}");
        assert!(opinion.why.iter().any(|why| why.contains(part)), "{opinion:?}");
    };
    unsure(&digits, "", "its operators are not written down");
    unsure(&digits, "engine = \"openvino 2026.4.1\"", "its memory is not written down");
    unsure(&digits, "engine = \"onnxruntime 1.20\"\nmemory = \"1GiB\"", "in another version");
    let loops = needs(models::spin(3));
    unsure(&loops, "engine = \"tract 0.23.9\"\nmemory = \"1GiB\"", "no test of Loop passes");
    let gguf = Model::new("g", Encoding::Ggml, vec![Buffer::from(b"GGUF\x03\0\0\0".to_vec())]);
    let gguf = Needs::of(&gguf, 1).unwrap();
    unsure(&gguf, "encodings = [\"ggml\"]\nmemory = \"1GiB\"", "are not read");
}

#[test]
fn open_dimensions_are_counted_as_told() {
    let model = Model::onnx("m", models::outer());
    let one = Needs::of(&model, 1).unwrap().memory;
    let many = Needs::of(&model, 1000).unwrap().memory;
    assert_eq!((one.tensors, many.tensors), (Some(12), Some(4 * (1000 + 1000 + 1_000_000))));
    assert_eq!(many.open, ["m".to_owned(), "n".to_owned()].into());
}

#[test]
fn a_mistake_in_a_fleet_file_is_named_with_what_was_meant() {
    for (text, part) in [
        ("machine = 3", "write [[machine]] tables"),
        ("[[machines]]", "did you mean 'machine'?"),
        ("[[machine]]\ndevice = []", "lacks its 'name'"),
        ("[[machine]]\nname = \"a\"\ndevices = []", "did you mean 'device'?"),
        (
            "[[machine]]\nname = \"a\"\n[[machine.device]]\nid = \"d:0\"\nmemroy = 1",
            "did you mean 'memory'?",
        ),
        (
            "[[machine]]\nname = \"a\"\n[[machine.device]]\nid = \"d:0\"\nmemory = \"lots\"",
            "is no size",
        ),
        (
            "[[machine]]\nname = \"a\"\n[[machine.device]]\nid = \"d:0\"\nmemory = 3",
            "is not a text",
        ),
        (
            "[[machine]]\nname = \"a\"\n[[machine.device]]\nid = \"d:0\"\ndtypes = [\"fp32\"]",
            "did you mean 'f32'?",
        ),
        (
            "[[machine]]\nname = \"a\"\n[[machine.device]]\nid = \"d:0\"\nencodings = [\"onx\"]",
            "did you mean 'onnx'?",
        ),
        ("[[machine]]\nname = \"a\"\n[[machine.device]]\nengine = \"tract\"", "lacks its 'id'"),
        (
            "[[machine]]\nname = \"a\"\n[[machine.device]]\nid = \"d:0\"\n[[machine.device]]\nid = \"d:0\"",
            "two devices 'd:0'",
        ),
        (
            "[[machine]]\nname = \"a\"\ndevice = []\n[[machine]]\nname = \"a\"\ndevice = []",
            "two machines",
        ),
        ("[[machine]", "TOML parse error"),
    ] {
        let message = refused(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}
