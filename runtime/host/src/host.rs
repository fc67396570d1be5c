use std::fmt;
use std::thread;
use std::time::Duration;

use godwit_backend::{Error, Result};
use wasmtime::{
    Config, Engine, EngineWeak, InstanceAllocationStrategy, Linker, PoolingAllocationConfig,
    component,
};

use crate::compiler::{Cache, Compiled, Compiler, CompilerProcess};
use crate::store::{ComponentState, ModuleState};
use crate::{Description, Key, Limits, Program, features, nn, sealed, wasi};

/// The clock itself should take no processor.
const SHORTEST_TIME_SLICE: Duration = Duration::from_millis(1);

/// What a [`Host`] is made with.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// The most that any invocation on this host may be given.
    pub limits: Limits,
    /// Core instances alive at one time: the pool's size. One component uses a few.
    pub instances: u32,
    /// Where compiled programs are kept between processes, if anywhere.
    pub cache: Option<Cache>,
    /// The process that compiles programs, on Linux. Without one they are compiled in this process, where nothing
    /// ends a compilation that takes long.
    pub compiler: Option<CompilerProcess>,
    /// How long a guest may hold a thread before others run, and a deadline is seen. A time slice's end
    /// takes some ten microseconds, also where nobody else waits. At least a millisecond.
    pub time_slice: Duration,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            instances: 128,
            cache: None,
            compiler: None,
            time_slice: Duration::from_millis(5),
        }
    }
}

/// The WebAssembly engine with everything a guest can import. One a process.
pub struct Host {
    engine: Engine,
    components: component::Linker<ComponentState>,
    modules: Linker<ModuleState>,
    compiler: Compiler,
}

impl Host {
    /// Starts the engine, its instance pool and its epoch clock.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the system refuses the address space for the pool or a thread for the clock.
    pub fn new(options: &HostOptions) -> Result<Self> {
        let unavailable = |error: wasmtime::Error| {
            Error::unavailable("the WebAssembly engine cannot be started").with_source(error)
        };
        let engine =
            config(options).and_then(|config| Engine::new(&config)).map_err(unavailable)?;
        start_clock(engine.weak(), options.time_slice)?;
        let mut components = component::Linker::new(&engine);
        let mut modules = Linker::new(&engine);
        (|| {
            wasi::add_to_component_linker(&mut components)?;
            nn::add_to_component_linker(&mut components)?;
            wasi::add_to_module_linker(&mut modules)?;
            nn::add_to_module_linker(&mut modules)
        })()
        .map_err(unavailable)?;
        let HostOptions { compiler: process, cache, .. } = options.clone();
        Ok(Self { engine, components, modules, compiler: Compiler { process, cache } })
    }

    /// Compiles and links a component or a core module.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` when the bytes are not valid WebAssembly, import something this host does not
    /// have (each such import is named), or have no entry point; `TooLarge` when the program is more than a
    /// guest may be; `Timeout` when compiling it takes longer than the [`CompilerProcess`] may.
    pub fn load(&self, bytes: &[u8]) -> Result<Program> {
        self.link(&self.compile(bytes)?)
    }

    fn compile(&self, bytes: &[u8]) -> Result<Compiled> {
        self.compiler.compile(&self.engine, bytes)
    }

    fn link(&self, compiled: &Compiled) -> Result<Program> {
        match compiled {
            Compiled::Component(component) => {
                Program::from_component(&self.engine, &self.components, component)
            }
            Compiled::Module(module) => Program::from_module(&self.engine, &self.modules, module),
        }
    }

    /// What a component or core module is, without linking it: its imports, with a word on those this
    /// host lacks, its exports and its world.
    ///
    /// # Errors
    ///
    /// As [`Host::load`], but imports and entry point may be any.
    pub fn describe(&self, bytes: &[u8]) -> Result<Description> {
        Ok(Description::of(&self.engine, &self.compile(bytes)?))
    }

    /// Compiles ahead of time, for this host and this build only, and seals the result with `key`.
    ///
    /// # Errors
    ///
    /// As [`Host::load`].
    pub fn seal(&self, key: &Key, bytes: &[u8]) -> Result<Vec<u8>> {
        let compiled = self.compile(bytes)?;
        // Linking finds today what would otherwise be found in production.
        self.link(&compiled)?;
        sealed::seal(key, &compiled.serialize()?)
    }

    /// Loads what [`Host::seal`] made with the same `key`.
    ///
    /// # Errors
    ///
    /// - `Denied`: the file was changed, or sealed with another key: on another host, for instance.
    /// - `InvalidArgument`: it was compiled by another version of the engine or for another processor.
    ///
    /// The limits it runs under are this host's, whatever those of the host that compiled it were.
    pub fn open_sealed(&self, key: &Key, bytes: &[u8]) -> Result<Program> {
        self.link(&sealed::open(key, bytes)?.load(&self.engine)?)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

fn config(options: &HostOptions) -> wasmtime::Result<Config> {
    let limits = &options.limits;
    let memory = usize::try_from(limits.memory.min(1 << 32))?;
    let count = options.instances;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count)
        .total_core_instances(count)
        .total_memories(count)
        .total_tables(count)
        .total_stacks(count)
        .max_memory_size(memory)
        .table_elements(limits.table_elements)
        .max_core_instances_per_component(u32::try_from(limits.instances)?)
        .max_memories_per_component(u32::try_from(limits.memories)?)
        .max_tables_per_component(u32::try_from(limits.memories)?)
        .max_component_instance_size(8 << 20)
        .max_core_instance_size(8 << 20)
        // Keeping a little of each slot mapped spares a fresh instance most of its page faults.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10);

    let mut config = compile_config();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .max_wasm_stack(limits.stack)
        // Host functions run on the guest's stack too: tract and its like need room.
        .async_stack_size(limits.stack.saturating_add(2 << 20));
    Ok(config)
}

/// What machine code depends on, the same for every host of this build.
pub(crate) fn compile_config() -> Config {
    let mut config = Config::new();
    features::set(&mut config);
    config
        .epoch_interruption(true)
        .memory_init_cow(true)
        // Concurrent guest tasks are for WASI 0.3, which no world here offers.
        .concurrency_support(false);
    config
}

/// Advances the epoch at the end of each time slice until the engine is gone.
fn start_clock(engine: EngineWeak, time_slice: Duration) -> Result<()> {
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(time_slice.max(SHORTEST_TIME_SLICE));
        }
    };
    thread::Builder::new().name("godwit-epoch".into()).spawn(tick).map(drop).map_err(|error| {
        Error::unavailable("the system refused a thread for the epoch clock").with_source(error)
    })
}
