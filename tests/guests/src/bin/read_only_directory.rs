//! A directory given for reading cannot be changed in any way.

use std::fs;

fn main() {
    let (model, is_onnx) = godwit_test_guests::model_file();
    assert!(!model.is_empty());
    let file = if is_onnx { "/models/digits.onnx" } else { "/models/digits.gguf" };

    assert!(fs::write("/models/new", b"x").is_err(), "it made a file");
    assert!(fs::write(file, b"x").is_err(), "it wrote a file");
    assert!(fs::OpenOptions::new().append(true).open(file).is_err(), "it opened one to append");
    assert!(fs::remove_file(file).is_err(), "it removed a file");
    assert!(fs::rename(file, "/models/other").is_err(), "it renamed a file");
    assert!(fs::hard_link(file, "/models/link").is_err(), "it linked a file");
    assert!(fs::create_dir("/models/folder").is_err(), "it made a folder");

    assert_eq!(godwit_test_guests::model_file().0, model);
}
