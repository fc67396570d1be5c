//! Of the encodings, 5 and 6 both mean: look at the bytes. Other numbers mean nothing.

use godwit_test_guests::model_file;
use godwit_test_guests::module::{
    CPU, INVALID_ARGUMENT, INVALID_ENCODING, address, classify, handle, list, load,
};

fn main() {
    let (model, _) = model_file();
    let parts = [list(&model)];
    for encoding in [5, 6] {
        classify(handle(|out| load(address(&parts), 1, encoding, CPU, out)).expect("a graph"));
        let noise = [list(b"neither fish nor fowl")];
        let outcome = handle(|out| load(address(&noise), 1, encoding, CPU, out));
        assert_eq!(outcome, Err(INVALID_ENCODING));
    }
    for encoding in [7, 255, -1, i32::MIN] {
        let outcome = handle(|out| load(address(&parts), 1, encoding, CPU, out));
        assert_eq!(outcome, Err(INVALID_ARGUMENT));
    }
    for target in [3, -1] {
        let outcome = handle(|out| load(address(&parts), 1, 5, target, out));
        assert_eq!(outcome, Err(INVALID_ARGUMENT));
    }
}
