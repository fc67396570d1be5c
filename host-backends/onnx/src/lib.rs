//! ONNX files as the native backends and the tools read them. No engine and no `unsafe` is in here.
//!
//! | question | answer |
//! |---|---|
//! | what is in a file | [`decode`] and the messages of [`schema`] |
//! | which nodes and tensors are there | [`bodies`], [`nodes`], [`tensors`]: subgraphs and functions included |
//! | what does the file say as a whole | [`Outline`] |
//! | what is known of a value before a run | [`trace()`], which gives an [`Origin`] for each |
//! | what does an operator do | [`operators::of`], the one table of operator properties |
//! | which uses of an operator does an engine get wrong | its list of [`Refusal`]s |
//! | which indices does a caller choose | [`Positions`] |
//! | which operators look where values tell them, and who checks | [`walls`] |
//!
//! Files of strangers pass `godwit-model` first, whose reader has bounds and allocates next to nothing. This
//! crate decodes whole files and relies on prost's limit on nesting alone.

mod constant;
mod expose;
mod generated;
pub mod operators;
mod order;
mod outline;
mod positions;
mod producers;
mod refusal;
pub mod schema;
mod trace;
mod value;
mod walk;
pub mod walls;
mod wire;

pub use constant::Constant;
pub use expose::expose;
pub use generated::check_generated;
pub use outline::{Outline, decode, signature};
pub use positions::{Positions, Rows, within};
pub use producers::Producers;
pub use refusal::{Refusal, Use, refuse};
pub use trace::{Kind, Origin, Site, Values, trace};
pub use walk::{Body, bodies, nodes, tensors};
