use std::fs;
use std::path::Path;
use std::time::Duration;

use godwit_backend::{Buffer, CheckedContext, Encoding, ErrorKind, Model, Quota, Tensor};
use godwit_fixtures::models::{
    DIGITS_IR_WEIGHTS, DIGITS_IR_XML, DIGITS_ONNX, add, bad_models, mixed, spin,
};
use godwit_openvino::{OpenVino, OpenVinoOptions};

use crate::{answer, floats, library, load};

fn image() -> Tensor {
    let pixels: Vec<f32> = (0..64u8).map(|i| f32::from(i % 17) / 16.0).collect();
    Tensor::from_values([1, 1, 8, 8], &pixels).unwrap()
}

fn ir(parts: &[&[u8]]) -> Model {
    let parts = parts.iter().map(|part| Buffer::from(part.to_vec())).collect();
    Model::new("digits", Encoding::Openvino, parts)
}

#[test]
fn ir_and_onnx_of_one_net_agree() {
    let backend = library::open();
    let onnx = load(&backend, &Model::onnx("digits", DIGITS_ONNX)).unwrap();
    let ir = load(&backend, &ir(&[DIGITS_IR_XML, DIGITS_IR_WEIGHTS])).unwrap();
    let names = |infos: &[godwit_backend::TensorInfo]| {
        infos.iter().map(|info| info.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&ir.info().signature.inputs), ["image"]);
    assert_eq!(names(&ir.info().signature.outputs), ["logits"]);
    let (a, b) = (answer(&onnx, [image()]).unwrap(), answer(&ir, [image()]).unwrap());
    let (a, b) = (a[0].values::<f32>().unwrap(), b[0].values::<f32>().unwrap());
    assert_eq!(a.len(), 10);
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4), "{a:?} {b:?}");
}

#[test]
fn a_broken_ir_is_an_invalid_encoding() {
    let backend = library::open();
    let half = &DIGITS_IR_XML[..DIGITS_IR_XML.len() / 2];
    for parts in [
        vec![b"not xml".as_slice(), DIGITS_IR_WEIGHTS],
        vec![half, DIGITS_IR_WEIGHTS],
        vec![DIGITS_IR_XML, &DIGITS_IR_WEIGHTS[..100]],
        vec![DIGITS_IR_XML, DIGITS_IR_WEIGHTS, b"more"],
        vec![DIGITS_ONNX, DIGITS_IR_WEIGHTS],
    ] {
        let error = load(&backend, &ir(&parts)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidEncoding, "{error:?}");
    }
}

#[test]
fn weights_in_other_files_are_refused_before_the_library_sees_them() {
    let bad = bad_models().into_iter().find(|bad| bad.name == "external-data").unwrap();
    let error = load(&library::open(), &Model::onnx("external", bad.bytes)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("weights in other files"), "{error}");
}

#[test]
fn a_row_that_a_table_does_not_have_is_named() {
    let graph = load(&library::open(), &Model::onnx("mixed", mixed())).unwrap();
    let ask = |id: i64| answer(&graph, [Tensor::from_values([1], &[id]).unwrap(), floats(&[1.0])]);
    assert_eq!(ask(-1).unwrap()[0].values::<f32>(), Some(&[225.0][..]));
    let error = ask(16).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.message().contains("'ids' holds 16"), "{error}");
}

#[test]
fn a_load_past_its_deadline_is_a_timeout_and_the_next_model_loads() {
    let options = OpenVinoOptions { load_deadline: Duration::ZERO, ..Default::default() };
    let hasty = OpenVino::open(&library::path(), options).unwrap();
    let error = load(&hasty, &Model::onnx("digits", DIGITS_ONNX)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(load(&library::open(), &Model::onnx("add", add())).is_ok());
}

#[test]
fn a_loop_runs_away_from_the_callers_thread() {
    let graph = load(&library::open(), &Model::onnx("spin", spin(1000))).unwrap();
    let mut context =
        futures::executor::block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    for _ in 0..20 {
        let run = context.run([floats(&[1.0])].into_iter().collect());
        assert!(!run.is_ready(), "how long it takes, nobody knows");
        let outputs = futures::executor::block_on(run).unwrap();
        assert_eq!(outputs[0].values::<f32>(), Some(&[1001.0][..]));
    }
}

fn files(root: &Path) -> Vec<std::path::PathBuf> {
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "blob"));
    files
}

#[test]
fn a_compiled_model_is_kept_and_a_broken_one_does_no_harm() {
    let root = tempfile::tempdir().unwrap();
    let options = OpenVinoOptions { cache_dir: Some(root.path().to_owned()), ..Default::default() };
    let backend = OpenVino::open(&library::path(), options).unwrap();
    let model = Model::onnx("digits", DIGITS_ONNX);
    let fresh = answer(&load(&backend, &model).unwrap(), [image()]).unwrap();
    let kept = files(root.path());
    assert_eq!(kept.len(), 1, "one model is kept");
    let written = fs::metadata(&kept[0]).unwrap().modified().unwrap();

    let again = answer(&load(&backend, &model).unwrap(), [image()]).unwrap();
    assert_eq!(again[0].values::<f32>(), fresh[0].values::<f32>());
    assert_eq!(fs::metadata(&kept[0]).unwrap().modified().unwrap(), written, "it was read");

    let whole = fs::read(&kept[0]).unwrap();
    for broken in [&whole[..whole.len() / 2], b"", &[whole.as_slice(), b"more"].concat()] {
        fs::write(&kept[0], broken).unwrap();
        let healed = answer(&load(&backend, &model).unwrap(), [image()]).unwrap();
        assert_eq!(healed[0].values::<f32>(), fresh[0].values::<f32>());
    }
}
