//! Every case of `wasi_ephemeral_nn`, as a core module.

fn main() {
    #[cfg(any(target_env = "p1", not(target_family = "wasm")))]
    wasi_nn_suite_guest::start(wasi_nn_suite_guest::module::CASES);
}
