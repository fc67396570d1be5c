//! One model gives one answer, whichever engine computes it.
//!
//! Every fixture model runs on every engine with the same inputs. Answers are held against those that
//! ONNX Runtime's own Python package gave where they are checked in, else against those of the first
//! engine that runs the model. `--nocapture` shows the table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic here is a failed test, and the table is what a person asked to see"
)]

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{
    Backend, DType, Dim, ErrorKind, Graph, Model, Quota, Shape, Target, Tensor, TensorInfo, Wall,
};
use godwit_cpu::CpuBackend;
use godwit_engines::{ONNXRUNTIME, OPENVINO};
use godwit_fixtures::{Reference, models, references};
use godwit_onnxruntime::{OnnxRuntime, OrtOptions};
use godwit_openvino::{OpenVino, OpenVinoOptions};
use half::{bf16, f16};

/// A device, and the models that it refuses by a clean error.
struct Engine {
    backend: Arc<dyn Backend>,
    device: &'static str,
    lacks: &'static [&'static str],
}

fn engines() -> Vec<Engine> {
    let library = |engine| {
        let found = godwit_engines::find(engine, None);
        found.unwrap_or_else(|absent| panic!("{absent}: run `cargo xtask setup`")).path
    };
    vec![
        Engine {
            backend: Arc::new(
                OnnxRuntime::open(&library(&ONNXRUNTIME), OrtOptions::default()).unwrap(),
            ),
            device: "ort-cpu:0",
            lacks: &[],
        },
        Engine {
            backend: Arc::new(CpuBackend::new(Default::default()).unwrap()),
            device: "cpu:0",
            lacks: &["expand", "spin", "echo-bf16"],
        },
        Engine {
            backend: Arc::new(
                OpenVino::open(
                    &library(&OPENVINO),
                    OpenVinoOptions { wall: Wall::Own, ..Default::default() },
                )
                .unwrap(),
            ),
            device: "openvino-cpu:0",
            lacks: &[],
        },
    ]
}

/// A model with inputs, and the answer if it is known.
struct Question {
    name: String,
    model: Model,
    inputs: Option<Vec<(String, Tensor)>>,
    answer: Option<Vec<(String, Tensor)>>,
}

/// The models that are kept in the repository or written by it.
fn kept() -> Vec<Question> {
    let mut questions = Vec::new();
    for (index, reference) in references().unwrap().into_iter().enumerate() {
        let Some(onnx) = reference.onnx() else { continue };
        questions.push(known(format!("{}#{index}", reference.model), onnx, reference));
    }
    let large = [("mobilenet", models::mobilenet(7)), ("resnet50", models::resnet50(7))];
    let large = large.map(|(name, onnx)| (name.to_owned(), onnx));
    for (name, onnx) in models::small_models().into_iter().chain(large) {
        let model = Model::onnx(&name, onnx);
        questions.push(Question { name, model, inputs: None, answer: None });
    }
    questions
}

fn minilm() -> Vec<Question> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/models/minilm/minilm.onnx");
    let onnx = std::fs::read(path).expect("target/models/minilm: run `cargo xtask setup`");
    let references = references().unwrap().into_iter().filter(|it| it.model == "minilm");
    references.map(|it| known(it.model.clone(), onnx.clone(), it)).collect()
}

fn known(name: String, onnx: Vec<u8>, reference: Reference) -> Question {
    let Reference { model, inputs, outputs } = reference;
    let model = Model::onnx(&model, onnx);
    Question { name, model, inputs: Some(inputs), answer: Some(outputs) }
}

#[test]
fn every_engine_gives_the_same_answer() {
    agree(kept());
}

#[test]
fn every_engine_gives_the_same_answer_for_minilm() {
    agree(minilm());
}

