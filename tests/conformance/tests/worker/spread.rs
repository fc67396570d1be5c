//! A family of which one process drives one device.

use std::process::id;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::executor::block_on;
use godwit_backend::{
    Backend, CheckedContext, DType, Device, Error, ErrorKind, Graph, Memory, Model, Quota, Result,
    Target, Tensor, async_trait,
};
use godwit_conformance::models::ScriptModels;
use godwit_conformance::{Case, Models};
use godwit_fake::FakeBackend;
use godwit_worker::WorkerPerDevice;

use crate::served::{PROCESS, command, spread};

pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "each_device_runs_in_the_process_that_drives_it",
        each_device_runs_in_the_process_that_drives_it,
    ),
    (
        "a_device_of_another_process_outlives_the_one_of_this",
        a_device_of_another_process_outlives_the_one_of_this,
    ),
    ("a_device_that_is_not_there_starts_no_process", a_device_that_is_not_there_starts_no_process),
];

fn whole() -> WorkerPerDevice {
    WorkerPerDevice::new(Arc::new(spread()), || command("spread"))
}

fn each_device_runs_in_the_process_that_drives_it() {
    let spread = whole();
    assert_eq!(spread.devices().unwrap().len(), 2);
    let model = ScriptModels.model(&Case::Echo(DType::F32));
    let mut processes = Vec::new();
    for device in ["fake:0", "fake:1", "fake:1"] {
        let graph = block_on(spread.load(&model, &Target::new(device))).unwrap();
        assert_eq!(graph.info().device.id.as_str(), device);
        processes.push(graph.info().device.labels[PROCESS].clone());
        let memory = Memory::unlimited();
        let input = Tensor::from_values([1, 3], &[1f32, 2.0, 3.0]).unwrap();
        let mut context =
            block_on(CheckedContext::open(&graph, &Quota::of_host(memory.clone()))).unwrap();
        let outputs = block_on(context.run([input].into_iter().collect())).unwrap();
        assert_eq!(outputs[0].values::<f32>().unwrap(), [1.0, 2.0, 3.0]);
    }
    assert_eq!(processes[0], id().to_string());
    assert_ne!(processes[1], processes[0]);
    assert_eq!(processes[2], processes[1], "the second device has one process");
}

/// A family whose device of this process can be lost.
#[derive(Debug)]
struct Losable {
    spread: FakeBackend,
    is_lost: AtomicBool,
}

impl Losable {
    fn check(&self) -> Result<()> {
        match self.is_lost.load(Ordering::SeqCst) {
            true => Err(Error::device_lost("the device was lost")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Backend for Losable {
    fn name(&self) -> &str {
        self.spread.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.check()?;
        self.spread.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        self.check()?;
        self.spread.load(model, target).await
    }
}

fn a_device_of_another_process_outlives_the_one_of_this() {
    let here = Arc::new(Losable { spread: spread(), is_lost: AtomicBool::new(false) });
    let spread = WorkerPerDevice::new(here.clone(), || command("spread"));
    let model = ScriptModels.model(&Case::Echo(DType::F32));
    let load = |device: &str| block_on(spread.load(&model, &Target::new(device)));
    load("fake:0").unwrap();
    here.is_lost.store(true, Ordering::SeqCst);
    assert_eq!(load("fake:0").unwrap_err().kind(), ErrorKind::DeviceLost);
    let graph = load("fake:1").unwrap();
    block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    assert_eq!(spread.devices().unwrap().len(), 2);
}

fn a_device_that_is_not_there_starts_no_process() {
    let model = ScriptModels.model(&Case::Echo(DType::F32));
    let error = block_on(whole().load(&model, &Target::new("fake:7"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
