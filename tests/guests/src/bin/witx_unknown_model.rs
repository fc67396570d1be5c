//! A name that is not offered, a name that is not text, and a model that is none.

use godwit_test_guests::module::{
    CPU, INVALID_ARGUMENT, INVALID_ENCODING, NOT_FOUND, UNSUPPORTED, address, graph, handle, list,
    load, load_by_name, still_works,
};

fn main() {
    assert_eq!(graph("digit"), Err(NOT_FOUND));
    assert_eq!(graph(""), Err(NOT_FOUND));
    assert_eq!(graph("../digits.onnx"), Err(NOT_FOUND));
    assert_eq!(graph(&"x".repeat(8 << 20)), Err(NOT_FOUND));
    let name = list(b"\xff\xfe");
    let outcome = handle(|out| load_by_name(name.start, name.len, out));
    assert_eq!(outcome, Err(INVALID_ARGUMENT));

    assert_eq!(graph("forbidden"), Err(UNSUPPORTED));
    let saved = [list(&[8, 1, 0x12, 2, 0x0a, 0])];
    assert_eq!(handle(|out| load(address(&saved), 1, 2, CPU, out)), Err(UNSUPPORTED));
    let outcome = handle(|out| load(address(&saved), 0, 5, CPU, out));
    assert_eq!(outcome, Err(INVALID_ENCODING), "a model of no parts");
    still_works();
}
