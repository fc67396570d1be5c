//! The remote backend: models on an inference server.
//!
//! The operator configures each service as an [`Endpoint`], which becomes one device. Three settings are
//! independent of each other: the protocol ([`Protocol`]), the authentication ([`Auth`]), and the network
//! (addresses, certificates, limits, retries). A guest sees a graph, never an address or a token.
//!
//! The server has the model's bytes; this host has only the server's name for it, a
//! [`Model::remote`](godwit_backend::Model::remote), looked up in [`Endpoint::models`]. The signature is the
//! server's, or the configured one if the protocol has no metadata.
//!
//! An answer is checked against that signature before it reaches a guest: names, dtypes, dimensions and
//! lengths. Its size is limited before it is read, and its bytes are charged to the caller's budget as they
//! arrive.

#![deny(missing_docs)]

mod answer;
mod auth;
mod backend;
mod call_error;
mod context;
mod graph;
mod health;
mod loaded;
mod options;
mod protocol;
mod reactor;
mod retry;
mod service;
mod status;
mod tls;
mod traffic;
mod web;

pub use backend::Remote;
pub use health::{Health, State};
pub use options::{
    Auth, Bearer, Binary, Cost, Endpoint, Google, HeaderAuth, Http2, Kind, Pool, Prices, Protocol,
    RemoteModel, RemoteOptions, Retry, Secret, Sigv4, Sizes, Template, Timeouts, Tls, tensor_info,
};
pub use traffic::Traffic;
