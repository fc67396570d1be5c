use godwit_backend::{Error, Result};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::ProgramKind;

/// A guest as machine code, not linked yet.
pub(crate) enum Compiled {
    Component(Component),
    Module(Module),
}

impl Compiled {
    pub(crate) fn new(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        let compiled = match ProgramKind::of(bytes)? {
            ProgramKind::Component => Component::new(engine, bytes).map(Self::Component),
            ProgramKind::Module => Module::new(engine, bytes).map(Self::Module),
        };
        compiled.map_err(|error| {
            Error::invalid_argument("this is not valid WebAssembly").with_source(error)
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
