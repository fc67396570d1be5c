use std::time::Duration;

use godwit_backend::{Buffer, DType, Dim, Encoding, Model, Tensor};
use godwit_fake::{Op, Script};

use super::{BadModel, Case, Models, OnnxModels, Reference};
use crate::tensors::bytes;

/// Scripts for the fake backend.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScriptModels;

impl Models for ScriptModels {
    fn model(&self, case: &Case) -> Model {
        script(case).map_or_else(unknown_operator, |script| script.model(&format!("{case:?}")))
    }

    fn garbage(&self) -> Model {
        gguf("garbage", b"GGUF\x03\0\0\0 and then something else")
    }

    fn bad(&self) -> Vec<BadModel> {
        let deep = [b"GGUF\n".as_slice(), &b"[".repeat(1 << 20)].concat();
        let bad = [
            ("empty", b"".as_slice()),
            ("truncated", b"GGUF\n{\"inputs\":[{\"na"),
            ("deep", &deep),
            (
                "unknown-dtype",
                br#"{"inputs":[{"name":"x","dtype":"f33"}],"outputs":[],"op":"echo"}"#,
            ),
            ("no-inputs", br#"{"inputs":[],"outputs":[],"op":"add"}"#),
            ("no-output", br#"{"inputs":[{"name":"x","dtype":"f32"}],"outputs":[],"op":"echo"}"#),
            (
                "negative",
                br#"{"inputs":[{"name":"x","dtype":"f32","dims":[-3]}],"outputs":[],"op":"echo"}"#,
            ),
            ("huge", br#"{"inputs":[],"outputs":[],"op":"echo","footprint":18446744073709551615}"#),
        ];
        let bad = bad.map(|(name, bytes)| BadModel {
            name: name.into(),
            model: gguf(name, bytes),
            structural: true,
        });
        bad.into()
    }

    /// The answers of the ONNX references, recorded: what is tested is the way they take.
    fn references(&self) -> Vec<Reference> {
        let dims =
            |tensor: &Tensor| tensor.shape().iter().copied().map(Dim::Known).collect::<Vec<_>>();
        let recorded = OnnxModels.references().into_iter().map(|reference| {
            let bytes = reference.outputs.iter().map(|(_, output)| bytes(output).to_vec());
            let mut script = Script::new(Op::Replay(bytes.collect()));
            for (name, input) in &reference.inputs {
                script = script.input(name, input.dtype(), dims(input));
            }
            for (name, output) in &reference.outputs {
                script = script.output(name, output.dtype(), dims(output));
            }
            Reference { model: script.model(&reference.name), ..reference }
        });
        recorded.collect()
    }
}

fn script(case: &Case) -> Option<Script> {
    let sym = |name: &str| Dim::Symbol(name.into());
    let f32 = DType::F32;
    Some(match case {
        Case::Echo(dtype) => Script::echo(*dtype, [sym("batch"), Dim::Known(3)]),
        Case::EchoScalar => Script::echo(f32, []),
        Case::EchoFixed => Script::echo(f32, [Dim::Known(2), Dim::Known(3)]),
        Case::Add => Script::add(f32, [sym("n")]),
        Case::Scale(factor) => Script::new(Op::Scale((*factor).into()))
            .input("x", f32, [sym("n")])
            .output("y", f32, [sym("n")]),
        Case::Split => Script::new(Op::Split)
            .input("x", f32, [sym("n"), Dim::Known(3)])
            .output("doubled", f32, [sym("n"), Dim::Known(3)])
            .output("total", f32, [sym("n")]),
        Case::Mixed => Script::new(Op::Mixed)
            .input("ids", DType::I64, [sym("n")])
            .input("mask", f32, [sym("n")])
            .output("y", f32, [sym("n")]),
        Case::Expand => Script::new(Op::Expand)
            .input("x", f32, [Dim::Known(1)])
            .input("shape", DType::I64, [Dim::Known(1)])
            .output("y", f32, [sym("m")]),
        Case::Long => {
            Script::echo(f32, [sym("rows"), Dim::Known(256)]).latency(Duration::from_millis(500))
        }
        Case::Heavy => Script::echo(f32, [sym("rows"), Dim::Known(2048)]).footprint(16 << 20),
        Case::UnknownOperator => return None,
    })
}

fn unknown_operator() -> Model {
    let script = br#"{"inputs":[],"outputs":[],"op":"frobnicate"}"#;
    gguf("UnknownOperator", &[b"GGUF\n".as_slice(), script].concat())
}

fn gguf(name: &str, bytes: &[u8]) -> Model {
    Model::new(name, Encoding::Ggml, vec![Buffer::from(bytes.to_vec())])
}
