//! The side of the process that compiles.

use std::io::{Read, Write};
use std::process::ExitCode;

use godwit_backend::{Error, Result};
use wasmtime::Engine;

use super::compiled::invalid;
use crate::{ProgramKind, host};

/// Ends a process that found the program invalid, whose output is the reason.
pub(super) const INVALID: u8 = 65;

/// Compiles what standard input holds to standard output, for the host that started this process with
/// [`CompilerProcess`](crate::CompilerProcess), and returns what the process is to end with.
///
/// On Linux the process then can do nothing else: no files, no network, no other programs.
pub fn serve_compiler() -> ExitCode {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    match compile(&mut input) {
        Ok(native) => match output.write_all(&native).and_then(|()| output.flush()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            // A reader that is gone wants no reason.
            let _ = output.write_all(error.report().as_bytes());
            ExitCode::from(INVALID)
        }
    }
}

fn compile(input: &mut impl Read) -> Result<Vec<u8>> {
    let unavailable = |error: wasmtime::Error| {
        Error::unavailable("the WebAssembly engine cannot be started").with_source(error)
    };
    let engine = Engine::new(&host::compile_config()).map_err(unavailable)?;
    #[cfg(target_os = "linux")]
    super::lockdown::apply()?;
    let mut wasm = Vec::new();
    input
        .read_to_end(&mut wasm)
        .map_err(|error| Error::unavailable("the program could not be read").with_source(error))?;
    let native = match ProgramKind::of(&wasm)? {
        ProgramKind::Component => engine.precompile_component(&wasm),
        ProgramKind::Module => engine.precompile_module(&wasm),
    };
    native.map_err(invalid)
}
