//! The functions of `wasi_ephemeral_nn`: numbers and pointers.

#[cfg(target_env = "p1")]
pub(super) use imports::*;
#[cfg(not(target_env = "p1"))]
pub(super) use stand_ins::*;

#[cfg(target_env = "p1")]
mod imports {
    #[link(wasm_import_module = "wasi_ephemeral_nn")]
    unsafe extern "C" {
        pub(crate) safe fn load(
            parts: i32,
            count: i32,
            encoding: i32,
            target: i32,
            graph: i32,
        ) -> i32;
        pub(crate) safe fn load_by_name(name: i32, len: i32, graph: i32) -> i32;
        pub(crate) safe fn init_execution_context(graph: i32, context: i32) -> i32;
        pub(crate) safe fn set_input(context: i32, index: i32, tensor: i32) -> i32;
        pub(crate) safe fn compute(context: i32) -> i32;
        pub(crate) safe fn get_output(context: i32, index: i32, to: i32, max: i32, len: i32)
        -> i32;
    }
}

/// So that the cases can be checked on any machine.
#[cfg(not(target_env = "p1"))]
mod stand_ins {
    const ONLY: &str = "this program is for wasm32-wasip1";

    pub(crate) fn load(_: i32, _: i32, _: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub(crate) fn load_by_name(_: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub(crate) fn init_execution_context(_: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub(crate) fn set_input(_: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub(crate) fn compute(_: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub(crate) fn get_output(_: i32, _: i32, _: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
}
