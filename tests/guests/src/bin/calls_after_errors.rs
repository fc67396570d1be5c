//! A context that refused a run, or failed in one, still works; so do other contexts of its graph.

use godwit_test_guests::component::{
    ErrorCode, good, graph, integers, only, refused, run, tensor, values,
};

fn main() {
    let graph = graph("mixed");
    let context = good(graph.init_execution_context());
    let other = good(graph.init_execution_context());
    let ask = |context, id| {
        run(context, [("ids", integers(&[1], &[id])), ("mask", tensor(&[1], &[1.0]))])
    };
    for id in [2, 3, 4] {
        refused(ask(&context, 99), ErrorCode::RuntimeError);
        refused(run(&context, [("ids", tensor(&[1], &[0.0]))]), ErrorCode::InvalidArgument);
        for context in [&context, &other] {
            let y = only(good(ask(context, id)), "y");
            assert_eq!(values(&y), [(id * id) as f32]);
        }
    }
}
