//! How a process ends, and what becomes of what ran there.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use godwit_backend::{
    Backend, Budget, CheckedContext, DType, Dim, Error, ErrorKind, Graph, Memory, Model, Quota,
    Target, Tensor, TensorData, Tensors,
};
use godwit_conformance::models::ScriptModels;
use godwit_conformance::{Case, Models};
use godwit_fake::Script;
use godwit_policy::GraphCache;
use godwit_worker::Worker;

use crate::served::{DEADLY, DEADLY_RUN, PROCESS, command, worker};

pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "what_a_process_takes_along_is_lost_and_comes_back",
        what_a_process_takes_along_is_lost_and_comes_back,
    ),
    (
        "a_model_that_ended_a_process_is_not_loaded_again",
        a_model_that_ended_a_process_is_not_loaded_again,
    ),
    (
        "a_tenant_whose_inputs_end_processes_is_refused_and_others_are_not",
        a_tenant_whose_inputs_end_processes_is_refused_and_others_are_not,
    ),
    ("who_ran_beside_others_is_not_blamed", who_ran_beside_others_is_not_blamed),
    ("a_cache_loads_anew_what_was_lost", a_cache_loads_anew_what_was_lost),
    ("the_process_ends_with_its_last_handle", the_process_ends_with_its_last_handle),
    ("what_cannot_be_opened_says_why", what_cannot_be_opened_says_why),
    (
        "outputs_stay_in_the_process_until_they_are_read",
        outputs_stay_in_the_process_until_they_are_read,
    ),
    ("a_tensor_of_another_process_is_brought_over", a_tensor_of_another_process_is_brought_over),
    ("who_starts_the_process_by_hand_is_told", who_starts_the_process_by_hand_is_told),
];

type Context = CheckedContext;

fn fake() -> Worker {
    worker("fake", "fake")
}

fn echo() -> Model {
    ScriptModels.model(&Case::Echo(DType::F32))
}

/// The same model by another name, and a little different: a name is no identity.
fn named(name: &str) -> Model {
    let mut bytes = echo().parts()[0].to_vec();
    bytes.extend(std::iter::repeat_n(b' ', name.len()));
    Model::new(name, echo().encoding(), vec![bytes.into()])
}

fn load(backend: &dyn Backend, model: &Model) -> Result<Arc<dyn Graph>, Error> {
    block_on(backend.load(model, &Target::new("fake:0")))
}

fn open(graph: &Arc<dyn Graph>, memory: &Memory) -> Context {
    block_on(CheckedContext::open(graph, &Quota::of_host(memory.clone()))).unwrap()
}

fn input() -> Tensor {
    Tensor::from_values([1, 3], &[1f32, 2.0, 3.0]).unwrap()
}

fn run(context: &mut Context) -> Result<Tensors, Error> {
    block_on(context.run([input()].into_iter().collect()))
}

fn process(graph: &Arc<dyn Graph>) -> String {
    graph.info().device.labels[PROCESS].clone()
}

fn lost(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::DeviceLost, "{error:?}");
    assert!(error.report().ends_with("it was ended by signal 6 (SIGABRT)"), "{}", error.report());
    assert!(!error.message().contains("signal"), "a guest is not told what a process is");
}

fn what_a_process_takes_along_is_lost_and_comes_back() {
    let (worker, memory) = (fake(), Memory::unlimited());
    let good = load(&worker, &echo()).unwrap();
    let mut context = open(&good, &memory);
    let kept = run(&mut context).unwrap();
    lost(&load(&worker, &named(DEADLY)).unwrap_err());
    // What was there is gone, and says so however often it is asked.
    for _ in 0..2 {
        lost(&run(&mut context).unwrap_err());
        lost(&block_on(CheckedContext::open(&good, &Quota::of_host(memory.clone()))).unwrap_err());
        lost(&block_on(kept[0].to_host(&memory)).unwrap_err());
    }
    drop(kept);
    assert_eq!(memory.budget().used(), 0);
    // Another process, another number, the same answers.
    assert_eq!(worker.devices().unwrap().len(), 1);
    let again = load(&worker, &echo()).unwrap();
    assert_ne!(process(&again), process(&good));
    let outputs = run(&mut open(&again, &memory)).unwrap();
    let bytes = block_on(outputs[0].to_host(&memory)).unwrap();
    assert_eq!(&*bytes, &**input().host().unwrap());
}

fn a_model_that_ended_a_process_is_not_loaded_again() {
    let worker = fake();
    lost(&load(&worker, &named(DEADLY)).unwrap_err());
    let error = load(&worker, &named(DEADLY)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error:?}");
    assert!(error.message().ends_with("it is refused for 10 s"), "{error}");
    load(&worker, &echo()).unwrap();
}

