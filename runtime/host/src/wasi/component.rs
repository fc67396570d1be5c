//! The functions of WASI 0.2 that are linked over wasmtime's.

use bytes::Bytes;
use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode, HostDescriptor, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{
    DynOutputStream, FsResult, OutputStream, Pollable, StreamError, StreamResult,
};

use super::Bounds;
use super::links::stays_below;
use crate::store::ComponentState;

/// wasmtime's version of the interface. Under another name these functions would guard nothing, which the tests of
/// guests that break the rules would tell.
const TYPES: &str = "wasi:filesystem/types@0.2.12";

type Store<'a> = StoreContextMut<'a, ComponentState>;
type Lowered<T> = Result<(std::result::Result<T, ErrorCode>,)>;

/// Adds WASI 0.2, guarded.
pub(crate) fn add_to_component_linker(linker: &mut Linker<ComponentState>) -> Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types
        .func_wrap_async("[method]descriptor.open-at", |store: Store<'_>, arguments: OpenAt| {
            Box::new(open_at(store, arguments))
        })?;
    types.func_wrap_async("[method]descriptor.symlink-at", |store: Store<'_>, arguments| {
        Box::new(symlink_at(store, arguments))
    })?;
    types.func_wrap_async("[method]descriptor.link-at", |store: Store<'_>, arguments| {
        Box::new(link_at(store, arguments))
    })?;
    types.func_wrap_async("[method]descriptor.set-size", |store: Store<'_>, arguments| {
        Box::new(set_size(store, arguments))
    })?;
    types.func_wrap_async("[method]descriptor.write", |store: Store<'_>, arguments| {
        Box::new(write(store, arguments))
    })?;
    types.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store: Store<'_>, (file, offset): (Resource<Descriptor>, u64)| {
            let stream = store.data_mut().filesystem().write_via_stream(file, offset);
            bounded(store, stream)
        },
    )?;
    types.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store: Store<'_>, (file,): (Resource<Descriptor>,)| {
            let stream = store.data_mut().filesystem().append_via_stream(file);
            bounded(store, stream)
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// An error that the guest may see becomes a value; another ends it.
fn lower<T>(outcome: FsResult<T>) -> Lowered<T> {
    match outcome {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

type OpenAt = (Resource<Descriptor>, PathFlags, String, OpenFlags, DescriptorFlags);

async fn open_at(
    mut store: Store<'_>,
    (folder, path_flags, path, open_flags, flags): OpenAt,
) -> Lowered<Resource<Descriptor>> {
    let state = store.data_mut();
    let bounds = state.bounds.clone();
    bounds.check_files(state.ctx().table)?;
    let mut files = state.filesystem();
    lower(files.open_at(folder, path_flags, path, open_flags, flags).await)
}

async fn symlink_at(
    mut store: Store<'_>,
    (folder, target, link): (Resource<Descriptor>, String, String),
) -> Lowered<()> {
    if !stays_below(&target) {
        return Ok((Err(ErrorCode::NotPermitted),));
    }
    lower(store.data_mut().filesystem().symlink_at(folder, target, link).await)
}

type LinkAt = (Resource<Descriptor>, PathFlags, String, Resource<Descriptor>, String);

/// Within one folder: a name in a second one would outlive what the first was given for.
async fn link_at(mut store: Store<'_>, (from, flags, old, to, new): LinkAt) -> Lowered<()> {
    if from.rep() != to.rep() {
        return Ok((Err(ErrorCode::CrossDevice),));
    }
    lower(store.data_mut().filesystem().link_at(from, flags, old, to, new).await)
}

async fn set_size(mut store: Store<'_>, (file, size): (Resource<Descriptor>, u64)) -> Lowered<()> {
    store.data().bounds.check_size(size)?;
    lower(store.data_mut().filesystem().set_size(file, size).await)
}

async fn write(
    mut store: Store<'_>,
    (file, bytes, offset): (Resource<Descriptor>, Vec<u8>, u64),
) -> Lowered<u64> {
    store.data().bounds.write(bytes.len())?;
    lower(store.data_mut().filesystem().write(file, bytes, offset).await)
}

/// Has what is written to a new stream be charged.
fn bounded(
    mut store: Store<'_>,
    stream: FsResult<Resource<DynOutputStream>>,
) -> Lowered<Resource<DynOutputStream>> {
    let stream = match stream {
        Ok(stream) => stream,
        Err(error) => return Ok((Err(error.downcast()?),)),
    };
    let state = store.data_mut();
    let bounds = state.bounds.clone();
    let table = state.ctx().table;
    let inner = table.delete(stream)?;
    let stream: DynOutputStream = Box::new(Bounded { inner, bounds });
    Ok((Ok(table.push(stream)?),))
}

struct Bounded {
    inner: DynOutputStream,
    bounds: Bounds,
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Bounded {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.bounds.write(bytes.len()).map_err(StreamError::Trap)?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.inner.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.inner.check_write()
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Bounded {
    async fn ready(&mut self) {
        self.inner.ready().await;
    }
}
