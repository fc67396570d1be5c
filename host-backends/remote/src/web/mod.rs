//! HTTP requests: bodies are not copied, answers are limited before they are read.

mod body;
mod client;
mod reader;

pub(crate) use body::Body;
pub(crate) use client::{Client, Request};
pub(crate) use reader::Reader;
