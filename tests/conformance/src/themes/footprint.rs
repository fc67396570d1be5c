use godwit_backend::Memory;

use crate::memory::{Heap, alone, resident};
use crate::open::Open;
use crate::tensors::{eventually, zeros};
use crate::{Case, Held, Subject};

/// The weights of [`Case::Heavy`].
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

pub async fn device_memory_is_given_back_with_the_last_handle(subject: Subject) {
    let held = subject.held.clone();
    match held {
        Held::Exactly(held) => given_back_exactly(subject, || held()).await,
        Held::Resident => given_back_to_the_system(subject).await,
        Held::Pooled => given_back_to_the_library(subject).await,
        Held::Unknown(reason) => panic!("this case cannot be checked here: {reason}"),
    }
}

async fn given_back_exactly(subject: Subject, held: impl Fn() -> u64) {
    let before = held();
    let graph = subject.load(&Case::Heavy).await.expect("a heavy model");
    let footprint = graph.info().footprint.total();
    let open = Open::on(graph, Memory::unlimited()).await;
    assert_eq!(held(), before + footprint, "the footprint is what the device holds");
    drop_all(open, subject);
    eventually("the device holds what it held before", || held() == before).await;
}

/// What a library sets up once is no graph's, so half the weights are its own affair.
async fn given_back_to_the_system(subject: Subject) {
    alone();
    let row = || zeros(&Memory::unlimited(), [1, 2048]);
    let mut small = subject.open(&Case::Long).await;
    small.answer([zeros(&Memory::unlimited(), [1, 256])]).await;
    drop(small);
    let before = resident();
    let mut open = subject.open(&Case::Heavy).await;
    open.answer([row()]).await;
    let during = resident();
    assert!(
        during >= before + HEAVY * 3 / 4,
        "{before} bytes, then {during}: the weights are not where they are looked for"
    );
    drop_all(open, subject);
    let returned = || resident() < before + HEAVY / 2;
    eventually("the system has back what the graph held", returned).await;
}

/// The next graphs fit into what the last ones left. A library's pool may grow a few times before it has settled; a
/// graph that is not freed makes it grow every time.
async fn given_back_to_the_library(subject: Subject) {
    const GRAPHS: u64 = 8;
    alone();
    let one_after_the_other = async || {
        for _ in 0..GRAPHS {
            let mut open = subject.open(&Case::Heavy).await;
            open.answer([zeros(&Memory::unlimited(), [1, 2048])]).await;
        }
        resident()
    };
    let settled = one_after_the_other().await;
    let grown = one_after_the_other().await.saturating_sub(settled);
    assert!(grown < GRAPHS * HEAVY / 2, "{GRAPHS} graphs left {grown} bytes behind");
}

/// A cache above the device holds graphs on purpose: it goes with the backend.
fn drop_all(open: Open, subject: Subject) {
    let Open { graph, context, .. } = open;
    drop(graph);
    drop(context);
    drop(subject);
}

/// Forty times 16 MB: a graph that is not freed shows, whatever an allocator keeps for later.
pub async fn loading_again_and_again_does_not_pile_up_memory(subject: Subject) {
    const KEPT: u64 = 20 * HEAVY;
    alone();
    let model = subject.models.model(&Case::Heavy);
    let load = || async {
        let graph = subject.backend.load(&model, &subject.target).await;
        drop(graph.expect("a heavy model"));
    };
    // Allocators settle.
    for _ in 0..8 {
        load().await;
    }
    let (heap, system) = (Heap::used(), resident());
    for _ in 0..40 {
        load().await;
    }
    let heap = Heap::used().saturating_sub(heap) as u64;
    assert!(heap < KEPT, "{heap} bytes on the heap are left of graphs that are gone");
    let system = resident().saturating_sub(system);
    assert!(system < KEPT, "{system} resident bytes are left of graphs that are gone");
}
