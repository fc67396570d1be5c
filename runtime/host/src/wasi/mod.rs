//! What this host adds to WASI as wasmtime has it: bounds on files and on what is written, no links that lead
//! elsewhere, and standard streams that a guest's deadline can interrupt.
//!
//! Both ABIs have the same rules. The functions concerned are linked over wasmtime's, check, and call them.

mod bounds;
mod component;
mod links;
mod module;
mod stdio;

pub(crate) use bounds::Bounds;
pub(crate) use component::add_to_component_linker;
pub(crate) use module::add_to_module_linker;
pub(crate) use stdio::{Outlet, Stream};