fn agree(questions: Vec<Question>) {
    let engines = engines();
    assert!(!questions.is_empty(), "there is nothing to ask");
    let mut wrong = Vec::new();
    println!(
        "{:<16} {:<15} {:<14} {:>9} {:>9} {:>9}  verdict",
        "model", "device", "against", "max abs", "max rel", "max ulp"
    );
    for question in questions {
        let mut answer = question.answer.map(|answer| ("reference", answer));
        for Engine { backend, device, lacks } in &engines {
            let model = question.model.name();
            let line = |against: &str, rest: fmt::Arguments<'_>| {
                println!("{:<16} {device:<15} {against:<14} {rest}", question.name);
            };
            let loaded = block_on(backend.load(&question.model, &Target::new(device)));
            let graph = match loaded {
                Ok(graph) => graph,
                Err(error) => {
                    assert_eq!(
                        error.kind(),
                        ErrorKind::Unsupported,
                        "{device}, {model}: {error:?}"
                    );
                    line("", format_args!("{:>9} {:>9} {:>9}  unsupported", "", "", ""));
                    assert!(lacks.contains(&&**model), "{device} refuses {model}: {error}");
                    continue;
                }
            };
            let inputs = question.inputs.clone().unwrap_or_else(|| seeded(&graph));
            let got = ask(&graph, inputs);
            let (against, wanted) = answer.get_or_insert_with(|| (device, got.clone()));
            let gap = gap(&got, wanted);
            let verdict = if gap.agrees { "agrees" } else { "DISAGREES" };
            line(
                against,
                format_args!("{:>9.2e} {:>9.2e} {:>9}  {verdict}", gap.abs, gap.rel, gap.ulp),
            );
            if !gap.agrees {
                wrong.push(format!("{} on {device}", question.name));
            }
        }
    }
    assert!(wrong.is_empty(), "engines disagree about {}", wrong.join(", "));
}

/// Runs on `graph` and names what comes out.
fn ask(graph: &Arc<dyn Graph>, inputs: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    let inputs = graph.info().signature.arrange(inputs).unwrap();
    let mut context = block_on(graph.context(&Quota::unlimited())).unwrap();
    let outputs = block_on(context.run(inputs)).unwrap();
    let names = graph.info().signature.outputs.iter().map(|output| output.name.to_string());
    names.zip(outputs).collect()
}

/// The same inputs for every engine: dimensions that are free are 2.
fn seeded(graph: &Arc<dyn Graph>) -> Vec<(String, Tensor)> {
    let inputs = graph.info().signature.inputs.iter();
    inputs.map(|info| (info.name.to_string(), values(info))).collect()
}

fn values(info: &TensorInfo) -> Tensor {
    let size = |dim: &Dim| if let Dim::Known(size) = dim { *size } else { 2 };
    let shape = Shape::new(info.dims.as_ref().unwrap().iter().map(size));
    let count = shape.elements().unwrap();
    // A multiplicative congruential generator (Lehmer, 1951), the same on every machine.
    let mut state = 20_070_713u64;
    let mut draw = || {
        state = state * 48_271 % 0x7fff_ffff;
        state
    };
    let mut bytes = Vec::new();
    for _ in 0..count {
        let small = u8::try_from(draw() % 16).unwrap();
        let real = f32::from(u16::try_from(draw() % 4001).unwrap()) / 2000.0 - 1.0;
        match info.dtype {
            DType::F32 => bytes.extend(real.to_le_bytes()),
            DType::F64 => bytes.extend(f64::from(real).to_le_bytes()),
            DType::F16 => bytes.extend(f16::from_f32(real).to_le_bytes()),
            DType::Bf16 => bytes.extend(bf16::from_f32(real).to_le_bytes()),
            DType::Bool => bytes.push(small % 2),
            // Small enough to be ids, large enough to be told apart; not zero, as some are lengths.
            dtype => {
                bytes.push(small + 1);
                bytes.resize(bytes.len() + dtype.size() - 1, 0);
            }
        }
    }
    Tensor::new(info.dtype, shape, bytes.into()).unwrap()
}

