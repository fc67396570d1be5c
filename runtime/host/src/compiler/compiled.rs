use godwit_backend::{Error, Result};
use wasmtime::component::Component;
use wasmtime::{Engine, Module, Precompiled};

use crate::ProgramKind;

/// A guest as machine code, not linked yet.
pub(crate) enum Compiled {
    Component(Component),
    Module(Module),
}

impl Compiled {
    /// Compiles in this process.
    pub(crate) fn new(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        let compiled = match ProgramKind::of(wasm)? {
            ProgramKind::Component => Component::new(engine, wasm).map(Self::Component),
            ProgramKind::Module => Module::new(engine, wasm).map(Self::Module),
        };
        compiled.map_err(invalid)
    }

    /// Loads what [`serialize`](Self::serialize) gave, if it is for `engine`.
    ///
    /// # Safety
    ///
    /// `native` is machine code that this process will run: it has to come from this compiler.
    #[allow(unsafe_code, reason = "compiled code is loaded here and nowhere else")]
    pub(crate) unsafe fn deserialize(
        engine: &Engine,
        native: &[u8],
    ) -> Option<wasmtime::Result<Self>> {
        Some(match Engine::detect_precompiled(native)? {
            Precompiled::Component => {
                // SAFETY: as the caller promises.
                unsafe { Component::deserialize(engine, native) }.map(Self::Component)
            }
            Precompiled::Module => {
                // SAFETY: as the caller promises.
                unsafe { Module::deserialize(engine, native) }.map(Self::Module)
            }
        })
    }

    pub(crate) fn serialize(&self) -> Result<Vec<u8>> {
        let bytes = match self {
            Self::Component(component) => component.serialize(),
            Self::Module(module) => module.serialize(),
        };
        bytes.map_err(|error| {
            Error::internal("the compiled program cannot be written").with_source(error)
        })
    }
}

/// The error of a program that the compiler does not take. Its text names the proposal that is not among the features.
pub(super) fn invalid(error: wasmtime::Error) -> Error {
    Error::invalid_argument("this is not valid WebAssembly").with_source(error)
}
