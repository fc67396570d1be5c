use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use futures_timer::Delay;
use godwit_backend::{Arena, Budget, Memory};

use crate::memory::alone;
use crate::tensors::{eventually, floats, values, zeros};
use crate::{Case, Held, Subject};

const ROWS: usize = 4000;

fn counted() -> Memory {
    Memory::new(Arena::default(), Budget::new("tensors", u64::MAX))
}

pub async fn a_dropped_run_gives_its_buffers_back(subject: Subject) {
    let memory = counted();
    let mut open = subject.open_in(&Case::Long, memory.clone()).await;
    for wait in [0, 1, 30] {
        let input = zeros(&memory, [ROWS, 256]);
        let mut run = open.context.run([input].into_iter().collect());
        assert!((&mut run).now_or_never().is_none(), "a long run is over at once");
        // So that some are dropped before the device has begun and some after.
        Delay::new(Duration::from_millis(wait)).await;
        drop(run);
        eventually("the budget returns to 0", || memory.budget().used() == 0).await;
    }
}

/// Many more than the device could finish in the time it gets.
pub async fn a_dropped_run_frees_the_device(subject: Subject) {
    let memory = counted();
    let mut open = subject.open_in(&Case::Long, memory.clone()).await;
    for _ in 0..300 {
        let input = zeros(&memory, [ROWS, 256]);
        let mut run = open.context.run([input].into_iter().collect());
        assert!((&mut run).now_or_never().is_none(), "a long run is over at once");
    }
    let mut add = subject.open(&Case::Add).await;
    let sum = add.answer([floats(&[1.0]), floats(&[2.0])]).await.remove(0);
    assert_eq!(values::<f32>(&sum), [3.0]);
    eventually("the budget returns to 0", || memory.budget().used() == 0).await;
}

pub async fn a_run_that_was_never_polled_costs_nothing(subject: Subject) {
    let memory = counted();
    let mut open = subject.open_in(&Case::Long, memory.clone()).await;
    for _ in 0..100 {
        let input = zeros(&memory, [ROWS, 256]);
        drop(open.context.run([input].into_iter().collect()));
    }
    eventually("the budget returns to 0", || memory.budget().used() == 0).await;
}

/// Twenty times 16 MB, of which a system's allocator may keep half for later.
pub async fn a_dropped_load_leaves_nothing_behind(subject: Subject) {
    const LOADS: u64 = 20;
    const HEAVY: u64 = 16 << 20;
    alone();
    subject.open(&Case::Long).await;
    let model = subject.models.model(&Case::Heavy);
    let before = subject.held.now();
    for _ in 0..LOADS {
        let mut load = pin!(subject.backend.load(&model, &subject.target));
        // A load that is done at once has given its graph, which is dropped with the result.
        let _ = load.as_mut().now_or_never();
    }
    let mut open = subject.open(&Case::Heavy).await;
    let output = open.answer([zeros(&Memory::unlimited(), [1, 2048])]).await.remove(0);
    assert_eq!(output.shape()[..], [1, 2048]);
    if let Some(before) = before {
        let kept = if matches!(subject.held, Held::Exactly(_)) { 0 } else { LOADS / 2 * HEAVY };
        let most = before + open.graph.info().footprint.total() + kept;
        eventually("one graph is held", || subject.held.now() <= Some(most)).await;
    }
}
