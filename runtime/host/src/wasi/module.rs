//! The functions of `wasi_snapshot_preview1` that are linked over wasmtime's.

use wasmtime::{Caller, Extern, Linker, Result, bail};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::types::Errno;
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as wasi, WasiSnapshotPreview1 as _};
use wiggle::GuestMemory;

use super::Bounds;
use super::links::stays_below;
use crate::store::ModuleState;

const MODULE: &str = "wasi_snapshot_preview1";

type Guest<'a> = Caller<'a, ModuleState>;

/// Adds `wasi_snapshot_preview1`, guarded.
pub(crate) fn add_to_module_linker(linker: &mut Linker<ModuleState>) -> Result<()> {
    wasmtime_wasi::p1::add_to_linker_async(linker, |state: &mut ModuleState| &mut state.wasi)?;
    linker.allow_shadowing(true);
    linker.func_wrap_async(
        MODULE,
        "path_open",
        |mut guest: Guest<'_>,
         (folder, follow, path, len, open, rights, inherited, flags, out): (
            i32,
            i32,
            i32,
            i32,
            i32,
            i64,
            i64,
            i32,
            i32,
        )| {
            Box::new(async move {
                let (memory, wasi, bounds) = parts(&mut guest)?;
                bounds.check_files(wasi.ctx().table)?;
                wasi::path_open(
                    wasi,
                    &mut GuestMemory::Unshared(memory),
                    folder,
                    follow,
                    path,
                    len,
                    open,
                    rights,
                    inherited,
                    flags,
                    out,
                )
                .await
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "path_symlink",
        |mut guest: Guest<'_>,
         (target, target_len, folder, link, link_len): (i32, i32, i32, i32, i32)| {
            Box::new(async move {
                let (memory, wasi, _) = parts(&mut guest)?;
                let text = bytes(memory, target, target_len).map(str::from_utf8);
                if matches!(text, Some(Ok(text)) if !stays_below(text)) {
                    return Ok(Errno::Perm as i32);
                }
                let memory = &mut GuestMemory::Unshared(memory);
                wasi::path_symlink(wasi, memory, target, target_len, folder, link, link_len).await
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "path_link",
        |mut guest: Guest<'_>,
         (from, follow, old, old_len, to, new, new_len): (i32, i32, i32, i32, i32, i32, i32)| {
            Box::new(async move {
                // Within one folder: a name in a second one would outlive what the first was given for.
                if from != to {
                    return Ok(Errno::Xdev as i32);
                }
                let (memory, wasi, _) = parts(&mut guest)?;
                let memory = &mut GuestMemory::Unshared(memory);
                wasi::path_link(wasi, memory, from, follow, old, old_len, to, new, new_len).await
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "fd_write",
        |mut guest: Guest<'_>, (file, list, count, out): (i32, i32, i32, i32)| {
            Box::new(async move {
                let (memory, wasi, bounds) = parts(&mut guest)?;
                bounds.write(first_len(memory, list, count))?;
                let memory = &mut GuestMemory::Unshared(memory);
                wasi::fd_write(wasi, memory, file, list, count, out).await
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "fd_pwrite",
        |mut guest: Guest<'_>, (file, list, count, offset, out): (i32, i32, i32, i64, i32)| {
            Box::new(async move {
                let (memory, wasi, bounds) = parts(&mut guest)?;
                bounds.write(first_len(memory, list, count))?;
                let memory = &mut GuestMemory::Unshared(memory);
                wasi::fd_pwrite(wasi, memory, file, list, count, offset, out).await
            })
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "fd_filestat_set_size",
        |mut guest: Guest<'_>, (file, size): (i32, i64)| {
            Box::new(async move {
                let (memory, wasi, bounds) = parts(&mut guest)?;
                bounds.check_size(size.cast_unsigned())?;
                let memory = &mut GuestMemory::Unshared(memory);
                wasi::fd_filestat_set_size(wasi, memory, file, size).await
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The guest's memory and WASI, side by side. Without a memory it is ended, as by wasmtime's own functions.
fn parts<'a>(guest: &'a mut Guest<'_>) -> Result<(&'a mut [u8], &'a mut WasiP1Ctx, Bounds)> {
    let bounds = guest.data().bounds.clone();
    let fuel = wasmtime::AsContextMut::as_context_mut(guest).hostcall_fuel();
    let Some(Extern::Memory(memory)) = guest.get_export("memory") else {
        bail!("missing required memory export");
    };
    let (memory, state) = memory.data_and_store_mut(guest);
    state.wasi.set_hostcall_fuel(fuel);
    Ok((memory, &mut state.wasi, bounds))
}

fn bytes(memory: &[u8], pointer: i32, len: i32) -> Option<&[u8]> {
    let start = usize::try_from(pointer.cast_unsigned()).ok()?;
    let len = usize::try_from(len.cast_unsigned()).ok()?;
    memory.get(start..start.checked_add(len)?)
}

/// The length of the first buffer with bytes in it, which is what wasmtime writes of a list. What is not in the
/// guest's memory is refused by wasmtime.
fn first_len(memory: &[u8], list: i32, count: i32) -> usize {
    let list = count.checked_mul(8).and_then(|len| bytes(memory, list, len)).unwrap_or_default();
    let lens =
        list.as_chunks::<8>().0.iter().map(|[.., a, b, c, d]| u32::from_le_bytes([*a, *b, *c, *d]));
    lens.into_iter()
        .find(|len| *len > 0)
        .map_or(0, |len| usize::try_from(len).unwrap_or(usize::MAX))
}
