//! What a guest writes into a directory given for writing is there.

use std::fs;

fn main() {
    fs::write("/out/answer", b"42").expect("writing");
    assert_eq!(fs::read("/out/answer").expect("reading"), b"42");
}
