//! The guest on wasmtime with wasmtime-wasi-nn, set up as that crate's documentation does.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, PoolingAllocationConfig, Store};
use wasmtime_wasi::p2::bindings::{Command, CommandPre};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_nn::wit::{WasiNnCtx, WasiNnView};
use wasmtime_wasi_nn::{Graph, GraphRegistry, Registry};

use crate::measure::Side;
use crate::measure::guest::{Answer, Work};

pub(crate) struct Hosted {
    runtime: Runtime,
    engine: Engine,
    program: CommandPre<State>,
    graph: Graph,
    work: Work,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    nn: WasiNnCtx,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// The one graph, whatever it is called.
struct One(Graph);

impl GraphRegistry for One {
    fn get(&self, _name: &str) -> Option<&Graph> {
        Some(&self.0)
    }

    fn get_mut(&mut self, _name: &str) -> Option<&mut Graph> {
        Some(&mut self.0)
    }
}

impl Hosted {
    pub(crate) fn new(guest: &[u8], graph: Graph, work: &Work) -> Result<Self> {
        let mut config = Config::new();
        config.allocation_strategy(PoolingAllocationConfig::default());
        let engine = Engine::new(&config)?;
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_nn::wit::add_to_linker(&mut linker, |state| {
            WasiNnView::new(&mut state.table, &mut state.nn)
        })?;
        let component = Component::new(&engine, guest)?;
        let program = CommandPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { runtime: Runtime::new()?, engine, program, graph, work: work.clone() })
    }

    pub(crate) fn run(&self, act: &str, runs: u32) -> Result<Answer> {
        let stdout = MemoryOutputPipe::new(4096);
        let wasi = WasiCtx::builder()
            .args(&self.work.args(act, runs))
            .stdout(stdout.clone())
            .inherit_stderr()
            .build();
        let nn = WasiNnCtx::new([], Registry::from(One(self.graph.clone())));
        let mut store = Store::new(&self.engine, State { wasi, table: ResourceTable::new(), nn });
        store.set_hostcall_fuel(1 << 30);
        let ended = self.runtime.block_on(async {
            let command: Command = self.program.instantiate_async(&mut store).await?;
            command.wasi_cli_run().call_run(&mut store).await
        })?;
        if ended.is_err() {
            bail!("the guest failed");
        }
        Answer::read(&stdout.contents())
    }
}

impl Side for Hosted {
    fn block(&self, runs: u32) -> Result<Duration> {
        Ok(self.run("run", runs)?.took)
    }
}
