//! A core module that takes all it can of handles and of its 16 MiB for tensors is told when to stop.

use godwit_test_guests::module::{
    F32, SUCCESS, TOO_LARGE, address, compute, graph, handle, init_execution_context, set_input,
    tensor,
};

fn main() {
    let scale = graph("scale").expect("there is such a model");
    let data = vec![0; 4 << 20];
    let large = tensor(&[1 << 20], F32, &data);
    let mut contexts = Vec::new();
    let held = loop {
        let context = handle(|out| init_execution_context(scale, out)).expect("a context");
        contexts.push(context);
        match set_input(context, 0, address(&large)) {
            SUCCESS => assert!(contexts.len() < 100, "the host holds 400 MiB"),
            errno => {
                assert_eq!(errno, TOO_LARGE);
                break contexts.len() - 1;
            }
        }
    };
    assert_eq!(held, 4);
    assert_eq!(compute(contexts[0]), TOO_LARGE);
    // What is replaced is let go of.
    for &context in &contexts {
        let small = [0; 4];
        assert_eq!(set_input(context, 0, address(&tensor(&[1], F32, &small))), SUCCESS);
    }
    assert_eq!(compute(contexts[0]), SUCCESS);

    let mut more = 0;
    let errno = loop {
        match handle(|out| init_execution_context(scale, out)) {
            Ok(_) => more += 1,
            Err(errno) => break errno,
        }
        assert!(more < 1_000_000, "the host gave out a million handles");
    };
    assert_eq!(errno, TOO_LARGE);
    assert_eq!(graph("add"), Err(TOO_LARGE));
    assert_eq!(compute(contexts[0]), SUCCESS);
}
