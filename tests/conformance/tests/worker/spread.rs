//! A family of which one process drives one device.

use std::process::id;
use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{Backend, DType, ErrorKind, Memory, Target, Tensor};
use godwit_conformance::models::ScriptModels;
use godwit_conformance::{Case, Models};
use godwit_worker::Spread;

use crate::served::{PROCESS, command, spread};

pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "each_device_runs_in_the_process_that_drives_it",
        each_device_runs_in_the_process_that_drives_it,
    ),
    ("a_device_that_is_not_there_starts_no_process", a_device_that_is_not_there_starts_no_process),
];

fn whole() -> Spread {
    Spread::new(Arc::new(spread()), || command("spread"))
}

fn each_device_runs_in_the_process_that_drives_it() {
    let spread = whole();
    assert_eq!(spread.devices().unwrap().len(), 2);
    let model = ScriptModels.model(&Case::Echo(DType::F32));
    let mut processes = Vec::new();
    for device in ["fake:0", "fake:1", "fake:1"] {
        let graph = block_on(spread.load(&model, &Target::new(device))).unwrap();
        assert_eq!(graph.device().id.as_str(), device);
        processes.push(graph.device().labels[PROCESS].clone());
        let memory = Memory::unlimited();
        let input = Tensor::from_values([1, 3], &[1f32, 2.0, 3.0]).unwrap();
        let mut context = block_on(graph.context(&memory)).unwrap();
        let outputs = block_on(context.run([input].into_iter().collect())).unwrap();
        assert_eq!(outputs[0].values::<f32>().unwrap(), [1.0, 2.0, 3.0]);
    }
    assert_eq!(processes[0], id().to_string());
    assert_ne!(processes[1], processes[0]);
    assert_eq!(processes[2], processes[1], "the second device has one process");
}

fn a_device_that_is_not_there_starts_no_process() {
    let model = ScriptModels.model(&Case::Echo(DType::F32));
    let error = block_on(whole().load(&model, &Target::new("fake:7"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
