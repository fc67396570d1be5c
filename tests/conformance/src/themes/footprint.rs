use godwit_backend::Memory;

use crate::bounded::heap;
use crate::open::Open;
use crate::tensors::eventually;
use crate::{Case, Subject};

/// What 16 MB of weights take at the least.
const HEAVY: u64 = 16 << 20;

pub async fn a_graph_has_a_footprint(subject: Subject) {
    let small = subject.load(&Case::Add).await.expect("a small model");
    assert!(small.info().footprint.total() > 0, "a graph that takes no memory");
    let heavy = subject.load(&Case::Heavy).await.expect("a heavy model");
    assert!(
        heavy.info().footprint.total() >= HEAVY,
        "{} bytes are less than the weights",
        heavy.info().footprint.total()
    );
    assert!(
        heavy.info().footprint.total() < 16 * HEAVY,
        "{} bytes for 16 MB",
        heavy.info().footprint.total()
    );
}

/// Where nobody can tell what the device holds, the handles at least can be told to be the last.
pub async fn device_memory_is_given_back_with_the_last_handle(subject: Subject) {
    let held = || subject.held.as_ref().map_or(0, |held| held());
    let before = held();
    let graph = subject.load(&Case::Heavy).await.expect("a heavy model");
    let footprint = graph.info().footprint.total();
    let open = Open::on(graph, Memory::unlimited()).await;
    if subject.held.is_some() {
        assert_eq!(held(), before + footprint, "the footprint is what the device holds");
    }
    let Open { graph, context, .. } = open;
    drop(graph);
    drop(context);
    // A cache above the device holds graphs on purpose: it goes with the backend.
    let Subject { backend, held, .. } = subject;
    drop(backend);
    if let Some(held) = held {
        eventually("the device holds what it held before", || held() == before).await;
    }
}

/// Forty times 16 MB: a graph that is not freed shows whatever else the process does meanwhile.
pub async fn loading_again_and_again_does_not_pile_up_memory(subject: Subject) {
    let model = subject.models.model(&Case::Heavy);
    let load = || async {
        let graph = subject.backend.load(&model, &subject.target).await;
        drop(graph.expect("a heavy model"));
    };
    load().await;
    let before = heap();
    for _ in 0..40 {
        load().await;
    }
    let kept = heap().saturating_sub(before);
    assert!(kept < 20 * (16 << 20), "{kept} bytes are left of graphs that are gone");
}
