//! Reads its standard input as calls of `wasi:nn` and makes them, for `tests/fuzz`: a model that it may load, then bytes
//! that choose. Prints how many calls it made.

use std::io::Read;

use godwit_test_guests::component::{
    Error, ExecutionTarget, Graph, GraphEncoding, GraphExecutionContext, Tensor, TensorType, load,
    load_by_name,
};

/// More of anything than this is dropped, the first first.
const KEPT: usize = 24;

const NAMES: [&str; 8] =
    ["echo", "add", "split", "mixed", "scale", "none", "", "\u{202e}\u{1b}[2J"];
const INPUTS: [&str; 8] = ["x", "a", "b", "ids", "mask", "y", "", "no such input"];
const DIMS: [&[u32]; 12] = [
    &[1],
    &[2, 3],
    &[3],
    &[1, 3],
    &[0, 3],
    &[],
    &[u32::MAX],
    &[0x10000, 0x10000],
    &[u32::MAX, u32::MAX, u32::MAX],
    &[1; 65],
    &[4],
    &[2],
];
const TYPES: [TensorType; 7] = [
    TensorType::Fp32,
    TensorType::I64,
    TensorType::Fp16,
    TensorType::Fp64,
    TensorType::Bf16,
    TensorType::U8,
    TensorType::I32,
];
const ENCODINGS: [GraphEncoding; 7] = [
    GraphEncoding::Autodetect,
    GraphEncoding::Onnx,
    GraphEncoding::Ggml,
    GraphEncoding::Openvino,
    GraphEncoding::Pytorch,
    GraphEncoding::Tensorflow,
    GraphEncoding::Tensorflowlite,
];
const TARGETS: [ExecutionTarget; 3] =
    [ExecutionTarget::Cpu, ExecutionTarget::Gpu, ExecutionTarget::Tpu];

struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    /// Zero when there are no more.
    fn byte(&mut self) -> usize {
        self.0.next().copied().unwrap_or(0).into()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        // The first ones, which are right, are chosen more often.
        let (first, second) = (self.byte(), self.byte());
        of[(first % of.len()).min(second % of.len())]
    }

    fn of<'a, T>(&mut self, held: &'a [T]) -> Option<&'a T> {
        let choice = self.byte();
        held.get(choice % held.len().max(1))
    }
}

#[derive(Default)]
struct Held {
    graphs: Vec<Graph>,
    contexts: Vec<GraphExecutionContext>,
    tensors: Vec<(Tensor, bool)>,
    errors: Vec<Error>,
}

impl Held {
    fn note<T>(&mut self, outcome: Result<T, Error>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                push(&mut self.errors, error);
                None
            }
        }
    }
}

fn push<T>(held: &mut Vec<T>, one: T) {
    if held.len() == KEPT {
        held.remove(0);
    }
    held.push(one);
}

fn main() {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).expect("reading");
    let Some((len, rest)) = input.split_first_chunk::<4>() else { return };
    let (model, rest) = rest.split_at(u32::from_le_bytes(*len) as usize);
    let mut choices = Choices(rest.iter());
    let mut held = Held::default();
    for name in &NAMES[..5] {
        if let Some(graph) = held.note(load_by_name(name)) {
            if let Some(context) = held.note(graph.init_execution_context()) {
                held.contexts.push(context);
            }
            held.graphs.push(graph);
        }
    }
    let mut calls = 10u64;
    while choices.0.len() > 0 {
        calls += call(&mut held, &mut choices, model, calls);
    }
    println!("{calls}");
}

