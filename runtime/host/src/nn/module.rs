//! `wasi_ephemeral_nn` for core modules, as the WITX text defines it.
//!
//! Arguments are pointers into the guest's memory. Structures, little-endian: a list is a pointer and a
//! length (8 bytes); a tensor is the list of its dimensions (u32 each), its type (u8, padded to 4 bytes) and
//! the list of its bytes (20 bytes in all).

use godwit_backend::{Buffer, Error, Result, Tensor};
use wasmtime::{Caller, Extern, Linker};

use super::codes::{Errno, dtype_of_number, encoding_of_number, kind_of_number};
use super::memory::{pointer, slice, slice_mut, words, write_u32};
use super::tensor::{check_parts, shape, tensor};
use crate::store::ModuleState;

const MODULE: &str = "wasi_ephemeral_nn";

/// What the module offers.
pub(crate) const MODULE_FUNCTIONS: [&str; 6] =
    ["load", "load_by_name", "init_execution_context", "set_input", "compute", "get_output"];

type Guest<'a> = Caller<'a, ModuleState>;

/// Adds `wasi_ephemeral_nn` to a linker.
///
/// # Errors
///
/// When the linker already has it.
pub(crate) fn add_to_module_linker(linker: &mut Linker<ModuleState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        MODULE,
        "load",
        |mut guest: Guest<'_>, (parts, count, encoding, target, out): (i32, i32, i32, i32, i32)| {
            Box::new(
                async move { errno(load(&mut guest, parts, count, encoding, target, out).await) },
            )
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "load_by_name",
        |mut guest: Guest<'_>, (name, len, out): (i32, i32, i32)| {
            Box::new(async move { errno(load_by_name(&mut guest, name, len, out).await) })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "init_execution_context",
        |mut guest: Guest<'_>, (graph, out): (i32, i32)| {
            Box::new(async move { errno(init_execution_context(&mut guest, graph, out).await) })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "set_input",
        |mut guest: Guest<'_>, context: i32, index: i32, tensor: i32| {
            errno(set_input(&mut guest, context, index, tensor))
        },
    )?;
    linker.func_wrap_async(MODULE, "compute", |mut guest: Guest<'_>, (context,): (i32,)| {
        Box::new(async move { errno(compute(&mut guest, context).await) })
    })?;
    linker.func_wrap_async(
        MODULE,
        "get_output",
        |mut guest: Guest<'_>, (context, index, out, max, written): (i32, i32, i32, i32, i32)| {
            Box::new(async move {
                errno(get_output(&mut guest, context, index, out, max, written).await)
            })
        },
    )?;
    Ok(())
}

/// Why a call failed: in a way the contract knows, or because the guest exports no memory.
enum CallError {
    Contract(Error),
    MissingMemory,
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Contract(error)
    }
}

fn errno(outcome: std::result::Result<(), CallError>) -> i32 {
    let errno = match outcome {
        Ok(()) => Errno::Success,
        Err(CallError::MissingMemory) => Errno::MissingMemory,
        Err(CallError::Contract(error)) => {
            // This ABI has no room for a message: the operator's log is the only place for it.
            tracing::debug!(kind = ?error.kind(), error = %error.report(), "a {MODULE} call failed");
            Errno::from(error.kind())
        }
    };
    errno as i32
}

/// The guest's memory and the store's data, side by side.
fn parts<'a>(
    guest: &'a mut Guest<'_>,
) -> std::result::Result<(&'a mut [u8], &'a mut ModuleState), CallError> {
    match guest.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory.data_and_store_mut(guest)),
        _ => Err(CallError::MissingMemory),
    }
}

