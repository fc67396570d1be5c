//! ONNX: one protobuf that holds the graph and its weights.
//!
//! Everything else reads ONNX by the schema of `godwit-onnx`. This reader is the exception because it sees a
//! hostile file first: it is bounded, allocates next to nothing and believes no length.

mod calls;
mod constants;
mod generated;
mod graph;
mod model;
mod names;
mod tensor;
mod types;

pub use model::summarize;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod writer;
