//! `wasi_ephemeral_nn` as it is.

mod handles;
mod inference;
mod loading;
mod pointers;
mod raw;

use crate::Case;

/// Every case.
pub const CASES: &[&[Case]] = &[loading::CASES, inference::CASES, handles::CASES, pointers::CASES];

const SUCCESS: i32 = 0;
const UNSUPPORTED: i32 = 6;
const CPU: i32 = 0;

/// The numbers of the tensor types, by the names that models use; bf16 has none.
const TYPES: [(&str, u32); 6] =
    [("f16", 0), ("f32", 1), ("f64", 2), ("u8", 3), ("i32", 4), ("i64", 5)];
const F32: u32 = 1;

fn encoding(name: &str) -> i32 {
    match name {
        "openvino" => 0,
        "onnx" => 1,
        other => panic!("no encoding is called '{other}'"),
    }
}

fn errno(number: i32) -> String {
    let name = match number {
        1 => "invalid-argument",
        2 => "invalid-encoding",
        3 => "missing-memory",
        4 => "busy",
        5 => "runtime-error",
        6 => "unsupported-operation",
        7 => "too-large",
        8 => "not-found",
        other => panic!("{other} is no errno"),
    };
    format!("refused: {name}")
}

/// The line of a call that should be refused; one that was not ends the case.
#[track_caller]
fn refused(what: &str, number: i32) -> String {
    assert!(number != SUCCESS, "{what} was accepted");
    errno(number)
}

/// The line of several such calls: what they have in common.
fn all(lines: impl IntoIterator<Item = String>) -> String {
    let mut lines: Vec<String> = lines.into_iter().collect();
    lines.sort();
    lines.dedup();
    match <[String; 1]>::try_from(lines) {
        Ok([line]) => line,
        Err(lines) => {
            let codes = lines.iter().map(|line| line.trim_start_matches("refused: "));
            format!("refused: {}", codes.collect::<Vec<_>>().join(" or "))
        }
    }
}

/// A list in memory.
#[derive(Clone, Copy)]
#[repr(C)]
struct List {
    start: i32,
    len: i32,
}

/// A tensor in memory.
#[derive(Clone, Copy)]
#[repr(C)]
struct RawTensor {
    dims: List,
    ty: u32,
    data: List,
}

/// Where something is.
fn address<T: ?Sized>(of: &T) -> i32 {
    std::ptr::from_ref(of).cast::<u8>().expose_provenance() as i32
}

/// Where something is that the host may write.
fn address_mut<T: ?Sized>(of: &mut T) -> i32 {
    std::ptr::from_mut(of).cast::<u8>().expose_provenance() as i32
}

/// The list that a slice is.
fn list<T>(of: &[T]) -> List {
    List { start: address(of), len: i32::try_from(of.len()).expect("a length of 31 bits") }
}

/// A tensor of these dimensions and bytes, which it points to.
fn tensor(dims: &[u32], ty: u32, data: &[u8]) -> RawTensor {
    RawTensor { dims: list(dims), ty, data: list(data) }
}

/// Calls what writes a number to a pointer.
fn written(call: impl FnOnce(i32) -> i32) -> Result<i32, i32> {
    let mut out = -1;
    match call(address_mut(&mut out)) {
        SUCCESS => Ok(out),
        number => Err(number),
    }
}

/// What a call gave; a failed one ends the case. What the host says it lacks is no mistake of its.
#[track_caller]
fn good<T>(what: &str, outcome: Result<T, i32>) -> T {
    outcome.unwrap_or_else(|number| {
        if number == UNSUPPORTED {
            println!("unsupported: {what}");
            std::process::exit(0);
        }
        panic!("{what}: {}", errno(number))
    })
}

#[track_caller]
fn succeeded(what: &str, number: i32) {
    good(what, if number == SUCCESS { Ok(()) } else { Err(number) });
}

fn by_name(name: &[u8]) -> Result<i32, i32> {
    let List { start, len } = list(name);
    written(|out| raw::load_by_name(start, len, out))
}

/// A context of the graph of this name.
#[track_caller]
fn context(name: &str) -> i32 {
    let graph = good("load_by_name", by_name(name.as_bytes()));
    good("init_execution_context", written(|out| raw::init_execution_context(graph, out)))
}

fn set(context: i32, index: i32, tensor: &RawTensor) -> i32 {
    raw::set_input(context, index, address(tensor))
}

#[track_caller]
fn set_floats(context: i32, index: i32, values: &[f32]) {
    let dims = [u32::try_from(values.len()).expect("few values")];
    let data = crate::bytes(values);
    succeeded("set_input", set(context, index, &tensor(&dims, F32, &data)));
}

/// Reads an output into `buffer`: how many bytes, or the errno.
fn read(context: i32, index: i32, buffer: &mut [u8]) -> Result<usize, i32> {
    let max = i32::try_from(buffer.len()).expect("a length of 31 bits");
    let to = address_mut(buffer);
    let len = written(|len| raw::get_output(context, index, to, max, len))?;
    Ok(usize::try_from(len).expect("a length"))
}

#[track_caller]
fn read_floats(context: i32, count: usize) -> Vec<f32> {
    let mut buffer = vec![0; count * 4 + 8];
    let len = good("get_output", read(context, 0, &mut buffer));
    buffer.truncate(len);
    let floats = crate::floats(&buffer);
    assert_eq!(floats.len(), count);
    floats
}

/// Asks a context of `scale`, which gives three times each.
#[track_caller]
fn tripled(context: i32, x: f32) -> f32 {
    set_floats(context, 0, &[x]);
    succeeded("compute", raw::compute(context));
    read_floats(context, 1)[0]
}
