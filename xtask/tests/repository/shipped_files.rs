//! Models, images and results are shipped without traces of the machine that made them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tracked_files;

/// What exporters and tools leave in a file: folders of a machine, stack traces.
const TRACES: [&str; 10] = [
    "/home/",
    "/root/",
    "/tmp/",
    "/usr/",
    "/work/",
    "/Users/",
    "\\Users\\",
    "site-packages",
    "File \"/",
    "stack_trace",
];

/// Formats that no person writes; a file that is not text is checked whatever its name.
const WRITTEN_BY_PROGRAMS: [&str; 6] = ["bin", "csv", "json", "onnx", "svg", "xml"];

#[test]
fn no_shipped_file_carries_traces_of_another_machine() {
    let files = tracked_files();
    assert!(files.iter().any(|file| file.ends_with("examples/digits/digits.onnx")));
    assert_eq!(traces(&files), Vec::<String>::new());
}

#[test]
fn every_planted_trace_is_found() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let written = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        file
    };
    for trace in TRACES {
        let model = written("planted.onnx", &format!("ir\0{trace}venv\0weights"));
        let binary = written("planted", &format!("\0{trace}"));
        let results = written("planted.json", &format!("{{\"from\": \"{trace}\"}}"));
        let source = written("planted.rs", &format!("// {trace}"));
        let found = traces(&[model, binary, results, source]);
        assert!(found.iter().all(|found| found.contains(trace)), "{found:?}");
        let named = |name: &str| found.iter().any(|found| found.contains(&format!("{name}:")));
        assert!(named("planted.onnx") && named("planted") && named("planted.json"), "{found:?}");
        assert!(!named("planted.rs"), "{found:?}");
    }
}

/// The traces in `files`, each with its file.
fn traces(files: &[PathBuf]) -> Vec<String> {
    let written_by_program = |file: &Path, bytes: &[u8]| {
        let extension = file.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| WRITTEN_BY_PROGRAMS.contains(&extension))
            || bytes.contains(&0)
            || str::from_utf8(bytes).is_err()
    };
    let checked = files.iter().map(|file| (file, fs::read(file).unwrap()));
    let checked = checked.filter(|(file, bytes)| written_by_program(file, bytes));
    let found = checked.flat_map(|(file, bytes)| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let found = TRACES.into_iter().filter(move |trace| text.contains(trace));
        found.map(move |trace| format!("{}: {trace}", file.display()))
    });
    found.collect()
}
