//! From WebAssembly to machine code.
//!
//! A compiler takes far longer on some programs than on others of the same size, and cannot be interrupted. So what it is
//! given is bounded, and where the host is told of a program to start it runs in a process that is killed at its
//! deadline and can do nothing but compile.

mod bounds;
mod cache;
mod compiled;
#[cfg(target_os = "linux")]
mod lockdown;
#[cfg(target_os = "linux")]
mod process;
mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use godwit_backend::Result;
use wasmtime::Engine;

pub use cache::Cache;
pub(crate) use compiled::Compiled;
pub use serve::serve_compiler;

/// The process that compiles: a program that calls [`serve_compiler`] when it is started with these arguments.
///
/// Its output is run as native code by this process, so the program has to be this one or one that is trusted as much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerProcess {
    /// The program to start.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// How long one compilation may take before the process is killed.
    pub timeout: Duration,
}

/// Takes programs to machine code.
#[derive(Debug, Clone)]
pub(crate) struct Compiler {
    pub(crate) process: Option<CompilerProcess>,
    pub(crate) cache: Option<Cache>,
}

impl Compiler {
    /// Compiles `wasm` for `engine`, unless it was compiled before.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when it is not valid WebAssembly, `TooLarge` when it is more than a guest may be, or needs too
    /// much memory, `Timeout` when the process was killed, `Unavailable` when it could not be started.
    pub(crate) fn compile(&self, engine: &Engine, wasm: &[u8]) -> Result<Compiled> {
        bounds::check(wasm)?;
        if let Some(compiled) = self.cache.as_ref().and_then(|cache| cache.find(engine, wasm)) {
            return Ok(compiled);
        }
        let compiled = match &self.process {
            #[cfg(target_os = "linux")]
            Some(process) => Compiled::from_child(engine, &process::compile(process, wasm)?)?,
            _ => Compiled::new(engine, wasm)?,
        };
        if let Some(cache) = &self.cache {
            cache.keep(wasm, &compiled);
        }
        Ok(compiled)
    }
}
