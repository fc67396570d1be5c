#![allow(unsafe_code, clippy::undocumented_unsafe_blocks, reason = "generated: the canonical ABI")]
#![allow(missing_docs, clippy::allow_attributes_without_reason, reason = "generated")]

wit_bindgen::generate!({ path: "../../wit/wasi-nn.wit", world: "ml" });
