//! What the two guests of the suite share: how a case is told and how its outcome is.
//!
//! A guest is started as `GUEST CASE ENCODING [ARGS]` and prints two lines: `case CASE`, and what came
//! of it. A case that finds something wrong prints `wrong: WHY` and ends with 1. What it may come to is
//! in `expected.toml`, not here; a guest that prints nothing more was ended by its host.

#[cfg(not(target_env = "p1"))]
pub mod component;
pub mod digit;
#[cfg(any(target_env = "p1", not(target_family = "wasm")))]
pub mod module;

/// What a case needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The encoding of the models under `/models`: `openvino` or `onnx`.
    pub encoding: &'a str,
    /// What follows.
    pub args: &'a [String],
}

impl Given<'_> {
    /// The argument that says which variant of the case is meant. What follows a slash in it is for
    /// those who judge.
    pub fn which(&self) -> &str {
        let which = self.args.first().expect("the case takes an argument");
        which.split_once('/').map_or(which, |(which, _)| which)
    }

    /// The parts of a model file, as its encoding has them.
    pub fn parts(&self, model: &str) -> Vec<Vec<u8>> {
        let files: &[&str] = match self.encoding {
            "openvino" => &["model.xml", "model.bin"],
            "onnx" => &["model.onnx"],
            other => panic!("the suite has no models of the encoding '{other}'"),
        };
        let read = |file: &&str| {
            let path = format!("/models/{model}/{file}");
            std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        files.iter().map(read).collect()
    }
}

/// A case: its name, and what gives the line it prints.
pub type Case = (&'static str, fn(Given<'_>) -> String);

/// Runs the case that the command line names.
pub fn start(cases: &[&[Case]]) {
    std::panic::set_hook(Box::new(|info| {
        let why = info.payload_as_str().unwrap_or("for no reason").replace('\n', " ");
        let line = info.location().map_or(0, std::panic::Location::line);
        println!("wrong: {why} (line {line})");
        std::process::exit(1);
    }));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, encoding, args @ ..] = args.as_slice() else {
        panic!("usage: CASE ENCODING [ARGS]")
    };
    println!("case {name}");
    let Some((_, case)) = cases.iter().copied().flatten().find(|(known, _)| known == name) else {
        panic!("there is no case '{name}'")
    };
    println!("{}", case(Given { encoding, args }));
}

/// What a case says when all was right.
pub fn ok() -> String {
    "ok".to_owned()
}

/// Values as the bytes of a tensor.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The bytes of a tensor as values.
#[track_caller]
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    assert_eq!(bytes.len() % 4, 0, "{} bytes are no f32s", bytes.len());
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Six small numbers, which every type holds as they are: 0 to 5 in the type called `dtype`.
pub fn six(dtype: &str) -> Vec<u8> {
    let numbers = 0..6u8;
    match dtype {
        "u8" => numbers.collect(),
        "i32" => numbers.flat_map(|n| i32::from(n).to_le_bytes()).collect(),
        "i64" => numbers.flat_map(|n| i64::from(n).to_le_bytes()).collect(),
        "f32" => numbers.flat_map(|n| f32::from(n).to_le_bytes()).collect(),
        "f64" => numbers.flat_map(|n| f64::from(n).to_le_bytes()).collect(),
        "f16" => [0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500u16].map(u16::to_le_bytes).concat(),
        "bf16" => [0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0u16].map(u16::to_le_bytes).concat(),
        other => panic!("no type is called '{other}'"),
    }
}

/// Fails unless each value is within `within` of the one expected.
#[track_caller]
pub fn assert_near(found: &[f32], expected: &[f32], within: f32) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found_one, one) in found.iter().zip(expected) {
        let off = (found_one - one).abs();
        // Not `off > within`: a NaN is near nothing.
        assert!(off <= within, "{found_one} instead of {one}: off by more than {within}");
    }
}
