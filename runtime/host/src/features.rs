//! Which proposals of WebAssembly a guest may use: an explicit list, so that a new version of the engine adds none.

use wasmtime::{Config, WasmFeatures};

/// What compilers for WASI emit today. Everything else is refused when a program is loaded, and the error names the
/// proposal: threads, exceptions, garbage collection, function references, several or 64-bit
/// memories, custom page sizes, stack
/// switching, wide arithmetic, and of the component model everything that is not in its first version.
///
/// Each of them is code of the engine that untrusted programs reach; none has a compiler's users waiting for it here.
const FEATURES: WasmFeatures = WasmFeatures::FLOATS
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Turns on what is listed and turns off what is not.
pub(crate) fn set(config: &mut Config) {
    config
        .wasm_features(FEATURES.complement(), false)
        .wasm_features(FEATURES, true)
        // The same numbers on every processor.
        .relaxed_simd_deterministic(true);
}
