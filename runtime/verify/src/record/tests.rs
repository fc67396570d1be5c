use futures::FutureExt;
use futures::executor::block_on;
use godwit_backend::{
    Budget, CheckedContext, DType, DeviceKind, Dim, ErrorKind, Memory, Quota, Tensor, Tensors,
};
use godwit_fake::{FakeBackend, FakeDevice, Script};

use super::*;

fn device() -> FakeDevice {
    FakeDevice::new(DeviceKind::Gpu)
}

fn script() -> Script {
    Script::add(DType::F32, [Dim::Known(2)]).footprint(7)
}

fn context(device: FakeDevice, tape: &Tape, memory: &Memory) -> CheckedContext {
    let fake = FakeBackend::builder().device(device).build();
    let recorder = Recorder::new(Arc::new(fake), tape.clone());
    let graph = block_on(recorder.load(&script().model("add"), &Target::new("fake:0"))).unwrap();
    block_on(CheckedContext::open(&graph, &Quota::of_host(memory.clone()))).unwrap()
}

fn pair(a: f32, b: f32) -> Tensors {
    let tensor = |value: f32| Tensor::from_values([2], &[value, value]).unwrap();
    Tensors::from_iter([tensor(a), tensor(b)])
}

fn check_one_run(device: FakeDevice) {
    let tape = Tape::default();
    let mut context = context(device, &tape, &Memory::unlimited());
    let outputs = block_on(context.run(pair(1.0, 2.0))).unwrap();
    assert_eq!(outputs.len(), 1, "the caller gets the answer all the same");
    let recording = tape.recording().unwrap();
    let [load] = recording.loads.as_slice() else { panic!("{recording:?}") };
    assert_eq!((load.model.as_str(), load.footprint), ("add", 7));
    assert_eq!(load.digest, script().model("add").digest().to_string());
    assert_eq!(load.device.as_ref().unwrap().id, "fake:0");
    let [run] = recording.runs.as_slice() else { panic!("{recording:?}") };
    let names = |list: &[crate::recording::Captured]| {
        list.iter().map(|captured| captured.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&run.inputs), names(&run.outputs)),
        (vec!["a".into(), "b".into()], vec!["sum".into()])
    );
    assert_eq!(run.outputs[0].tensor.values::<f32>().unwrap(), [3.0, 3.0]);
    assert_eq!((run.seconds.len(), &run.failure), (1, &None));
}

#[test]
fn a_run_is_recorded_whether_ready_or_pending_on_the_host_or_on_a_device() {
    check_one_run(device());
    check_one_run(device().run_latency(std::time::Duration::from_millis(1)));
    check_one_run(device().resident());
}

#[test]
fn failures_and_dropped_runs_are_recorded() {
    let tape = Tape::default();
    let slow = device().run_latency(std::time::Duration::from_secs(3600));
    let mut context_ = context(slow, &tape, &Memory::unlimited());
    assert!(context_.run(pair(1.0, 2.0)).now_or_never().is_none());
    let faulty = device().fail_run(1, ErrorKind::DeviceLost);
    let mut faulty = context(faulty, &tape, &Memory::unlimited());
    assert!(block_on(faulty.run(pair(1.0, 2.0))).is_err());
    let recording = tape.recording().unwrap();
    let kinds: Vec<_> =
        recording.runs.iter().map(|run| run.failure.clone().unwrap().kind).collect();
    assert_eq!(kinds, ["cancelled", "device-lost"]);
    assert_eq!(recording.failure().unwrap().kind, "cancelled");
}

#[test]
fn a_load_that_fails_is_recorded() {
    let fake = FakeBackend::builder().device(device().fail_load(1, ErrorKind::OutOfMemory)).build();
    let tape = Tape::default();
    let recorder = Recorder::new(Arc::new(fake), tape.clone());
    assert!(block_on(recorder.load(&script().model("add"), &Target::new("fake:0"))).is_err());
    let load = tape.recording().unwrap().loads.remove(0);
    assert_eq!((load.device, load.failure.unwrap().kind.as_str()), (None, "out-of-memory"));
}

#[test]
fn a_full_tape_says_so_and_stops_nobody() {
    for (limits, why) in [
        (RecordLimits { bytes: 128, ..RecordLimits::default() }, "bytes of recorded tensors"),
        (RecordLimits { runs: 1, ..RecordLimits::default() }, "more than 1 runs"),
    ] {
        let tape = Tape::new(limits);
        let mut context = context(device(), &tape, &Memory::unlimited());
        for value in [1.0, 2.0] {
            block_on(context.run(pair(value, 10.0 * value))).unwrap();
        }
        let error = tape.recording().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.message().contains(why), "{error}");
    }
}

#[test]
fn equal_tensors_are_held_once_and_nobody_elses_budget_pays() {
    let tape = Tape::new(RecordLimits { bytes: 128, ..RecordLimits::default() });
    let budget = Budget::new("tensors", 1 << 20);
    let mut context = context(device(), &tape, &Memory::new(Default::default(), budget.clone()));
    for _ in 0..100 {
        // One input and the output: two blocks of 64 bytes.
        block_on(context.run(pair(1.0, 1.0))).unwrap();
    }
    assert_eq!(tape.recording().unwrap().runs.len(), 100);
    assert_eq!(budget.used(), 0);
}