fn a_tenant_whose_inputs_end_processes_is_refused_and_others_are_not() {
    let (worker, tenant) = (fake(), Memory::unlimited());
    let deadly = |memory: &Memory| -> Result<(), Error> {
        let graph = load(&worker, &named(DEADLY_RUN))?;
        let quota = Quota::of_host(memory.clone());
        let mut context = block_on(CheckedContext::open(&graph, &quota))?;
        run(&mut context).map(|_| ())
    };
    for _ in 0..3 {
        lost(&deadly(&tenant).unwrap_err());
    }
    let error = deadly(&tenant).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error:?}");
    lost(&deadly(&Memory::unlimited()).unwrap_err());
}

fn who_ran_beside_others_is_not_blamed() {
    let worker = fake();
    // Far longer than it takes to lose the process.
    let slow = Script::echo(DType::F32, [Dim::Known(1), Dim::Known(3)]);
    let slow = slow.latency(Duration::from_secs(60)).model("slow");
    let graph = load(&worker, &slow).unwrap();
    let mut context = open(&graph, &Memory::unlimited());
    let mut running = context.run([input()].into_iter().collect());
    assert!(futures::FutureExt::now_or_never(&mut running).is_none(), "it was to take long");
    lost(&load(&worker, &named(DEADLY)).unwrap_err());
    lost(&block_on(running).unwrap_err());
    // Either may have done it.
    load(&worker, &slow).unwrap();
    lost(&load(&worker, &named(DEADLY)).unwrap_err());
}

fn a_cache_loads_anew_what_was_lost() {
    let cache = GraphCache::new(Arc::new(fake()), 1 << 30);
    let graph = load(&cache, &echo()).unwrap();
    let mut context = open(&graph, &Memory::unlimited());
    run(&mut context).unwrap();
    lost(&load(&cache, &named(DEADLY)).unwrap_err());
    lost(&run(&mut context).unwrap_err());
    let graph = load(&cache, &echo()).unwrap();
    run(&mut open(&graph, &Memory::unlimited())).unwrap();
}

fn the_process_ends_with_its_last_handle() {
    let worker = fake();
    let graph = load(&worker, &echo()).unwrap();
    let folder = Path::new("/proc").join(process(&graph));
    let context = open(&graph, &Memory::unlimited());
    drop((worker, graph));
    thread::sleep(Duration::from_millis(50));
    assert!(folder.exists(), "a context needs it still");
    drop(context);
    let begun = Instant::now();
    while folder.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the process is still there");
        thread::sleep(Duration::from_millis(5));
    }
}

fn what_cannot_be_opened_says_why() {
    let error = worker("fake", "nothing").devices().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.report(), "'nothing' is not here: it was looked for in a list of four");
    let missing = Worker::new("fake", || Command::new("/nowhere/godwit"));
    let error = load(&missing, &echo()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.message(), "no process could be started");
    let other = Worker::new("fake", || Command::new("true"));
    let error = load(&other, &echo()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.report().contains("it ended with code 0"), "{}", error.report());
}

fn outputs_stay_in_the_process_until_they_are_read() {
    let worker = fake();
    let graph = load(&worker, &echo()).unwrap();
    let memory = Memory::new(Default::default(), Budget::new("tensors", 4096));
    let quota = Quota { host: memory.clone(), device: Budget::new("device memory", 30) };
    let mut first = block_on(CheckedContext::open(&graph, &quota)).unwrap();
    let mut second = block_on(CheckedContext::open(&graph, &quota)).unwrap();
    let outputs = run(&mut first).unwrap();
    assert!(matches!(outputs[0].data(), TensorData::Device(_)));
    let used = || (memory.budget().used(), quota.device.used());
    assert_eq!(used(), (0, 12), "what stays there is booked here");
    let chained = block_on(second.run(outputs)).unwrap();
    assert!(matches!(chained[0].data(), TensorData::Device(_)));
    let bytes = block_on(chained[0].to_host(&memory)).unwrap();
    assert_eq!(&*bytes, &**input().host().unwrap());
    let another = run(&mut first).unwrap();
    assert_eq!(run(&mut second).unwrap_err().kind(), ErrorKind::TooLarge);
    drop((bytes, chained, another));
    assert_eq!(used(), (0, 0));
}

fn a_tensor_of_another_process_is_brought_over() {
    let (one, other) = (fake(), fake());
    let memory = Memory::unlimited();
    let there = run(&mut open(&load(&one, &echo()).unwrap(), &memory)).unwrap();
    let graph = load(&other, &echo()).unwrap();
    let back = block_on(open(&graph, &memory).run(there)).unwrap();
    let bytes = block_on(back[0].to_host(&memory)).unwrap();
    assert_eq!(&*bytes, &**input().host().unwrap());
}

fn who_starts_the_process_by_hand_is_told() {
    let output = command("fake").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("answers to that alone"), "{said}");
}