/// Makes one call, or a few that belong together.
fn call(held: &mut Held, choices: &mut Choices<'_>, model: &[u8], so_far: u64) -> u64 {
    match choices.byte() {
        0..64 => {
            let (dims, ty) = (choices.one(&DIMS), choices.one(&TYPES));
            let size = match ty {
                TensorType::U8 => 1,
                TensorType::Fp16 | TensorType::Bf16 => 2,
                TensorType::Fp32 | TensorType::I32 => 4,
                TensorType::Fp64 | TensorType::I64 => 8,
            };
            let right = dims.iter().map(|dim| u64::from(*dim)).fold(size, u64::saturating_mul);
            let len = match choices.byte() {
                0..224 => right.min(70_000),
                choice => (choice as u64) * 7,
            };
            let data = vec![u8::try_from(choices.byte()).unwrap_or(0); len as usize];
            let sound = len == right && dims.len() <= 64;
            push(&mut held.tensors, (Tensor::new(dims, ty, &data), sound));
            1
        }
        64..76 => {
            let Some((tensor, _)) = choices.of(&held.tensors) else { return 0 };
            let _ = tensor.dimensions();
            let _ = tensor.ty();
            2
        }
        76..92 => {
            let Some((tensor, true)) = choices.of(&held.tensors) else { return 0 };
            let _ = tensor.data();
            1
        }
        92..160 => compute(held, choices),
        160..176 => {
            let outcome = load_by_name(choices.one(&NAMES));
            if let Some(graph) = held.note(outcome) {
                push(&mut held.graphs, graph);
            }
            1
        }
        176..196 => {
            let Some(graph) = choices.of(&held.graphs) else { return 0 };
            let outcome = graph.init_execution_context();
            if let Some(context) = held.note(outcome) {
                push(&mut held.contexts, context);
            }
            1
        }
        196..200 => {
            let cut = model.len() - choices.byte().saturating_sub(128).min(model.len());
            let parts = vec![model[..cut].to_vec(); choices.one(&[1, 1, 2, 0, 17])];
            let outcome = load(&parts, choices.one(&ENCODINGS), choices.one(&TARGETS));
            if let Some(graph) = held.note(outcome) {
                push(&mut held.graphs, graph);
            }
            1
        }
        200..224 => {
            let Some(error) = choices.of(&held.errors) else { return 0 };
            let _ = error.code();
            assert!(error.data().len() < 4096, "a message of {} bytes", error.data().len());
            3
        }
        224..254 => {
            drop_one(held, choices);
            1
        }
        254 => 0,
        _ => {
            forge(choices, so_far);
            1
        }
    }
}

/// A run with inputs whose names, number and order may be wrong. Its tensors are the host's afterwards.
fn compute(held: &mut Held, choices: &mut Choices<'_>) -> u64 {
    let count = choices.one(&[1, 2, 1, 0, 3, 5]);
    let mut inputs = Vec::new();
    for _ in 0..count {
        if held.tensors.is_empty() {
            break;
        }
        let index = choices.byte() % held.tensors.len();
        let (tensor, _) = held.tensors.swap_remove(index);
        inputs.push((choices.one(&INPUTS).to_owned(), tensor));
    }
    let Some(context) = choices.of(&held.contexts) else { return 0 };
    let outcome = context.compute(inputs);
    for (_, tensor) in held.note(outcome).unwrap_or_default() {
        push(&mut held.tensors, (tensor, true));
    }
    1
}

fn drop_one(held: &mut Held, choices: &mut Choices<'_>) {
    let (kind, index) = (choices.byte() % 4, choices.byte());
    match kind {
        0 if held.graphs.len() > 1 => drop(held.graphs.remove(index % held.graphs.len())),
        1 if held.contexts.len() > 1 => drop(held.contexts.remove(index % held.contexts.len())),
        2 if !held.tensors.is_empty() => drop(held.tensors.remove(index % held.tensors.len())),
        3 if !held.errors.is_empty() => drop(held.errors.remove(index % held.errors.len())),
        _ => {}
    }
}

/// A handle that is not ours, or of another kind. The host ends this program, or the number happens to be right.
fn forge(choices: &mut Choices<'_>, so_far: u64) {
    // One program in a few gets here.
    if choices.byte() != 255 {
        return;
    }
    println!("{so_far}");
    let number = choices.one(&[0, 1, 2, 100, 0x0fff_ffff, u32::MAX]);
    // SAFETY: it is not one, which is what this is about: the host must not believe it.
    match choices.byte() % 3 {
        0 => drop(unsafe { Tensor::from_handle(number) }.ty()),
        1 => drop(unsafe { Graph::from_handle(number) }.init_execution_context()),
        _ => drop(unsafe { Error::from_handle(number) }.data()),
    }
}
