//! Tensors by themselves, and through a model that gives them back.

use super::{TYPES, Tensor, TensorType, context, good, only, refused, run, tensor, values};
use crate::{Case, Given, ok, six};

pub(super) const CASES: &[Case] = &[
    ("tensor-keeps-what-it-is-given", keeps),
    ("tensor-without-elements", without_elements),
    ("tensor-of-one-value", of_one_value),
    ("tensor-data-again", data_again),
    ("tensor-of-wrong-length", wrong_length),
    ("tensor-of-absurd-dimensions", absurd_dimensions),
    ("echo", echo),
    ("echo-large", echo_large),
    ("echo-nothing", echo_nothing),
];

fn keeps(_: Given<'_>) -> String {
    for (name, ty) in TYPES {
        let data = six(name);
        let made = Tensor::new(&[2, 3], ty, &data);
        assert_eq!(made.dimensions(), [2, 3], "{name}");
        assert!(made.ty() == ty, "{name} became {:?}", made.ty());
        assert_eq!(made.data(), data, "{name}");
    }
    ok()
}

fn without_elements(_: Given<'_>) -> String {
    let none = Tensor::new(&[0, 3], TensorType::Fp32, &[]);
    assert_eq!(none.dimensions(), [0, 3]);
    assert!(none.data().is_empty());
    ok()
}

fn of_one_value(_: Given<'_>) -> String {
    let one = tensor(&[1], &[0.5]);
    assert_eq!(one.dimensions(), [1]);
    assert_eq!(values(&one), [0.5]);
    ok()
}

fn data_again(_: Given<'_>) -> String {
    let made = tensor(&[2], &[1.0, 2.0]);
    let output = only(good(run(&context("scale"), [("x", tensor(&[2], &[1.0, 2.0]))])));
    for _ in 0..3 {
        assert_eq!(values(&made), [1.0, 2.0]);
        assert_eq!(values(&output), [3.0, 6.0]);
    }
    ok()
}

/// Twelve bytes are said, and another number is given.
fn wrong_length(given: Given<'_>) -> String {
    let data = vec![0; given.which().parse().expect("a number of bytes")];
    let x = Tensor::new(&[1, 3], TensorType::Fp32, &data);
    refused("a tensor of a wrong length", run(&context("echo_f32"), [("x", x)]))
}

fn absurd_dimensions(given: Given<'_>) -> String {
    let dims: &[u32] = match given.which() {
        "overflow" => &[u32::MAX; 4],
        "hidden-by-zero" => &[u32::MAX, u32::MAX, u32::MAX, 0],
        "huge" => &[400_000_000, 3],
        "many" => &[1; 10_000],
        other => panic!("no dimensions are called '{other}'"),
    };
    let x = Tensor::new(dims, TensorType::Fp32, &[0; 4]);
    refused("a tensor of absurd dimensions", run(&context("echo_f32"), [("x", x)]))
}

fn echo(given: Given<'_>) -> String {
    let name = given.which();
    let (_, ty) = TYPES.into_iter().find(|(known, _)| *known == name).expect("a tensor type");
    let data = six(name);
    let y = only(good(run(
        &context(&format!("echo_{name}")),
        [("x", Tensor::new(&[2, 3], ty, &data))],
    )));
    assert_eq!(y.dimensions(), [2, 3]);
    assert!(y.ty() == ty, "{name} became {:?}", y.ty());
    assert_eq!(y.data(), data, "{name}");
    ok()
}

fn echo_large(_: Given<'_>) -> String {
    let rows = 4 << 20;
    let data: Vec<u8> =
        (0..rows as usize * 3).flat_map(|i| ((i % 100) as f32).to_le_bytes()).collect();
    let x = Tensor::new(&[rows, 3], TensorType::Fp32, &data);
    let y = only(good(run(&context("echo_f32"), [("x", x)])));
    assert_eq!(y.dimensions(), [rows, 3]);
    assert!(y.data() == data, "48 MiB came back changed");
    ok()
}

fn echo_nothing(_: Given<'_>) -> String {
    let y = only(good(run(&context("echo_f32"), [("x", tensor(&[0, 3], &[]))])));
    assert_eq!(y.dimensions(), [0, 3]);
    assert!(y.data().is_empty());
    ok()
}
