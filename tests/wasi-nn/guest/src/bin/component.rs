//! Every case of `wasi:nn@0.2.0-rc-2024-10-28`, as a component.

fn main() {
    #[cfg(not(target_env = "p1"))]
    wasi_nn_suite_guest::start(wasi_nn_suite_guest::component::CASES);
}
