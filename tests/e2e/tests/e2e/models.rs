//! The models that guests ask for by name, once as ONNX and once as scripts for the fake.

use std::time::Duration;

use godwit_backend::{Buffer, DType, Dim, Encoding, Model};
use godwit_fake::{Op, Script};
use godwit_fixtures::{dims, models, references};

const DTYPES: [DType; 7] =
    [DType::F16, DType::F32, DType::F64, DType::Bf16, DType::U8, DType::I32, DType::I64];

/// Everything as ONNX.
pub(crate) fn onnx() -> Vec<Model> {
    let echoes = DTYPES.map(|dtype| (echo(dtype), models::echo(dtype, dims!["batch", 3])));
    let others = [
        ("digits", models::DIGITS_ONNX.to_vec()),
        ("add", models::add()),
        ("split", models::split()),
        ("mixed", models::mixed()),
        ("scale", models::scale(3.0)),
        // Some seconds of work for the rows it is asked about, in a thousand steps.
        ("slow", models::matmul_chain(128, 1000)),
        ("forbidden", models::scale(5.0)),
    ];
    let others = others.map(|(name, bytes)| (name.to_owned(), bytes));
    let all = echoes.into_iter().chain(others);
    all.map(|(name, bytes)| Model::new(name, Encoding::Onnx, vec![Buffer::from(bytes)])).collect()
}

/// Everything as scripts.
pub(crate) fn scripts() -> Vec<Model> {
    let (n, f32) = (|| Dim::Symbol("n".into()), DType::F32);
    let scale =
        |factor| Script::new(Op::Scale(factor)).input("x", f32, [n()]).output("y", f32, [n()]);
    let echoes = DTYPES.map(|dtype| (echo(dtype), Script::echo(dtype, [n(), Dim::Known(3)])));
    let others = [
        ("digits", digits()),
        ("add", Script::add(f32, [n()])),
        (
            "split",
            Script::new(Op::Split)
                .input("x", f32, [n(), Dim::Known(3)])
                .output("doubled", f32, [n(), Dim::Known(3)])
                .output("total", f32, [n()]),
        ),
        (
            "mixed",
            Script::new(Op::Mixed)
                .input("ids", DType::I64, [n()])
                .input("mask", f32, [n()])
                .output("y", f32, [n()]),
        ),
        ("scale", scale(3.0)),
        ("slow", Script::echo(f32, [n(), Dim::Known(128)]).latency(Duration::from_secs(3600))),
        ("forbidden", scale(5.0)),
    ];
    let others = others.map(|(name, script)| (name.to_owned(), script));
    echoes.into_iter().chain(others).map(|(name, script)| script.model(&name)).collect()
}

fn echo(dtype: DType) -> String {
    format!("echo_{dtype}")
}

/// Gives what ONNX Runtime gave for the digit that the guests ask about.
fn digits() -> Script {
    let references = references().unwrap();
    let digit = references.iter().find(|reference| reference.model == "digits").unwrap();
    let (_, logits) = digit.outputs.first().unwrap();
    let recorded = logits.host().unwrap().to_vec();
    let dims = |sizes: &[usize]| sizes.iter().copied().map(Dim::Known).collect::<Vec<_>>();
    Script::new(Op::Replay(vec![recorded])).input("image", DType::F32, dims(&[1, 1, 8, 8])).output(
        "logits",
        DType::F32,
        dims(&[1, 10]),
    )
}
