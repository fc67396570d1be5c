//! What a graph holds, measured at the allocator: the footprint it reports is real and is given back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]
#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::executor::block_on;
use godwit_backend::{Backend, CheckedContext, Graph, Model, Quota, Target, Tensor};
use godwit_cpu::{CpuBackend, CpuOptions};
use godwit_fixtures::models::matmul_chain;

struct Counting;

static HELD: AtomicI64 = AtomicI64::new(0);

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(signed(layout.size()), Ordering::SeqCst);
        // SAFETY: the caller's own promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.fetch_sub(signed(layout.size()), Ordering::SeqCst);
        // SAFETY: the caller's own promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn held() -> i64 {
    HELD.load(Ordering::SeqCst)
}

fn load(backend: &CpuBackend, model: &Model) -> Arc<dyn Graph> {
    block_on(backend.load(model, &Target::new("cpu:0"))).unwrap()
}

fn run(graph: &Arc<dyn Graph>) {
    let mut context = block_on(CheckedContext::open(graph, &Quota::unlimited())).unwrap();
    let input = Tensor::from_values([1, 1024], &[0.5f32; 1024]).unwrap();
    block_on(context.run([input].into_iter().collect())).unwrap();
}

#[test]
fn a_footprint_is_what_is_held_and_is_given_back() {
    let backend = CpuBackend::new(CpuOptions { threads: Some(1), ..Default::default() }).unwrap();
    // 4 MiB of weights.
    let model = Model::onnx("chain", matmul_chain(1024, 2));
    // What the library sets up once is no graph's.
    let first = load(&backend, &model);
    run(&first);
    drop(first);

    let before = held();
    let graph = load(&backend, &model);
    let loaded = held() - before;
    let footprint = i64::try_from(graph.info().footprint.total()).unwrap();
    println!("held {loaded} bytes, footprint {footprint}");
    assert!(footprint >= 4 << 20, "{footprint}");
    assert!(footprint <= loaded + 65_536, "reports {footprint}, holds {loaded}");
    assert!(loaded <= footprint + footprint / 4, "reports {footprint}, holds {loaded}");
    run(&graph);
    drop(graph);
    let kept = held() - before;
    assert!(kept < 65_536, "{kept} bytes were not given back");
}
