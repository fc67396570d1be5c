//! A core module's own model gives the right answer. GGUF had no number when modules such as this were
//! compiled: they say 5.

use godwit_test_guests::model_file;
use godwit_test_guests::module::{CPU, ONNX, address, classify, handle, list, load};

fn main() {
    let (model, is_onnx) = model_file();
    let parts = [list(&model)];
    let encoding = if is_onnx { ONNX } else { 5 };
    let graph = handle(|out| load(address(&parts), 1, encoding, CPU, out)).expect("a graph");
    classify(graph);
}
