//! Searching and installing, in temporary folders; the package client is the real one.

mod finding;
mod installing;
mod wheels;
