//! What is the ROCm backend's own: its devices, its options, the programs it keeps.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{
    Backend, CheckedContext, DType, ErrorKind, Graph, Model, Quota, Result, Target, Tensor, Tensors,
};
use godwit_fixtures::{dims, migraphx, models, onnx};
use godwit_rocm::{Rocm, RocmOptions};

use crate::subject::{DEVICE, open};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("a_machine_without_a_gpu_says_what_hip_says", a_machine_without_a_gpu_says_what_hip_says),
    ("the_reference_is_a_family_of_its_own", the_reference_is_a_family_of_its_own),
    ("what_is_no_library_is_said_to_be_none", what_is_no_library_is_said_to_be_none),
    ("f16_is_asked_for_and_told", f16_is_asked_for_and_told),
    ("int8_is_asked_for_with_samples_and_told", int8_is_asked_for_with_samples_and_told),
    ("a_compiled_program_is_kept_and_checked", a_compiled_program_is_kept_and_checked),
    ("rows_are_added_to_a_batch_and_cut_off", rows_are_added_to_a_batch_and_cut_off),
    ("rows_that_look_at_each_other_are_noticed", rows_that_look_at_each_other_are_noticed),
    ("branches_within_branches_are_refused", branches_within_branches_are_refused),
    ("a_transposed_output_is_in_order", a_transposed_output_is_in_order),
];

fn target(options: &[(&str, &str)]) -> Target {
    let target = Target::new(DEVICE);
    options.iter().fold(target, |target, (name, value)| target.with_option(*name, *value))
}

fn load(rocm: &Rocm, model: &Model, options: &[(&str, &str)]) -> Result<Arc<dyn Graph>> {
    block_on(rocm.load(model, &target(options)))
}

fn ask(graph: &Arc<dyn Graph>, inputs: impl IntoIterator<Item = Tensor>) -> Tensors {
    let mut context = block_on(CheckedContext::open(graph, &Quota::unlimited())).unwrap();
    block_on(context.run(inputs.into_iter().collect())).unwrap()
}

fn floats(tensor: &Tensor) -> &[f32] {
    tensor.values().unwrap()
}

fn a_machine_without_a_gpu_says_what_hip_says() {
    let rocm = Rocm::open(&migraphx::library().unwrap(), RocmOptions::default()).unwrap();
    assert_eq!(rocm.name(), "rocm");
    match rocm.devices() {
        // A machine with AMD hardware after all.
        Ok(devices) => assert!(devices.iter().all(|device| device.id.family() == "rocm")),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.message().contains("no ROCm-capable device"), "{error}");
        }
    }
    let model = Model::onnx("add", models::add());
    let error = block_on(rocm.load(&model, &Target::new(DEVICE))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unavailable), "{error:?}");
}

fn the_reference_is_a_family_of_its_own() {
    let rocm = open(RocmOptions::default());
    assert_eq!(rocm.name(), "rocm-ref");
    let devices = rocm.devices().unwrap();
    let [device] = devices.as_slice() else { panic!("{devices:?}") };
    assert_eq!(device.id.as_str(), DEVICE);
    assert_eq!(device.driver, format!("MIGraphX {}", rocm.version()));
    assert!(rocm.version().starts_with("2."), "{}", rocm.version());
}

fn what_is_no_library_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("libmigraphx_c.so.3");
    let absent = Rocm::open(&file, RocmOptions::default()).unwrap_err();
    fs::write(&file, "not a library").unwrap();
    let broken = Rocm::open(&file, RocmOptions::default()).unwrap_err();
    // A library, but another one.
    let hip = migraphx::library().unwrap().with_file_name("libamdhip64.so.6");
    let other = Rocm::open(&hip, RocmOptions::default()).unwrap_err();
    for error in [absent, broken, other] {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(!error.message().contains('/'), "{error}");
    }
}

/// An image per row, and what the model makes of it.
fn digits() -> (Model, Tensor) {
    let pixels: Vec<f32> = (0..128u16).map(|at| f32::from(at * 37 % 17) / 16.0).collect();
    let model = Model::onnx("digits", models::DIGITS_ONNX.to_vec());
    (model, Tensor::from_values([2, 1, 8, 8], &pixels).unwrap())
}

fn f16_is_asked_for_and_told() {
    let rocm = open(RocmOptions::default());
    let (model, image) = digits();
    let own = load(&rocm, &model, &[]).unwrap();
    let f16 = load(&rocm, &model, &[("precision", "f16")]).unwrap();
    assert_eq!(own.info().device.capabilities.precision, DType::F32);
    assert_eq!(f16.info().device.capabilities.precision, DType::F16);
    assert_eq!(own.info().signature, f16.info().signature);
    let (own, f16) = (ask(&own, [image.clone()]), ask(&f16, [image]));
    let gaps = floats(&own[0]).iter().zip(floats(&f16[0])).map(|(a, b)| (a - b).abs());
    let far = gaps.fold(0.0, f32::max);
    assert!(far > 1e-6, "as precise as f32: nothing was converted");
    assert!(far < 0.1, "off by {far}");
}

