//! The remote backend: models that are served elsewhere.
//!
//! A service is an [`Endpoint`] of the operator's configuration and becomes one device. Three things about
//! it are chosen apart from each other: what is spoken ([`Protocol`]), who we are ([`Auth`]), and how it is
//! reached (addresses, certificates, limits, retries). A guest sees a graph, never an address or a token.
//!
//! A remote model's bytes are not here: the server has them. It is known by its name there, a
//! [`Model::remote`](godwit_backend::Model::remote), through [`Endpoint::models`]; its signature is the
//! server's, or the operator's where the protocol tells none.
//!
//! Whatever a server answers is held against that signature before it reaches a guest: names, dtypes,
//! dimensions and lengths. An answer's size is bounded before it is read, and its bytes are charged to the
//! caller's budget as they come.

#![deny(missing_docs)]

mod answer;
mod auth;
mod backend;
mod context;
mod failure;
mod graph;
mod health;
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
