//! A guest that makes contexts without end is ended.

use godwit_test_guests::component::{good, graph};

fn main() {
    let graph = graph("scale");
    for _ in 0..1_000_000 {
        std::mem::forget(good(graph.init_execution_context()));
    }
    println!("the host gave out a million contexts");
}
