mod admission;
mod cache;
mod cache_interleaved;
mod catalog;
mod metered;
mod router;
mod stack;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use godwit_backend::{
    Backend, CheckedContext, DType, DeviceKind, Dim, Error, ErrorKind, Graph, Memory, Model, Quota,
    Result, Run, Target, Tensor, Tensors,
};
use godwit_fake::{Act, FakeBackend, FakeDevice, Outcome, Script};

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(3600);

fn cpu() -> FakeDevice {
    FakeDevice::new(DeviceKind::Cpu)
}

fn fake(device: FakeDevice) -> FakeBackend {
    FakeBackend::builder().device(device).build()
}

fn shared(fake: &FakeBackend) -> Arc<dyn Backend> {
    Arc::new(fake.clone())
}

fn target() -> Target {
    Target::new("fake:0")
}

/// Two `f32` in and out. The footprint makes the bytes, and so the digest, differ.
fn echo(name: &str, footprint: u64) -> Model {
    Script::echo(DType::F32, [Dim::Known(2)]).footprint(footprint).model(name)
}

fn pair() -> Tensors {
    Tensors::from_iter([Tensor::from_values([2], &[1f32, 2.0]).unwrap()])
}

async fn context(graph: &Arc<dyn Graph>) -> CheckedContext {
    CheckedContext::open(graph, &Quota::unlimited()).await.unwrap()
}

/// Polls a run once, which must not end it.
fn begin<'a>(mut run: Run<'a>) -> Run<'a> {
    assert!((&mut run).now_or_never().is_none(), "the run ended at once");
    run
}

fn refusal<T>(outcome: Result<T>) -> (ErrorKind, String) {
    outcome.map(|_| ()).map_err(|error: Error| (error.kind(), error.to_string())).unwrap_err()
}

fn count(fake: &FakeBackend, act: Act) -> usize {
    fake.log().iter().filter(|call| call.act == act).count()
}

fn cancelled(fake: &FakeBackend, act: Act) -> usize {
    let log = fake.log();
    log.iter().filter(|call| call.act == act && call.outcome == Outcome::Cancelled).count()
}
