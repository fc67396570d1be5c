//! A warm run through every policy allocates nothing.

use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use godwit_backend::{DType, Dim, Quota, Target, Tensor, Tensors};
use godwit_fake::{FakeBackend, Script};
use godwit_model::Limits;
use godwit_policy::{AdmissionLimits, AllowList, Ledger, Stack};

#[test]
fn a_warm_run_through_every_policy_allocates_nothing() {
    const RUNS: u64 = 1000;
    let stack = Stack::new(vec![Arc::new(FakeBackend::default())], Limits::default(), 1 << 20);
    let limits = AdmissionLimits {
        concurrent_runs: 2,
        queued_runs: 2,
        device_bytes: 1 << 20,
        run_deadline: Some(Duration::from_secs(1)),
        load_deadline: None,
        models: Some(AllowList::new().name("echo")),
    };
    let ledger = Ledger::new();
    let tenant = stack.tenant(limits, ledger.clone());
    let model = Script::echo(DType::F32, [Dim::Known(2)]).model("echo");
    let graph = block_on(tenant.load(&model, &Target::new("fake:0"))).unwrap();
    let mut context = block_on(graph.context(&Quota::unlimited())).unwrap();
    let pair = Tensors::from_iter([Tensor::from_values([2], &[1f32, 2.0]).unwrap()]);
    let inputs = graph.info().signature.check(pair).unwrap();
    let mut run = || {
        let outputs = context.run(inputs.clone()).try_ready().unwrap().unwrap();
        assert_eq!(outputs.len(), 1);
    };
    run();

    let counted = allocation_counter::measure(|| (1..RUNS).for_each(|_| run()));
    assert_eq!((counted.count_total, counted.bytes_total), (0, 0));

    let report = ledger.report();
    assert_eq!(report.rows.iter().map(|row| row.runs).sum::<u64>(), RUNS);
    // That the counter counts at all:
    assert_eq!(allocation_counter::measure(|| drop(Box::new(7u64))).count_total, 1);
}
