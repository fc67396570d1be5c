//! A context outlives the graph it was made from, and an output outlives both.

use godwit_test_guests::component::{good, graph, only, run, tensor, values};

fn main() {
    let graph = graph("scale");
    let context = good(graph.init_execution_context());
    drop(graph);
    let y = only(good(run(&context, [("x", tensor(&[1], &[2.0]))])), "y");
    drop(context);
    assert_eq!(values(&y), [6.0]);
}
