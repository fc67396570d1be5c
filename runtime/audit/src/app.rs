use std::collections::BTreeSet;

use godwit_backend::{Error, Result};
use serde::Serialize;
use wasmparser::{Parser, Payload};

/// How many parts of text that look like a model's file are told; more say nothing more.
const FILES: usize = 32;

/// The longest such text.
const LONGEST: usize = 256;

/// What ends the name of a model's file.
const EXTENSIONS: [&str; 7] = [".onnx", ".xml", ".gguf", ".tflite", ".pt", ".pth", ".bin"];

/// What the bytes of a component or core module tell without being run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct App {
    /// The functions of wasi-nn that its code can call: `wasi:nn/graph.load-by-name`, or
    /// `wasi_ephemeral_nn.load_by_name`.
    pub calls: BTreeSet<String>,
    /// Text in it that reads like the name of a model's file.
    pub files: BTreeSet<String>,
    /// Bytes of its constants: where a name that it holds as text would be.
    pub data_bytes: u64,
    #[serde(skip)]
    data: Vec<Vec<u8>>,
}

impl App {
    /// Reads a component or core module.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when it is neither, or damaged.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut app = Self {
            calls: BTreeSet::new(),
            files: BTreeSet::new(),
            data_bytes: 0,
            data: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(damaged)? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import.map_err(damaged)?;
                        app.calls.extend(call(import.module, import.name));
                    }
                }
                Payload::DataSection(segments) => {
                    for segment in segments {
                        let segment = segment.map_err(damaged)?;
                        app.data_bytes += segment.data.len() as u64;
                        app.data.push(segment.data.to_vec());
                    }
                }
                _ => {}
            }
        }
        app.files = app.data.iter().flat_map(|data| files(data)).take(FILES).collect();
        Ok(app)
    }

    /// Whether its constants hold `name`, by itself or as part of other text.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        let name = name.as_bytes();
        !name.is_empty()
            && self.data.iter().any(|data| data.windows(name.len()).any(|part| part == name))
    }

    /// Whether it can ask for models by name.
    #[must_use]
    pub fn loads_by_name(&self) -> bool {
        self.calls.iter().any(|call| call.replace('-', "_").ends_with(".load_by_name"))
    }

    /// Whether it can bring models of its own.
    #[must_use]
    pub fn loads_bytes(&self) -> bool {
        self.calls.iter().any(|call| call.ends_with(".load"))
    }
}

/// The name of a function of wasi-nn, without its version.
fn call(module: &str, function: &str) -> Option<String> {
    let is_nn = module.starts_with("wasi:nn/") || module == "wasi_ephemeral_nn";
    // What the canonical ABI adds: dropping a handle asks for nothing.
    let is_call = !function.starts_with("[resource-drop]");
    let module = module.split_once('@').map_or(module, |(name, _)| name);
    let function = function.rsplit_once(']').map_or(function, |(_, name)| name);
    (is_nn && is_call).then(|| format!("{module}.{function}"))
}

/// Text that ends like a model's file. Programs keep texts side by side, so what stands before the name
/// may be another text's end: a name begins after whatever no name has.
fn files(data: &[u8]) -> Vec<String> {
    let is_of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./".contains(byte);
    let runs = data.split(|byte| !is_of_a_name(byte)).filter(|run| run.len() <= LONGEST);
    let texts = runs.filter_map(|run| std::str::from_utf8(run).ok());
    let is_file = |text: &&str| {
        EXTENSIONS.iter().any(|end| text.strip_suffix(end).is_some_and(|name| !name.is_empty()))
    };
    texts.filter(is_file).map(str::to_owned).collect()
}

fn damaged(error: wasmparser::BinaryReaderError) -> Error {
    Error::invalid_argument("this is no WebAssembly, or damaged").with_source(error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn app(text: &str) -> App {
        App::read(&wat::parse_str(text).unwrap()).unwrap()
    }

    #[test]
    fn a_module_tells_what_it_calls_and_holds() {
        let app = app(r#"(module
            (import "wasi_ephemeral_nn" "load_by_name" (func (param i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
            (memory 1)
            (data (i32.const 0) "the model digits\00models/a.onnx\00.onnx\00b.xml!"))"#);
        assert_eq!(app.calls, ["wasi_ephemeral_nn.load_by_name".to_owned()].into());
        assert!(app.loads_by_name() && !app.loads_bytes());
        assert!(app.holds("digits") && !app.holds("minilm") && !app.holds(""));
        assert_eq!(app.files, ["b.xml".to_owned(), "models/a.onnx".to_owned()].into());
        assert_eq!(app.data_bytes, 43);
    }

    #[test]
    fn the_modules_inside_a_component_are_read() {
        let app = app(r#"(component (core module
            (import "wasi:nn/graph@0.2.0-rc-2024-10-28" "load" (func))
            (import "wasi:nn/graph@0.2.0-rc-2024-10-28" "[resource-drop]graph" (func (param i32)))
            (import "wasi:nn/inference@0.2.0-rc-2024-10-28"
                "[method]graph-execution-context.compute" (func))))"#);
        let calls: Vec<_> = app.calls.iter().map(String::as_str).collect();
        assert_eq!(
            calls,
            ["wasi:nn/graph.load", "wasi:nn/inference.graph-execution-context.compute"]
        );
        assert!(app.loads_bytes() && !app.loads_by_name());
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for bytes in [&b""[..], b"#!/bin/sh", b"\0asm\x01\0\0\0\x02\xff"] {
            assert!(App::read(bytes).is_err(), "{bytes:?}");
        }
    }
}