/// How far two answers are from each other.
struct Gap {
    abs: f64,
    rel: f64,
    ulp: u64,
    agrees: bool,
}

fn gap(got: &[(String, Tensor)], wanted: &[(String, Tensor)]) -> Gap {
    let mut gap = Gap { abs: 0.0, rel: 0.0, ulp: 0, agrees: got.len() == wanted.len() };
    for ((got_name, got), (wanted_name, wanted)) in got.iter().zip(wanted) {
        let alike = got_name == wanted_name
            && got.dtype() == wanted.dtype()
            && got.shape() == wanted.shape();
        let (Some(got_bytes), Some(wanted_bytes)) = (got.host(), wanted.host()) else {
            panic!("{got_name} is not on the host");
        };
        gap.agrees &= alike;
        let Some(tolerance) = tolerance(got.dtype()).filter(|_| alike) else {
            gap.agrees &= got_bytes[..] == wanted_bytes[..];
            continue;
        };
        let (got_all, wanted_all) = (numbers(got), numbers(wanted));
        // Cancellation leaves an error the size of the terms: small elements are judged by a typical one.
        let scale = typical(&wanted_all);
        for (&(got, got_bits), &(wanted, wanted_bits)) in got_all.iter().zip(&wanted_all) {
            if got == wanted || (got.is_nan() && wanted.is_nan()) {
                continue;
            }
            let apart = (got - wanted).abs();
            gap.abs = gap.abs.max(apart);
            gap.rel = gap.rel.max(apart / wanted.abs());
            gap.ulp = gap.ulp.max(got_bits.abs_diff(wanted_bits));
            gap.agrees &= apart <= tolerance * (wanted.abs() + scale);
        }
    }
    gap
}

/// The median of the finite magnitudes.
fn typical(numbers: &[(f64, i64)]) -> f64 {
    let finite = numbers.iter().map(|(value, _)| value.abs()).filter(|value| value.is_finite());
    let mut sizes: Vec<_> = finite.collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or_default()
}

/// Relative to the value and a typical one; `None` where answers are equal or wrong. Fifty layers of sums
/// in another order stay below it in f32; computing in a narrower dtype exceeds it a hundred times.
fn tolerance(dtype: DType) -> Option<f64> {
    Some(match dtype {
        DType::F64 => 1e-12,
        DType::F32 => 1e-4,
        DType::F16 => 2.0 * f64::from(f16::EPSILON),
        DType::Bf16 => 2.0 * f64::from(bf16::EPSILON),
        _ => return None,
    })
}

/// Values, each with its place among all values of its dtype: neighbours are one apart.
fn numbers(tensor: &Tensor) -> Vec<(f64, i64)> {
    fn place(bits: u64, sign: u32) -> i64 {
        let magnitude = (bits & !(1 << sign)).cast_signed();
        if bits >> sign == 0 { magnitude } else { -magnitude }
    }
    let bytes = tensor.host().unwrap();
    let size = tensor.dtype().size();
    let read = |one: &[u8]| match tensor.dtype() {
        DType::F64 => {
            let bits = u64::from_le_bytes(one.try_into().unwrap());
            (f64::from_bits(bits), place(bits, 63))
        }
        DType::F32 => {
            let bits = u32::from_le_bytes(one.try_into().unwrap());
            (f32::from_bits(bits).into(), place(bits.into(), 31))
        }
        DType::F16 => {
            let bits = u16::from_le_bytes(one.try_into().unwrap());
            (f16::from_bits(bits).into(), place(bits.into(), 15))
        }
        DType::Bf16 => {
            let bits = u16::from_le_bytes(one.try_into().unwrap());
            (bf16::from_bits(bits).into(), place(bits.into(), 15))
        }
        other => panic!("{other} is compared exactly"),
    };
    bytes.chunks_exact(size).map(read).collect()
}
