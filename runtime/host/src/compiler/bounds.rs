//! How much of everything a program may have. What takes long to compile is looked for here, before it is compiled.

use godwit_backend::{Error, Result};
use wasmparser::{Parser, Payload};

/// Bytes of a program. Ten times the largest toolchain's output that was seen; data in it need not be compiled.
const BYTES: usize = 256 << 20;

/// Core modules in a component, also those inside others.
const MODULES: u32 = 1000;

/// Of each of these, in all modules of a program together.
const ITEMS: u32 = 1_000_000;

/// Functions that are compiled.
const FUNCTIONS: u32 = 200_000;

/// Bytes of one function's code. Compiling one takes more than proportionally longer, and no other core can help.
const FUNCTION_BYTES: usize = 2 << 20;

/// Local variables of one function.
const LOCALS: u64 = 20_000;

/// Fails when `wasm` is more than a guest may be. What is not WebAssembly passes: the compiler says what is wrong with it.
///
/// # Errors
///
/// `TooLarge`, with what there is too much of.
pub(super) fn check(wasm: &[u8]) -> Result<()> {
    at_most(wasm.len() as u64, BYTES as u64, "bytes")?;
    let (mut modules, mut items, mut functions) = (0, 0, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(payload) = payload else { return Ok(()) };
        match &payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                modules += 1;
                at_most(modules, MODULES.into(), "modules")?;
            }
            Payload::CodeSectionStart { count, .. } => {
                functions += u64::from(*count);
                at_most(functions, FUNCTIONS.into(), "functions")?;
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len();
                at_most(bytes as u64, FUNCTION_BYTES as u64, "bytes in one function")?;
                let Ok(locals) = body.get_locals_reader() else { continue };
                let mut count = 0;
                for local in locals {
                    let Ok((more, _)) = local else { break };
                    count += u64::from(more);
                    at_most(count, LOCALS, "local variables in one function")?;
                }
            }
            other => {
                items += u64::from(entries(other));
                at_most(items, ITEMS.into(), "types, imports, exports and elements")?;
            }
        }
    }
    Ok(())
}

/// How many entries a section says that it has.
fn entries(payload: &Payload<'_>) -> u32 {
    match payload {
        Payload::TypeSection(section) => section.count(),
        Payload::ImportSection(section) => section.count(),
        Payload::TableSection(section) => section.count(),
        Payload::MemorySection(section) => section.count(),
        Payload::TagSection(section) => section.count(),
        Payload::GlobalSection(section) => section.count(),
        Payload::ExportSection(section) => section.count(),
        Payload::ElementSection(section) => section.count(),
        Payload::DataSection(section) => section.count(),
        Payload::InstanceSection(section) => section.count(),
        Payload::CoreTypeSection(section) => section.count(),
        Payload::ComponentInstanceSection(section) => section.count(),
        Payload::ComponentAliasSection(section) => section.count(),
        Payload::ComponentTypeSection(section) => section.count(),
        Payload::ComponentCanonicalSection(section) => section.count(),
        Payload::ComponentImportSection(section) => section.count(),
        Payload::ComponentExportSection(section) => section.count(),
        _ => 0,
    }
}

fn at_most(count: u64, most: u64, what: &str) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    Err(Error::too_large(format!("the app has {count} {what}; {most} are the most")))
}
