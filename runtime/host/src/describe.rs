use godwit_backend::{Error, Result};
use serde::Serialize;
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::compiler::Compiled;
use crate::imports;

/// The two forms of WebAssembly a guest comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramKind {
    /// A component: typed imports and exports.
    Component,
    /// A core module with the older, hand-marshalled ABI.
    Module,
}

impl ProgramKind {
    /// Tells the form from the header: `\0asm`, then version 1 for a module or 13 in layer 1 for a
    /// component.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when it is neither.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        match bytes {
            [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Ok(Self::Module),
            [0, b'a', b's', b'm', 13, 0, 1, 0, ..] => Ok(Self::Component),
            [0, b'a', b's', b'm', ..] => Err(Error::invalid_argument(
                "this WebAssembly has a version this host does not know",
            )),
            _ => Err(Error::invalid_argument(
                "this is not WebAssembly: the file does not begin with '\\0asm'",
            )),
        }
    }
}

/// One import or export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name: an interface for a component, `module.field` for a core module.
    pub name: String,
    /// Whether this host has it; always true for exports.
    pub provided: bool,
    /// What would provide it, if this host does not.
    pub hint: Option<String>,
}

impl Item {
    fn export(name: impl Into<String>) -> Self {
        Self { name: name.into(), provided: true, hint: None }
    }

    pub(crate) fn import(name: impl Into<String>) -> Self {
        let name = name.into();
        let provided = imports::is_provided(&name);
        let hint = (!provided).then(|| imports::hint(&name));
        Self { name, provided, hint }
    }
}

/// What a component or core module is, as its types tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its form.
    pub kind: ProgramKind,
    /// The world its exports make it: `wasi:cli/command`, `wasi:http/proxy`, or `reactor` for any other.
    pub world: &'static str,
    /// What it needs.
    pub imports: Vec<Item>,
    /// What it offers.
    pub exports: Vec<Item>,
}

impl Description {
    pub(crate) fn of(engine: &Engine, compiled: &Compiled) -> Self {
        let (kind, imports, exports): (_, _, Vec<Item>) = match compiled {
            Compiled::Component(component) => {
                let ty = component.component_type();
                let exports = ty.exports(engine).map(|(name, _)| Item::export(name)).collect();
                (ProgramKind::Component, component_imports(engine, component), exports)
            }
            Compiled::Module(module) => {
                let exports = module.exports().map(|export| Item::export(export.name())).collect();
                (ProgramKind::Module, module_imports(module), exports)
            }
        };
        Self { kind, world: world(kind, &exports), imports, exports }
    }
}

pub(crate) fn component_imports(engine: &Engine, component: &Component) -> Vec<Item> {
    let ty = component.component_type();
    ty.imports(engine).map(|(name, _)| Item::import(name)).collect()
}

pub(crate) fn module_imports(module: &Module) -> Vec<Item> {
    let name = |import: wasmtime::ImportType<'_>| format!("{}.{}", import.module(), import.name());
    module.imports().map(|import| Item::import(name(import))).collect()
}

fn world(kind: ProgramKind, exports: &[Item]) -> &'static str {
    let has = |prefix: &str| exports.iter().any(|export| export.name.starts_with(prefix));
    match kind {
        ProgramKind::Component if has("wasi:cli/run@") => "wasi:cli/command",
        ProgramKind::Component if has("wasi:http/incoming-handler@") => "wasi:http/proxy",
        ProgramKind::Module if has("_start") => "wasi_snapshot_preview1 command",
        _ => "reactor",
    }
}
