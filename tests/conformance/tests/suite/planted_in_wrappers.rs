//! The suite finds what a wrapper does wrong: each fault below fails the case it is for on a fake that is in order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use godwit_backend::{
    Backend, Device, Digest, Error, ExecutionContext, Graph, GraphInfo, Inputs, Memory, Model,
    Quota, Result, Run, Target, Tensors, async_trait,
};
use godwit_conformance::cases;
use godwit_conformance::planted::fault_of;
use godwit_conformance::wrappers::among_others;

use crate::subjects::fake;

/// That `case` fails on the fake under the faulty wrapper, for the reason given.
macro_rules! found {
    ($name:ident, $case:path, $wrapper:expr, $reason:literal) => {
        #[test]
        fn $name() {
            let faulty = || fake().wrap(|backend| Arc::new($wrapper(backend)));
            let reason = fault_of(faulty, $case);
            assert!(reason.contains($reason), "found for another reason: {reason}");
        }
    };
}

found!(
    a_router_that_asks_another_backend,
    cases::signature::the_graph_stands_on_the_device_that_was_asked_for,
    |backend| Misrouting(among_others(backend)),
    "other:0"
);
found!(
    a_cache_that_forgets_the_target,
    cases::errors::an_unknown_option_is_unsupported,
    |inner| Forgetful { inner, graphs: Mutex::default() },
    "an option that no device has"
);
found!(
    a_cache_that_forgets_the_device,
    cases::errors::an_unknown_device_is_not_found,
    |inner| Forgetful { inner, graphs: Mutex::default() },
    "a device that does not exist"
);
found!(
    permits_that_are_never_given_back,
    cases::concurrency::contexts_do_not_see_each_others_data,
    |inner| Faulty::new(inner, Fault::KeepsPermits(Mutex::new(64))),
    "panicked"
);
found!(
    tensors_that_are_kept,
    cases::budget::outputs_are_charged_to_the_callers_budget,
    |inner| Faulty::new(inner, Fault::KeepsOutputs(Mutex::default())),
    "never: dropped outputs"
);
found!(
    another_quota_than_the_callers,
    cases::budget::a_spent_budget_is_too_large_and_the_context_goes_on,
    |inner| Faulty::new(inner, Fault::ForgetsQuota),
    "4000 bytes where 1024 are allowed"
);
found!(
    a_run_that_blocks_its_caller,
    cases::cancellation::a_dropped_run_gives_its_buffers_back,
    |inner| Faulty::new(inner, Fault::Blocks),
    "a long run is over at once"
);
found!(
    a_graph_that_nobody_lets_go,
    cases::footprint::device_memory_is_given_back_with_the_last_handle,
    |inner| Faulty::new(inner, Fault::KeepsGraphs),
    "never: the device holds"
);

/// Takes the first device there is.
#[derive(Debug)]
struct Misrouting(Vec<Arc<dyn Backend>>);

#[async_trait]
impl Backend for Misrouting {
    fn name(&self) -> &str {
        "router"
    }

    fn devices(&self) -> Result<Vec<Device>> {
        Ok(self.0.iter().filter_map(|backend| backend.devices().ok()).flatten().collect())
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        for backend in &self.0 {
            let Some(device) =
                backend.devices().ok().and_then(|devices| devices.into_iter().next())
            else {
                continue;
            };
            let target = Target { device: device.id, options: target.options.clone() };
            return backend.load(model, &target).await;
        }
        Err(Error::unavailable("no backend is present"))
    }
}

/// Knows a graph by its model alone.
#[derive(Debug)]
struct Forgetful {
    inner: Arc<dyn Backend>,
    graphs: Mutex<HashMap<Digest, Arc<dyn Graph>>>,
}

#[async_trait]
impl Backend for Forgetful {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let known = self.graphs.lock().unwrap().get(&model.digest()).cloned();
        if let Some(graph) = known {
            return Ok(graph);
        }
        let graph = self.inner.load(model, target).await?;
        self.graphs.lock().unwrap().insert(model.digest(), graph.clone());
        Ok(graph)
    }
}

#[derive(Debug)]
enum Fault {
    KeepsPermits(Mutex<usize>),
    KeepsOutputs(Mutex<Vec<Tensors>>),
    ForgetsQuota,
    Blocks,
    KeepsGraphs,
}

/// A wrapper of graphs with one fault.
#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn Backend>,
    fault: Arc<Fault>,
}

impl Faulty {
    fn new(inner: Arc<dyn Backend>, fault: Fault) -> Self {
        Self { inner, fault: Arc::new(fault) }
    }
}

#[async_trait]
impl Backend for Faulty {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.inner.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        let graph = self.inner.load(model, target).await?;
        if matches!(*self.fault, Fault::KeepsGraphs) {
            std::mem::forget(graph.clone());
        }
        Ok(Arc::new(FaultyGraph { inner: graph, fault: self.fault.clone() }))
    }
}

#[derive(Debug)]
struct FaultyGraph {
    inner: Arc<dyn Graph>,
    fault: Arc<Fault>,
}

#[async_trait]
impl Graph for FaultyGraph {
    fn info(&self) -> &GraphInfo {
        self.inner.info()
    }

    async fn context(&self, quota: &Quota) -> Result<Box<dyn ExecutionContext>> {
        let forgets = matches!(*self.fault, Fault::ForgetsQuota);
        let quota = if forgets { Quota::of_host(Memory::unlimited()) } else { quota.clone() };
        let inner = self.inner.context(&quota).await?;
        Ok(Box::new(FaultyContext { inner, fault: self.fault.clone() }))
    }
}

#[derive(Debug)]
struct FaultyContext {
    inner: Box<dyn ExecutionContext>,
    fault: Arc<Fault>,
}

impl ExecutionContext for FaultyContext {
    fn run(&mut self, inputs: Inputs) -> Run<'_> {
        let Self { inner, fault } = self;
        match &**fault {
            Fault::KeepsPermits(left) => {
                let mut left = left.lock().unwrap();
                if *left == 0 {
                    return Run::ready(Err(Error::unavailable("no permit is left")));
                }
                *left -= 1;
                inner.run(inputs)
            }
            Fault::KeepsOutputs(kept) => Run::pending(async move {
                let outputs = inner.run(inputs).await?;
                kept.lock().unwrap().push(outputs.clone());
                Ok(outputs)
            }),
            Fault::Blocks => Run::ready(futures::executor::block_on(inner.run(inputs))),
            Fault::ForgetsQuota | Fault::KeepsGraphs => inner.run(inputs),
        }
    }
}
