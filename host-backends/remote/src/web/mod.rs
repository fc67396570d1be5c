//! Requests over HTTP: bodies that are not copied, answers that are bounded before they are read.

mod body;
mod client;
mod reader;

pub(crate) use body::Body;
pub(crate) use client::{Client, Request};
pub(crate) use reader::Reader;
