//! `wasi_ephemeral_nn` as it is: numbers and pointers.

#[cfg(target_env = "p1")]
pub use imports::*;
#[cfg(not(target_env = "p1"))]
pub use stand_ins::*;

#[cfg(target_env = "p1")]
mod imports {
    #[link(wasm_import_module = "wasi_ephemeral_nn")]
    unsafe extern "C" {
        pub safe fn load(parts: i32, count: i32, encoding: i32, target: i32, graph: i32) -> i32;
        pub safe fn load_by_name(name: i32, len: i32, graph: i32) -> i32;
        pub safe fn init_execution_context(graph: i32, context: i32) -> i32;
        pub safe fn set_input(context: i32, index: i32, tensor: i32) -> i32;
        pub safe fn compute(context: i32) -> i32;
        pub safe fn get_output(context: i32, index: i32, to: i32, max: i32, len: i32) -> i32;
    }
}

/// So that the programs can be checked on any machine.
#[cfg(not(target_env = "p1"))]
mod stand_ins {
    const ONLY: &str = "this program is for wasm32-wasip1";

    pub fn load(_: i32, _: i32, _: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub fn load_by_name(_: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub fn init_execution_context(_: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub fn set_input(_: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub fn compute(_: i32) -> i32 {
        unreachable!("{ONLY}")
    }
    pub fn get_output(_: i32, _: i32, _: i32, _: i32, _: i32) -> i32 {
        unreachable!("{ONLY}")
    }
}

pub const SUCCESS: i32 = 0;
pub const INVALID_ARGUMENT: i32 = 1;
pub const INVALID_ENCODING: i32 = 2;
pub const RUNTIME_ERROR: i32 = 5;
pub const UNSUPPORTED: i32 = 6;
pub const TOO_LARGE: i32 = 7;
pub const NOT_FOUND: i32 = 8;

pub const ONNX: i32 = 1;
pub const CPU: i32 = 0;

/// Numbers of the tensor types by the names in [`DTYPES`](crate::DTYPES); bf16 has none.
pub const TYPES: [(&str, u32); 6] =
    [("f16", 0), ("f32", 1), ("f64", 2), ("u8", 3), ("i32", 4), ("i64", 5)];
pub const F32: u32 = 1;

/// A list in memory.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct List {
    pub start: i32,
    pub len: i32,
}

/// A tensor in memory.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct RawTensor {
    pub dims: List,
    pub ty: u32,
    pub data: List,
}

/// Where something is.
#[allow(clippy::cast_possible_truncation, reason = "pointers have 32 bits here")]
pub fn address<T: ?Sized>(of: &T) -> i32 {
    std::ptr::from_ref(of).cast::<u8>().expose_provenance() as i32
}

/// Where something is that the host may write.
#[allow(clippy::cast_possible_truncation, reason = "pointers have 32 bits here")]
pub fn address_mut<T: ?Sized>(of: &mut T) -> i32 {
    std::ptr::from_mut(of).cast::<u8>().expose_provenance() as i32
}

/// The list that a slice is.
pub fn list<T>(of: &[T]) -> List {
    List { start: address(of), len: i32::try_from(of.len()).expect("a length of 31 bits") }
}

/// A tensor of these dimensions and bytes, which it points to.
pub fn tensor(dims: &[u32], ty: u32, data: &[u8]) -> RawTensor {
    RawTensor { dims: list(dims), ty, data: list(data) }
}

/// A graph by name, or the errno.
pub fn graph(name: &str) -> Result<i32, i32> {
    let List { start, len } = list(name.as_bytes());
    handle(|out| load_by_name(start, len, out))
}

/// A context of the graph of this name.
#[track_caller]
pub fn context(name: &str) -> i32 {
    let graph = graph(name).expect("there is such a model");
    handle(|out| init_execution_context(graph, out)).expect("a context")
}

/// Calls what writes a handle to a pointer.
pub fn handle(call: impl FnOnce(i32) -> i32) -> Result<i32, i32> {
    let mut out = -1;
    match call(address_mut(&mut out)) {
        SUCCESS => Ok(out),
        errno => Err(errno),
    }
}

/// Reads an output into `buffer`: how many bytes, or the errno.
pub fn read(context: i32, index: i32, buffer: &mut [u8]) -> Result<usize, i32> {
    let max = i32::try_from(buffer.len()).expect("a length of 31 bits");
    let to = address_mut(buffer);
    let mut written = 0u32;
    match get_output(context, index, to, max, address_mut(&mut written)) {
        SUCCESS => Ok(written as usize),
        errno => Err(errno),
    }
}

/// Asks a graph about the digit.
#[track_caller]
pub fn classify(graph: i32) {
    use crate::digit;
    let context = handle(|out| init_execution_context(graph, out)).expect("a context");
    let data = crate::bytes(&digit::image());
    assert_eq!(set_input(context, 0, address(&tensor(&digit::DIMS, F32, &data))), SUCCESS);
    assert_eq!(compute(context), SUCCESS);
    let mut logits = [0; 40];
    assert_eq!(read(context, 0, &mut logits), Ok(40));
    crate::assert_near(&crate::floats(&logits), &digit::LOGITS);
}

/// Three times each of these, by the model `scale`: that the host still works.
#[track_caller]
pub fn still_works() {
    let context = context("scale");
    let data = crate::bytes(&[1.0, -2.0]);
    assert_eq!(set_input(context, 0, address(&tensor(&[2], F32, &data))), SUCCESS);
    assert_eq!(compute(context), SUCCESS);
    let mut tripled = [0; 8];
    assert_eq!(read(context, 0, &mut tripled), Ok(8));
    crate::assert_near(&crate::floats(&tripled), &[3.0, -6.0]);
}
