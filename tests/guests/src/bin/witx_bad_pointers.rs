//! Every pointer of every function, leading nowhere: each gives an error and nothing is written.

use godwit_test_guests::module::{
    CPU, F32, INVALID_ARGUMENT, List, RawTensor, SUCCESS, address, address_mut, classify, compute,
    get_output, handle, init_execution_context, list, load, load_by_name, set_input, still_works,
    tensor,
};
use godwit_test_guests::{digit, model_file};

/// Pointers to fewer than four bytes of the memory, or none.
fn outside() -> [i32; 5] {
    #[cfg(target_family = "wasm")]
    let end = core::arch::wasm32::memory_size(0) * 65536;
    #[cfg(not(target_family = "wasm"))]
    let end = 0usize;
    let end = i32::try_from(end).expect("less than 2 GiB");
    [-1, i32::MIN, i32::MAX, end, end - 3]
}

fn main() {
    let (model, is_onnx) = model_file();
    let encoding = if is_onnx { 1 } else { 5 };
    let parts = [list(&model)];
    let name = list(b"digits");
    let bad = outside();

    for pointer in bad {
        refuse("load's list", handle(|out| load(pointer, 1, encoding, CPU, out)));
        let astray = [List { start: pointer, len: 16 }];
        refuse("a part", handle(|out| load(address(&astray), 1, encoding, CPU, out)));
        refuse("a graph", code(load(address(&parts), 1, encoding, CPU, pointer)));
        refuse("a name", handle(|out| load_by_name(pointer, name.len, out)));
        refuse("a named graph", code(load_by_name(name.start, name.len, pointer)));
    }
    for huge in [-1, i32::MIN, i32::MAX] {
        refuse("so many parts", handle(|out| load(address(&parts), huge, encoding, CPU, out)));
        let endless = [List { start: parts[0].start, len: huge }];
        refuse("a part's length", handle(|out| load(address(&endless), 1, encoding, CPU, out)));
        refuse("a name's length", handle(|out| load_by_name(name.start, huge, out)));
    }

    let graph = handle(|out| load_by_name(name.start, name.len, out)).expect("a graph");
    for pointer in bad {
        refuse("a context", code(init_execution_context(graph, pointer)));
    }
    let context = handle(|out| init_execution_context(graph, out)).expect("a context");

    let data = godwit_test_guests::bytes(&digit::image());
    let right = tensor(&digit::DIMS, F32, &data);
    for pointer in bad {
        refuse("a tensor", code(set_input(context, 0, pointer)));
        let dims = RawTensor { dims: List { start: pointer, ..right.dims }, ..right };
        refuse("its dimensions", code(set_input(context, 0, address(&dims))));
        let data = RawTensor { data: List { start: pointer, ..right.data }, ..right };
        refuse("its data", code(set_input(context, 0, address(&data))));
    }
    for huge in [-1, i32::MIN, i32::MAX] {
        let rank = RawTensor { dims: List { len: huge, ..right.dims }, ..right };
        refuse("its rank", code(set_input(context, 0, address(&rank))));
        let len = RawTensor { data: List { len: huge, ..right.data }, ..right };
        refuse("its length", code(set_input(context, 0, address(&len))));
    }

    assert_eq!(set_input(context, 0, address(&right)), SUCCESS);
    assert_eq!(compute(context), SUCCESS);
    let mut logits = [7u8; 64];
    let mut written = 7u32;
    for pointer in bad {
        let to = address_mut(&mut logits);
        refuse("an output", code(get_output(context, 0, pointer, 40, address_mut(&mut written))));
        refuse("its length", code(get_output(context, 0, to, 40, pointer)));
    }
    assert_eq!(written, 7, "a length was written without its output");

    unaligned(context, &right);
    classify(graph);
    still_works();
}

/// Nothing says that pointers are aligned.
fn unaligned(context: i32, right: &RawTensor) {
    let mut room = [0u8; 64];
    let at = address_mut(&mut room) + 1;
    let words = [right.dims.start, right.dims.len, 1, right.data.start, right.data.len];
    for (word, to) in words.iter().zip(room[1..].chunks_exact_mut(4)) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    assert_eq!(set_input(context, 0, at), SUCCESS);
    assert_eq!(compute(context), SUCCESS);
    let mut logits = [0u8; 64];
    let to = address_mut(&mut logits) + 3;
    let mut len = [0u8; 8];
    assert_eq!(get_output(context, 0, to, 40, address_mut(&mut len) + 1), SUCCESS);
    assert_eq!(len, [0, 40, 0, 0, 0, 0, 0, 0]);
    godwit_test_guests::assert_near(&godwit_test_guests::floats(&logits[3..43]), &digit::LOGITS);
}

fn code(errno: i32) -> Result<i32, i32> {
    if errno == SUCCESS { Ok(0) } else { Err(errno) }
}

#[track_caller]
fn refuse(what: &str, outcome: Result<i32, i32>) {
    assert_eq!(outcome, Err(INVALID_ARGUMENT), "{what}");
}