fn int8_is_asked_for_with_samples_and_told() {
    let rocm = open(RocmOptions::default());
    let (model, image) = digits();
    let samples = tempfile::tempdir().unwrap();
    let path = samples.path().to_str().unwrap();
    let options = [("precision", "int8"), ("calibration", path)];
    let error = load(&rocm, &model, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    fs::write(samples.path().join("0.bin"), &image.host().unwrap()[..]).unwrap();
    let own = load(&rocm, &model, &[]).unwrap();
    let int8 = load(&rocm, &model, &options).unwrap();
    assert_eq!(int8.info().device.capabilities.precision, DType::I8);
    let (own, int8) = (ask(&own, [image.clone()]), ask(&int8, [image]));
    let gaps = floats(&own[0]).iter().zip(floats(&int8[0])).map(|(a, b)| (a - b).abs());
    let far = gaps.fold(0.0, f32::max);
    let most = floats(&own[0]).iter().map(|it| it.abs()).fold(0.0, f32::max);
    assert!(far > 1e-4, "as precise as f32: nothing was converted");
    assert!(far < most / 4.0, "off by {far} where the largest is {most}");
}

/// The compiled programs in a folder, with their bytes.
fn kept(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut programs: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|it| it == "mxr"))
        .map(|file| (file.clone(), fs::read(&file).unwrap()))
        .collect();
    programs.sort();
    programs
}

fn a_compiled_program_is_kept_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        || RocmOptions { cache_dir: Some(folder.path().to_owned()), ..RocmOptions::default() };
    let (model, image) = digits();
    let answer = |options: &[(&str, &str)], with: RocmOptions| {
        let graph = load(&open(with), &model, options).unwrap();
        floats(&ask(&graph, [image.clone()])[0]).to_vec()
    };
    let wanted = answer(&[], RocmOptions::default());
    assert_eq!(answer(&[], options()), wanted);
    // One for the load, one for two rows.
    let first = kept(folder.path());
    assert_eq!(first.len(), 2);

    // What is kept is what is used: another program in its place would answer for it.
    assert_eq!(answer(&[], options()), wanted);
    assert_eq!(kept(folder.path()), first, "programs were compiled again");
    answer(&[("precision", "f16")], options());
    assert_eq!(kept(folder.path()).len(), 4, "an option makes other programs");

    let (file, bytes) = &first[0];
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(file, &damaged).unwrap();
    assert_eq!(answer(&[], options()), wanted, "after one bit was turned");
    assert_ne!(fs::read(file).unwrap(), damaged, "a damaged program was used");
}

fn rows_are_added_to_a_batch_and_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let cache_dir = Some(folder.path().to_owned());
    let rocm = open(RocmOptions { cache_dir, ..RocmOptions::default() });
    let model = Model::onnx("split", models::split());
    let graph = load(&rocm, &model, &[("batches", "2,8")]).unwrap();
    for rows in [1u8, 2, 3, 7, 8, 1] {
        let x: Vec<f32> = (0..rows * 3).map(f32::from).collect();
        let outputs = ask(&graph, [Tensor::from_values([rows.into(), 3], &x).unwrap()]);
        let doubled: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
        let total: Vec<f32> = x.chunks(3).map(|row| row.iter().sum()).collect();
        assert_eq!((floats(&outputs[0]), floats(&outputs[1])), (&*doubled, &*total), "{rows} rows");
        assert_eq!(outputs[1].shape()[..], [usize::from(rows)]);
    }
    assert_eq!(kept(folder.path()).len(), 2, "a size was compiled that nobody asked for");
    // Beyond the largest size a program is compiled after all.
    let outputs = ask(&graph, [Tensor::from_values([9, 3], &[1f32; 27]).unwrap()]);
    assert_eq!(floats(&outputs[1]), [3.0; 9]);
    assert_eq!(kept(folder.path()).len(), 3);

    let error = load(&rocm, &transposing(), &[("batches", "2")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
}

fn rows_that_look_at_each_other_are_noticed() {
    let mut graph = onnx::Graph::new("share");
    graph.input("x", DType::F32, dims!["n", 3]);
    graph.node("Softmax", "x", "y").int("axis", 0);
    graph.output("y", DType::F32, dims!["n", 3]);
    let model = Model::onnx("share", graph.into_bytes());
    let rocm = open(RocmOptions::default());
    load(&rocm, &model, &[]).unwrap();
    let error = load(&rocm, &model, &[("batches", "1,4")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.message().contains("batches"), "{error}");
}

/// The library would end the process.
fn branches_within_branches_are_refused() {
    let rocm = open(RocmOptions::default());
    let bad = models::bad_models().into_iter().find(|bad| bad.name == "nested-if").unwrap();
    let error = load(&rocm, &Model::onnx("nested", bad.bytes), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
}

/// `x` f32\[2, n\] -> `y` f32\[n, 2\].
fn transposing() -> Model {
    let mut graph = onnx::Graph::new("transpose");
    graph.input("x", DType::F32, dims![2, "n"]);
    graph.node("Transpose", "x", "y").ints("perm", [1, 0]);
    graph.output("y", DType::F32, dims!["n", 2]);
    Model::onnx("transpose", graph.into_bytes())
}

fn a_transposed_output_is_in_order() {
    let graph = load(&open(RocmOptions::default()), &transposing(), &[]).unwrap();
    let x = Tensor::from_values([2, 3], &[0f32, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    let outputs = ask(&graph, [x]);
    assert_eq!(floats(&outputs[0]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
}
