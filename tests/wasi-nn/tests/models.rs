//! The model files of the suite are what is written here, in both encodings.
//!
//! `WRITE_MODELS=1 cargo test -p godwit-wasi-nn-suite --test models` writes them.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "models/ir.rs"]
mod ir;

use std::fs;
use std::path::Path;

use godwit_backend::DType;
use godwit_fixtures::onnx::Graph;
use godwit_fixtures::{dims, models};

use self::ir::Ir;

/// A model's name, and its files.
type Files = (String, Vec<(&'static str, Vec<u8>)>);

fn files(name: impl Into<String>, onnx: Vec<u8>, [xml, weights]: [Vec<u8>; 2]) -> Files {
    (name.into(), vec![("model.onnx", onnx), ("model.xml", xml), ("model.bin", weights)])
}

#[test]
fn the_files_are_as_written_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let write = std::env::var_os("WRITE_MODELS").is_some();
    let all = all();
    for (name, files) in &all {
        for (file, bytes) in files {
            let path = folder.join(name).join(file);
            if write {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, bytes).unwrap();
            }
            let found = fs::read(&path).unwrap_or_default();
            assert!(found == *bytes, "{name}/{file} is not what this test writes");
        }
    }
    let folders = fs::read_dir(folder).unwrap().count();
    assert_eq!(folders, all.len(), "a model that nobody writes");
}

fn all() -> Vec<Files> {
    let dtypes =
        [DType::F16, DType::F32, DType::F64, DType::Bf16, DType::U8, DType::I32, DType::I64];
    let echoes = dtypes.map(|dtype| {
        files(format!("echo_{dtype}"), models::echo(dtype, dims!["batch", 3]), echo(dtype))
    });
    let ir = [models::DIGITS_IR_XML.to_vec(), models::DIGITS_IR_WEIGHTS.to_vec()];
    let others = [
        files("digits", models::DIGITS_ONNX.to_vec(), ir),
        files("add", models::add(), add()),
        files("scale", models::scale(3.0), scale()),
        files("split", models::split(), split()),
        files("mixed", models::mixed(), mixed()),
        files("two_rows", two_rows_onnx(), two_rows()),
    ];
    echoes.into_iter().chain(others).collect()
}

const N: &[i64] = &[-1];
const ROWS: &[i64] = &[-1, 3];

fn echo(dtype: DType) -> [Vec<u8>; 2] {
    let mut ir = Ir::new("echo");
    let x = ir.input("x,y", dtype, ROWS);
    ir.output(&x);
    ir.into_parts()
}

fn add() -> [Vec<u8>; 2] {
    let mut ir = Ir::new("add");
    let a = ir.input("a", DType::F32, N);
    let b = ir.input("b", DType::F32, N);
    let sum = ir.node("Add", "opset1", NUMPY, &[&a, &b], "sum", DType::F32, N);
    ir.output(&sum);
    ir.into_parts()
}

const NUMPY: &str = r#"auto_broadcast="numpy""#;

fn scale() -> [Vec<u8>; 2] {
    let mut ir = Ir::new("scale");
    let x = ir.input("x", DType::F32, N);
    let factor = ir.constant(DType::F32, &[], &3f32.to_le_bytes());
    let y = ir.node("Multiply", "opset1", NUMPY, &[&x, &factor], "y", DType::F32, N);
    ir.output(&y);
    ir.into_parts()
}

fn split() -> [Vec<u8>; 2] {
    let mut ir = Ir::new("split");
    let x = ir.input("x", DType::F32, ROWS);
    let two = ir.constant(DType::F32, &[], &2f32.to_le_bytes());
    let doubled = ir.node("Multiply", "opset1", NUMPY, &[&x, &two], "doubled", DType::F32, ROWS);
    let axis = ir.constant(DType::I64, &[1], &1i64.to_le_bytes());
    let keep = r#"keep_dims="false""#;
    let total = ir.node("ReduceSum", "opset1", keep, &[&x, &axis], "total", DType::F32, N);
    ir.output(&doubled);
    ir.output(&total);
    ir.into_parts()
}

fn mixed() -> [Vec<u8>; 2] {
    let mut ir = Ir::new("mixed");
    let ids = ir.input("ids", DType::I64, N);
    let mask = ir.input("mask", DType::F32, N);
    let squares: Vec<u8> = (0..16u8).flat_map(|id| f32::from(id * id).to_le_bytes()).collect();
    let squares = ir.constant(DType::F32, &[16], &squares);
    let axis = ir.constant(DType::I64, &[], &0i64.to_le_bytes());
    let none = r#"batch_dims="0""#;
    let found = ir.node("Gather", "opset8", none, &[&squares, &ids, &axis], "found", DType::F32, N);
    let y = ir.node("Multiply", "opset1", NUMPY, &[&found, &mask], "y", DType::F32, N);
    ir.output(&y);
    ir.into_parts()
}

/// `x` `f32[n]` -> `y` `f32[2, 3]`, which only six values are.
fn two_rows() -> [Vec<u8>; 2] {
    let mut ir = Ir::new("two_rows");
    let x = ir.input("x", DType::F32, N);
    let shape: Vec<u8> = [2i64, 3].iter().flat_map(|dim| dim.to_le_bytes()).collect();
    let shape = ir.constant(DType::I64, &[2], &shape);
    let exact = r#"special_zero="false""#;
    let y = ir.node("Reshape", "opset1", exact, &[&x, &shape], "y", DType::F32, &[2, 3]);
    ir.output(&y);
    ir.into_parts()
}

fn two_rows_onnx() -> Vec<u8> {
    let mut graph = Graph::new("two_rows");
    graph.input("x", DType::F32, ["n"]);
    graph.initializer("shape", [2], &[2i64, 3]);
    graph.node("Reshape", ["x", "shape"], "y");
    graph.output("y", DType::F32, dims![2, 3]);
    graph.into_bytes()
}
