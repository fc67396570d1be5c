//! A conformance suite for any wasi-nn host: components, modules and what each must do.
