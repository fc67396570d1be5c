use std::fmt;

use godwit_backend::{Error, Result};
use wasmtime::component::{self, Component};
use wasmtime::{Engine, InstancePre, Linker, Module, Trap};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::invocation::Outlets;
use crate::store::{ComponentState, ModuleState};
use crate::{Exit, Invocation, ProgramKind, describe, imports};

/// A guest, compiled and linked. Runs any number of invocations, side by side.
#[derive(Clone)]
pub struct Program {
    engine: Engine,
    entry: Entry,
}

#[derive(Clone)]
enum Entry {
    Component(CommandPre<ComponentState>),
    Module(InstancePre<ModuleState>),
}

impl Program {
    pub(crate) fn from_component(
        engine: &Engine,
        linker: &component::Linker<ComponentState>,
        component: &Component,
    ) -> Result<Self> {
        imports::check(&describe::component_imports(engine, component))?;
        let unlinkable = |error: wasmtime::Error| {
            Error::invalid_argument("the component does not fit this host's interfaces")
                .with_source(error)
        };
        let pre = linker.instantiate_pre(component).map_err(unlinkable)?;
        let pre = CommandPre::new(pre).map_err(|error| {
            Error::invalid_argument(
                "the component has no 'wasi:cli/run' export: it is not a command",
            )
            .with_source(error)
        })?;
        Ok(Self { engine: engine.clone(), entry: Entry::Component(pre) })
    }

    pub(crate) fn from_module(
        engine: &Engine,
        linker: &Linker<ModuleState>,
        module: &Module,
    ) -> Result<Self> {
        imports::check(&describe::module_imports(module))?;
        if module.get_export("_start").is_none() {
            return Err(Error::invalid_argument(
                "the core module has no '_start' export: it is not a command",
            ));
        }
        let pre = linker.instantiate_pre(module).map_err(|error| {
            Error::invalid_argument("the core module does not fit this host's interfaces")
                .with_source(error)
        })?;
        Ok(Self { engine: engine.clone(), entry: Entry::Module(pre) })
    }

    /// Whether it is a component or a core module.
    pub fn kind(&self) -> ProgramKind {
        match self.entry {
            Entry::Component(_) => ProgramKind::Component,
            Entry::Module(_) => ProgramKind::Module,
        }
    }

    /// Runs it once, in a store of its own that is thrown away afterwards.
    ///
    /// Dropping the future stops the guest and whatever it was computing.
    ///
    /// # Errors
    ///
    /// `NotFound` when a directory cannot be opened, `Unavailable` when the pool has no instance free,
    /// `TooLarge` when the guest does not fit its limits. What the guest itself does wrong is not an error
    /// but an [`Exit`].
    pub async fn run(&self, invocation: Invocation) -> Result<Exit> {
        let timeout = invocation.limits.timeout;
        let run = self.start(invocation);
        match timeout {
            None => run.await,
            Some(after) => match tokio::time::timeout(after, run).await {
                Ok(exit) => exit,
                Err(_) => Ok(Exit::TimedOut { after }),
            },
        }
    }

    async fn start(&self, invocation: Invocation) -> Result<Exit> {
        match &self.entry {
            Entry::Component(pre) => {
                let mut store = ComponentState::store(&self.engine, invocation)?;
                let command = pre.instantiate_async(&mut store).await.map_err(instantiation)?;
                let run = command.wasi_cli_run();
                let run = async { run.call_run(&mut store).await.map(|end| end.map_or(1, |()| 0)) };
                let exit = finish(run.await);
                settle(&store.data().outlets).await;
                Ok(exit)
            }
            Entry::Module(pre) => {
                let mut store = ModuleState::store(&self.engine, invocation)?;
                let instance = pre.instantiate_async(&mut store).await.map_err(instantiation)?;
                let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
                let start = start.map_err(|error| {
                    Error::invalid_argument("'_start' is not a function of no arguments")
                        .with_source(error)
                })?;
                let exit = finish(start.call_async(&mut store, ()).await.map(|()| 0));
                settle(&store.data().outlets).await;
                Ok(exit)
            }
        }
    }
}

fn finish(ended: wasmtime::Result<i32>) -> Exit {
    match ended {
        Ok(code) => Exit::Code(code),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Exit::Code(exit.0),
            None => Exit::Trapped { reason: reason(&error) },
        },
    }
}

/// What a guest has written counts as its work: its end waits for it, until its deadline.
async fn settle(outlets: &Outlets) {
    for outlet in outlets {
        outlet.settle().await;
    }
}

fn reason(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    }
}

fn instantiation(error: wasmtime::Error) -> Error {
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Error::unavailable("every instance of this host is in use").with_source(error);
    }
    Error::too_large("the guest does not fit its limits, or failed while starting")
        .with_source(error)
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("kind", &self.kind()).finish_non_exhaustive()
    }
}
