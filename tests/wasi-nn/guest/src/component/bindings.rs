#![allow(unused, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({ path: "../../../wit/wasi-nn.wit", world: "ml" });
