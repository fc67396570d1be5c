//! The same engine through Godwit: a guest, or one of the layers below it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use godwit_backend::{
    Arena, Backend, Budget, CheckedContext, Graph, Memory, Model, Quota, Target, Tensor, Tensors,
};
use godwit_host::{Exit, Inference, Invocation, Limits, Program, Stdio};
use godwit_policy::{AdmissionLimits, Catalog, CatalogEntry, Ledger, Stack};
use tokio::runtime::Runtime;

use crate::engine::Engine;
use crate::measure::Side;
use crate::measure::guest::{Answer, Work};

/// One model offered to one guest, with every policy that `godwit run` has in front of it.
pub(crate) struct Hosted {
    runtime: Arc<Runtime>,
    program: Program,
    inference: Inference,
    /// As in `godwit run`, graphs are loaded before the guest starts and held while it runs.
    graph: Arc<dyn Graph>,
    work: Work,
}

/// What the models of one benchmark share.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) program: Program,
    pub(crate) backend: Arc<dyn Backend>,
}

impl Bench {
    /// `model` on `target`, offered to the guest.
    pub(crate) fn host(&self, model: Model, target: Target, work: &Work) -> Result<Hosted> {
        let stack =
            Stack::new(vec![self.backend.clone()], godwit_model::Limits::default(), u64::MAX);
        let tenant = stack.tenant(AdmissionLimits::default(), Ledger::new());
        let entry = CatalogEntry { variants: vec![model], target: Some(target) };
        let catalog = Catalog::builder(tenant).model(work.model.clone(), entry).build();
        let graph = self.runtime.block_on(catalog.by_name(&work.model))?;
        let budget = Budget::new("tensors", Limits::default().tensor_bytes);
        let memory = Memory::new(Arena::default(), budget);
        Ok(Hosted {
            runtime: self.runtime.clone(),
            program: self.program.clone(),
            inference: Inference { catalog: Arc::new(catalog), quota: Quota::of_host(memory) },
            graph,
            work: work.clone(),
        })
    }
}

impl Hosted {
    /// A fresh instance that does `act` `runs` times.
    pub(crate) fn run(&self, act: &str, runs: u32) -> Result<Answer> {
        Answer::read(&self.invoke(self.work.args(act, runs))?)
    }

    fn invoke(&self, args: Vec<String>) -> Result<Vec<u8>> {
        let (stdio, output) = Stdio::captured(Vec::new(), 4096);
        let invocation = Invocation {
            args,
            env: Vec::new(),
            dirs: Vec::new(),
            stdio,
            limits: Limits::default(),
            inference: self.inference.clone(),
        };
        match self.runtime.block_on(self.program.run(invocation))? {
            Exit::Code(0) => Ok(output.stdout().to_vec()),
            exit => bail!("the guest ended with {exit:?}: {}", text(&output.stderr())),
        }
    }

    /// Blocks that the arena took from the system so far, and those it took from its pool.
    pub(crate) fn arena(&self) -> [u64; 2] {
        let stats = self.inference.quota.host.arena().stats();
        [stats.allocated, stats.reused]
    }

    /// What the model calls its first output.
    pub(crate) fn output(&self) -> Option<String> {
        Some(self.graph.info().signature.outputs.first()?.name.to_string())
    }

    /// The guest's calls, one after another.
    pub(crate) fn act<'a>(&'a self, act: &'static str) -> Act<'a> {
        Act { hosted: self, act }
    }

    /// The same graph behind the same policies, without a guest.
    pub(crate) fn without_guest(&self) -> Result<Direct> {
        Direct::new(self.runtime.clone(), self.graph.clone(), &self.work)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A guest that does one thing, timed by its own clock.
pub(crate) struct Act<'a> {
    hosted: &'a Hosted,
    act: &'static str,
}

impl Side for Act<'_> {
    fn block(&self, runs: u32) -> Result<Duration> {
        Ok(self.hosted.run(self.act, runs)?.took)
    }
}

impl Side for Hosted {
    fn block(&self, runs: u32) -> Result<Duration> {
        self.act("run").block(runs)
    }
}

/// A graph run from Rust through Godwit's contract.
pub(crate) struct Direct {
    runtime: Arc<Runtime>,
    graph: Arc<dyn Graph>,
    input: Tensor,
    work: Work,
}

impl Direct {
    pub(crate) fn new(runtime: Arc<Runtime>, graph: Arc<dyn Graph>, work: &Work) -> Result<Self> {
        let input = Tensor::from_values(work.dims.as_slice(), &work.values())?;
        Ok(Self { runtime, graph, input, work: work.clone() })
    }
}

impl Side for Direct {
    fn block(&self, runs: u32) -> Result<Duration> {
        self.runtime.block_on(async {
            let mut context = CheckedContext::open(&self.graph, &Quota::unlimited()).await?;
            let inputs = || Tensors::from_iter([self.input.clone()]);
            for _ in 0..self.work.warm_up(runs) {
                context.run(inputs()).await?;
            }
            let began = Instant::now();
            for _ in 0..runs {
                black_box(context.run(inputs()).await?);
            }
            Ok(began.elapsed())
        })
    }
}

/// A fresh instance for each request, from before its store is made to after it is gone.
pub(crate) struct Fresh<'a>(pub(crate) &'a Hosted);

impl Side for Fresh<'_> {
    fn block(&self, runs: u32) -> Result<Duration> {
        let began = Instant::now();
        for _ in 0..runs {
            self.0.invoke(vec!["bench-guest".into()]).context("starting an instance")?;
        }
        Ok(began.elapsed())
    }
}

/// The same work on two threads at once. A block is as long as the slower one takes.
pub(crate) struct Both<'a>(pub(crate) &'a dyn Side);

impl Side for Both<'_> {
    fn block(&self, runs: u32) -> Result<Duration> {
        let [one, other] = std::thread::scope(|scope| {
            [scope.spawn(|| self.0.block(runs)), scope.spawn(|| self.0.block(runs))]
                .map(|thread| thread.join())
        });
        let joined = |block: std::thread::Result<Result<Duration>>| {
            block.unwrap_or_else(|_| bail!("a thread panicked"))
        };
        Ok(joined(one)?.max(joined(other)?))
    }
}
