//! ONNX: one protobuf that holds the graph and its weights.

mod calls;
mod constants;
mod generated;
mod graph;
mod model;
mod tensor;
mod types;

pub use model::summarize;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod writer;
