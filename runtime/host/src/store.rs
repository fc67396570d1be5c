//! What a store holds, and how one is made from an invocation.

use godwit_backend::Result;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::invocation::{Outlets, wasi};
use crate::limits::StoreLimiter;
use crate::nn::{Handles, NnCtx, NnView};
use crate::wasi::Bounds;
use crate::{Inference, Invocation};

/// The data of a store that runs a component.
pub(crate) struct ComponentState {
    wasi: WasiCtx,
    table: ResourceTable,
    inference: Inference,
    pub(crate) bounds: Bounds,
    pub(crate) outlets: Outlets,
    limiter: StoreLimiter,
}

/// The data of a store that runs a core module.
pub(crate) struct ModuleState {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) inference: Inference,
    pub(crate) handles: Handles,
    pub(crate) bounds: Bounds,
    pub(crate) outlets: Outlets,
    limiter: StoreLimiter,
}

impl WasiView for ComponentState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl NnView for ComponentState {
    fn nn(&mut self) -> NnCtx<'_> {
        NnCtx { table: &mut self.table, inference: &self.inference }
    }
}

impl ComponentState {
    pub(crate) fn store(engine: &Engine, invocation: Invocation) -> Result<Store<Self>> {
        let Invocation { args, env, dirs, stdio, limits, inference } = invocation;
        let bounds = Bounds::new(&limits);
        let (mut wasi, outlets) = wasi(&args, &env, &dirs, stdio, Some(&bounds))?;
        let wasi = wasi.build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let limiter = StoreLimiter::new(&limits);
        let state = Self { wasi, table, inference, bounds, outlets, limiter };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.hostcall_bytes);
        yield_after_time_slices(&mut store);
        Ok(store)
    }
}

impl ModuleState {
    pub(crate) fn store(engine: &Engine, invocation: Invocation) -> Result<Store<Self>> {
        let Invocation { args, env, dirs, stdio, limits, inference } = invocation;
        let bounds = Bounds::new(&limits);
        // `fd_write` charges what goes to any file, these included.
        let (mut wasi, outlets) = wasi(&args, &env, &dirs, stdio, None)?;
        let mut wasi = wasi.build_p1();
        wasi.ctx().table.set_max_capacity(limits.handles);
        let limiter = StoreLimiter::new(&limits);
        let handles = Handles::new(limits.handles);
        let state = Self { wasi, inference, handles, bounds, outlets, limiter };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.limiter);
        yield_after_time_slices(&mut store);
        Ok(store)
    }
}

/// Makes the guest yield at the end of every time slice, so that whoever awaits it can let its deadline pass.
fn yield_after_time_slices<T>(store: &mut Store<T>) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
}