async fn load(
    guest: &mut Guest<'_>,
    list: i32,
    count: i32,
    encoding: i32,
    target: i32,
    out: i32,
) -> std::result::Result<(), CallError> {
    let (encoding, kind) = (encoding_of_number(encoding)?, kind_of_number(target)?);
    let (memory, state) = parts(guest)?;
    write_u32(memory, out, 0)?;
    let count = count.cast_unsigned();
    check_parts(count as usize)?;
    let mut buffers: Vec<Buffer> = Vec::new();
    for entry in slice(memory, list, count * 8)?.as_chunks::<8>().0 {
        let [start, len] = words::<2>(entry, 0)?;
        buffers.push(state.inference.quota.host.copy_from(slice(memory, pointer(start), len)?)?);
    }
    let inference = state.inference.clone();
    let graph = inference.load(encoding, buffers, kind).await?;
    let (memory, state) = parts(guest)?;
    write_u32(memory, out, state.handles.add_graph(graph)?)?;
    Ok(())
}

async fn load_by_name(
    guest: &mut Guest<'_>,
    name: i32,
    len: i32,
    out: i32,
) -> std::result::Result<(), CallError> {
    let (memory, state) = parts(guest)?;
    write_u32(memory, out, 0)?;
    let name = slice(memory, name, len.cast_unsigned())?;
    let name = std::str::from_utf8(name)
        .map_err(|_| Error::invalid_argument("a model's name must be UTF-8"))?
        .to_owned();
    let inference = state.inference.clone();
    let graph = inference.load_by_name(&name).await?;
    let (memory, state) = parts(guest)?;
    write_u32(memory, out, state.handles.add_graph(graph)?)?;
    Ok(())
}

async fn init_execution_context(
    guest: &mut Guest<'_>,
    graph: i32,
    out: i32,
) -> std::result::Result<(), CallError> {
    let (memory, state) = parts(guest)?;
    write_u32(memory, out, 0)?;
    let graph = state.handles.graph(graph)?;
    let inference = state.inference.clone();
    let execution = graph.context(&inference.quota).await?;
    let (memory, state) = parts(guest)?;
    write_u32(memory, out, state.handles.add_context(graph, execution)?)?;
    Ok(())
}

fn set_input(
    guest: &mut Guest<'_>,
    context: i32,
    index: i32,
    tensor: i32,
) -> std::result::Result<(), CallError> {
    let (memory, state) = parts(guest)?;
    let arena = &state.inference.quota.host;
    let context = state.handles.context(context)?;
    context.set_input(index, || read_tensor(memory, tensor, arena))?;
    Ok(())
}

/// The one copy in: from the guest's memory into the arena.
fn read_tensor(memory: &[u8], record: i32, arena: &godwit_backend::Memory) -> Result<Tensor> {
    let [dims, rank, ty, data, len] = words::<5>(memory, record)?;
    let dims = slice(memory, pointer(dims), rank.saturating_mul(4))?.as_chunks::<4>().0;
    let shape = shape(rank as usize, dims.iter().map(|dim| u32::from_le_bytes(*dim)))?;
    let [ty, ..] = ty.to_le_bytes();
    tensor(dtype_of_number(ty)?, shape, slice(memory, pointer(data), len)?, arena)
}

async fn compute(guest: &mut Guest<'_>, context: i32) -> std::result::Result<(), CallError> {
    guest.data_mut().handles.context(context)?.compute().await?;
    Ok(())
}

async fn get_output(
    guest: &mut Guest<'_>,
    context: i32,
    index: i32,
    out: i32,
    max: i32,
    written: i32,
) -> std::result::Result<(), CallError> {
    let state = guest.data_mut();
    let arena = state.inference.quota.host.clone();
    let bytes = state.handles.context(context)?.output(index, &arena).await?;
    let len =
        u32::try_from(bytes.len()).map_err(|_| Error::too_large("the output is too large"))?;
    let (memory, _) = parts(guest)?;
    if len > max.cast_unsigned() {
        return Err(Error::too_large(format!(
            "the output has {len} bytes and the guest's buffer {}",
            max.cast_unsigned()
        ))
        .into());
    }
    slice_mut(memory, out, len)?.copy_from_slice(&bytes);
    write_u32(memory, written, len)?;
    Ok(())
}
