//! Everything that can be planned happens, and is logged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::executor::block_on;
use godwit_backend::{
    Backend, Budget, Cancellation, CheckedContext, DType, Device, DeviceKind, Dim, Encoding, Error,
    ErrorKind, Graph, Memory, Model, Quota, Target, Tensor, TensorData, Tensors,
};
use godwit_fake::{Act, FakeBackend, FakeDevice, Op, Outcome, Script, WrongAnswer};

const HOUR: Duration = Duration::from_secs(3600);

fn n() -> [Dim; 1] {
    [Dim::Symbol("n".into())]
}

fn echo() -> Script {
    Script::echo(DType::F32, n())
}

fn device() -> FakeDevice {
    FakeDevice::new(DeviceKind::Gpu)
}

fn fake(device: FakeDevice) -> FakeBackend {
    FakeBackend::builder().device(device).build()
}

fn load(fake: &FakeBackend, script: &Script) -> Result<Arc<dyn Graph>, Error> {
    block_on(fake.load(&script.model("script"), &Target::new("fake:0")))
}

fn context(fake: &FakeBackend, script: &Script) -> CheckedContext {
    block_on(CheckedContext::open(&load(fake, script).unwrap(), &Quota::unlimited())).unwrap()
}

fn values(values: &[f32]) -> Tensor {
    Tensor::from_values([values.len()], values).unwrap()
}

fn one(tensor: Tensor) -> Tensors {
    Tensors::from_iter([tensor])
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn an_echo_shares_its_bytes_and_is_ready_at_once() {
    let fake = FakeBackend::default();
    let mut context = context(&fake, &echo());
    let input = values(&[1.0, 2.0]);
    let run = context.run(one(input.clone()));
    let outputs = run.try_ready().expect("an echo without latency is ready").unwrap();
    assert_eq!(outputs[0].host().unwrap().as_ptr(), input.host().unwrap().as_ptr());
}

#[test]
fn the_nth_run_and_the_nth_load_fail_as_planned() {
    let fake = fake(device().fail_run(2, ErrorKind::Failed).fail_load(3, ErrorKind::Unavailable));
    let mut first = context(&fake, &echo());
    let mut second = context(&fake, &echo());
    assert_eq!(kind(load(&fake, &echo())), ErrorKind::Unavailable);
    assert!(load(&fake, &echo()).is_ok());
    assert!(block_on(first.run(one(values(&[1.0])))).is_ok());
    assert_eq!(kind(block_on(second.run(one(values(&[1.0]))))), ErrorKind::Failed);
    assert!(block_on(second.run(one(values(&[1.0])))).is_ok());
}

#[test]
fn a_lost_device_stays_lost_until_it_is_revived() {
    let fake = fake(device().lose_at_run(2));
    let graph = load(&fake, &echo()).unwrap();
    let mut context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    let mut run = || block_on(context.run(one(values(&[1.0])))).map(drop);
    assert!(run().is_ok());
    assert_eq!(kind(run()), ErrorKind::DeviceLost);
    assert_eq!(kind(run()), ErrorKind::DeviceLost);
    assert_eq!(kind(load(&fake, &echo())), ErrorKind::DeviceLost);
    assert_eq!(
        kind(block_on(CheckedContext::open(&graph, &Quota::unlimited()))),
        ErrorKind::DeviceLost
    );
    let control = fake.device("fake:0").unwrap();
    control.revive();
    assert!(run().is_ok());
    control.lose();
    control.replace();
    assert_eq!(kind(run()), ErrorKind::DeviceLost, "a graph outlived the device that held it");
    assert!(load(&fake, &echo()).is_ok());
}

#[test]
fn footprints_are_charged_and_released() {
    let fake = fake(device().memory(1000));
    let free = || fake.devices().unwrap()[0].memory.unwrap().free;
    let graph = load(&fake, &echo().footprint(600)).unwrap();
    assert_eq!((graph.info().footprint.total(), free()), (600, 400));
    assert_eq!(kind(load(&fake, &echo().footprint(401))), ErrorKind::OutOfMemory);
    let context = block_on(CheckedContext::open(&graph, &Quota::unlimited())).unwrap();
    drop(graph);
    assert_eq!(free(), 400, "the context still holds the graph");
    drop(context);
    assert_eq!(free(), 1000);
}

#[test]
fn a_dropped_run_is_cancelled_and_frees_its_slot() {
    let fake = fake(device().slots(1));
    let control = fake.device("fake:0").unwrap();
    let mut slow = context(&fake, &echo().latency(HOUR));
    let mut quick = context(&fake, &echo());
    let mut run = slow.run(one(values(&[1.0])));
    assert!((&mut run).now_or_never().is_none());
    assert_eq!(control.running(), 1);
    let mut waiting = quick.run(one(values(&[2.0])));
    assert!((&mut waiting).now_or_never().is_none(), "the only slot is taken");
    drop(run);
    assert_eq!(block_on(waiting).unwrap()[0].values::<f32>().unwrap(), [2.0]);
    assert_eq!((control.running(), control.peak_running()), (0, 2));
    let ends: Vec<_> = fake.log().iter().filter(|call| call.act == Act::Run).cloned().collect();
    assert_eq!([ends[0].outcome, ends[1].outcome], [Outcome::Cancelled, Outcome::Done]);
    assert!(ends[0].is_cancelled());
}

#[test]
fn a_device_that_cannot_cancel_keeps_what_it_was_given() {
    let fake = fake(device().cancellation(Cancellation::Never));
    let control = fake.device("fake:0").unwrap();
    let budget = Budget::unlimited();
    let memory = Memory::new(Default::default(), budget.clone());
    let mut slow = context(&fake, &echo().latency(Duration::from_millis(200)));
    let bytes = memory.copy_from(bytemuck::bytes_of(&1f32)).unwrap();
    let input = Tensor::new(DType::F32, [1].into(), bytes).unwrap();
    let mut run = slow.run(one(input));
    assert!((&mut run).now_or_never().is_none());
    drop(run);
    assert!(budget.used() > 0, "the buffer went while the device was still reading it");
    let began = Instant::now();
    while (control.running(), budget.used()) != (0, 0) {
        assert!(began.elapsed() < Duration::from_secs(60), "the device never gave it back");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_load_takes_its_time_and_can_be_cancelled() {
    let fake = fake(device().load_latency(HOUR));
    let (model, target) = (echo().model("slow"), Target::new("fake:0"));
    assert!(fake.load(&model, &target).now_or_never().is_none());
    let log = fake.log();
    assert_eq!((log[0].act, log[0].outcome), (Act::Load, Outcome::Cancelled));
    assert_eq!((&*log[0].model, log[0].bytes_in), ("slow", model.byte_len()));
}

#[test]
fn wrong_answers_are_as_ordered() {
    let answer = |wrong: WrongAnswer, script: &Script, inputs: Tensors| {
        let fake = fake(device().wrong_at_run(2, wrong));
        let mut context = context(&fake, script);
        let right = block_on(context.run(inputs.clone())).unwrap();
        let wrong = block_on(context.run(inputs)).unwrap();
        assert_eq!(right.len(), wrong.len());
        let floats = |tensor: &Tensor| tensor.values::<f32>().unwrap().to_vec();
        (floats(&right[0]), floats(&wrong[0]))
    };
    let input = one(values(&[1.0, 2.0, 3.0]));
    let right = vec![1.0, 2.0, 3.0];
    let perturb = WrongAnswer::Perturb { output: 0, index: 1, by: 0.5 };
    assert_eq!(answer(perturb, &echo(), input.clone()), (right.clone(), vec![1.0, 2.5, 3.0]));
    let shifted = vec![3.0, 1.0, 2.0];
    let off_by_one = WrongAnswer::OffByOne { output: 0 };
    assert_eq!(answer(off_by_one, &echo(), input.clone()), (right, shifted));
    let (_, nan) = answer(WrongAnswer::Nan { output: 0, index: 2 }, &echo(), input);
    assert!(nan[2].is_nan() && nan[..2] == [1.0, 2.0]);

    let two = Script::new(Op::Echo)
        .input("a", DType::F32, n())
        .input("b", DType::F32, n())
        .output("c", DType::F32, n())
        .output("d", DType::F32, n());
    let inputs = Tensors::from_iter([values(&[1.0]), values(&[2.0])]);
    let swapped = answer(WrongAnswer::Swap { first: 0, second: 1 }, &two, inputs);
    assert_eq!(swapped, (vec![1.0], vec![2.0]));
}

#[test]
fn a_wrong_answer_that_does_not_fit_is_an_error() {
    let fake = fake(device().wrong(WrongAnswer::Nan { output: 0, index: 9 }));
    let run = block_on(context(&fake, &echo()).run(one(values(&[1.0])))).map(drop);
    assert_eq!(kind(run), ErrorKind::Internal);
}

#[test]
fn what_lies_on_the_device_crosses_over_once() {
    let fake = fake(device().resident().memory(4096));
    let control = fake.device("fake:0").unwrap();
    let memory = Memory::unlimited();
    let mut context = context(
        &fake,
        &Script::new(Op::Scale(2.0)).input("x", DType::F32, n()).output("y", DType::F32, n()),
    );
    let mut tensor = values(&[1.0, 2.0]);
    for _ in 0..3 {
        tensor = block_on(context.run(one(tensor))).unwrap()[0].clone();
        assert!(matches!(tensor.data(), TensorData::Device(_)));
    }
    assert_eq!((control.transfers().to_device, control.transfers().to_host), (8, 0));
    let bytes = block_on(tensor.to_host(&memory)).unwrap();
    assert_eq!(bytemuck::pod_collect_to_vec::<u8, f32>(&bytes), [8.0, 16.0]);
    assert_eq!((control.transfers().to_device, control.transfers().to_host), (8, 8));
    assert_eq!(fake.log().last().unwrap().act, Act::Read);
    let too_much = block_on(context.run(one(values(&[0.0; 2000])))).map(drop);
    assert_eq!(kind(too_much), ErrorKind::OutOfMemory);
    drop((tensor, context));
    assert_eq!(control.used(), 0);
}

#[test]
fn a_tensor_of_another_device_is_brought_over() {
    let plan = || device().resident();
    let fake = FakeBackend::builder().device(plan()).device(plan()).build();
    let graph = |id: &str| block_on(fake.load(&echo().model("echo"), &Target::new(id))).unwrap();
    let context =
        |id: &str| block_on(CheckedContext::open(&graph(id), &Quota::unlimited())).unwrap();
    let first = block_on(context("fake:0").run(one(values(&[3.0])))).unwrap()[0].clone();
    let second = block_on(context("fake:1").run(one(first))).unwrap()[0].clone();
    let TensorData::Device(buffer) = second.data() else { panic!("{second} came to the host") };
    assert_eq!(buffer.device().as_str(), "fake:1");
    let transfers = ["fake:0", "fake:1"].map(|id| fake.device(id).unwrap().transfers());
    assert_eq!(transfers.map(|t| (t.to_device, t.to_host)), [(4, 4), (4, 0)]);
}

#[test]
fn what_the_device_lacks_is_refused() {
    let fake = fake(device().dtypes([DType::F32]).encodings([Encoding::Onnx]));
    let refused = |model: &Model, target: &Target| kind(block_on(fake.load(model, target)));
    let target = Target::new("fake:0");
    let onnx = |script: &Script| script.model_as("m", Encoding::Onnx);
    assert_eq!(refused(&onnx(&echo()), &Target::new("fake:1")), ErrorKind::NotFound);
    let wide = Script::echo(DType::F64, n());
    assert_eq!(refused(&onnx(&wide), &target), ErrorKind::Unsupported);
    let pytorch = echo().model_as("m", Encoding::Pytorch);
    assert_eq!(refused(&pytorch, &target), ErrorKind::Unsupported);
    let option = target.clone().with_option("threads", "4");
    assert_eq!(refused(&onnx(&echo()), &option), ErrorKind::Unsupported);
    assert_eq!(refused(&Model::onnx("m", *b"junk"), &target), ErrorKind::InvalidEncoding);
    assert!(block_on(fake.load(&onnx(&echo()), &target)).is_ok());
}

#[test]
fn an_absent_family_says_so_and_why() {
    let fake = FakeBackend::builder().family("cuda").absent("libcuda.so.1 was not found").build();
    let error = fake.devices().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.report(), "the family 'cuda' is absent here: libcuda.so.1 was not found");
    assert_eq!(kind(load(&fake, &echo())), ErrorKind::Unavailable);
}

#[test]
fn the_log_keeps_the_last_calls() {
    let fake = FakeBackend::builder().log_capacity(2).build();
    let mut context = context(&fake, &echo());
    for length in 1..=3 {
        block_on(context.run(one(values(&vec![0.0; length])))).unwrap();
    }
    let bytes: Vec<_> = fake.log().iter().map(|call| (call.bytes_in, call.bytes_out)).collect();
    assert_eq!(bytes, [(8, 8), (12, 12)]);
    fake.clear_log();
    assert!(fake.log().is_empty());
}

#[test]
fn every_operation_computes() {
    let fake = FakeBackend::default();
    let answer = |script: Script, inputs: &[Tensor]| {
        let outputs = block_on(context(&fake, &script).run(inputs.iter().cloned().collect()));
        outputs.map(|outputs| {
            outputs
                .iter()
                .map(|o| (o.shape().to_vec(), o.values::<f32>().unwrap().to_vec()))
                .collect::<Vec<_>>()
        })
    };
    let f32s = |op: Op, inputs: &[&str], outputs: &[(&str, &[&str])]| {
        let dims =
            |names: &[&str]| names.iter().map(|n| Dim::Symbol((*n).into())).collect::<Vec<_>>();
        let script =
            inputs.iter().fold(Script::new(op), |s, name| s.input(name, DType::F32, dims(&["n"])));
        outputs.iter().fold(script, |s, (name, d)| s.output(name, DType::F32, dims(d)))
    };
    let sum = answer(Script::add(DType::F32, n()), &[values(&[1.0, 2.0]), values(&[3.0, 4.0])]);
    assert_eq!(sum.unwrap(), [(vec![2], vec![4.0, 6.0])]);
    let filled = answer(f32s(Op::Fill(7.0), &["x"], &[("y", &["n"])]), &[values(&[0.0, 0.0])]);
    assert_eq!(filled.unwrap(), [(vec![2], vec![7.0, 7.0])]);
    let rows = [Dim::Symbol("n".into()), Dim::Known(3)];
    let split = Script::new(Op::Split)
        .input("x", DType::F32, rows.clone())
        .output("doubled", DType::F32, rows)
        .output("total", DType::F32, n());
    let x = Tensor::from_values([2, 3], &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let (doubled, total) = (vec![2.0, 4.0, 6.0, 8.0, 10.0, 12.0], vec![6.0, 15.0]);
    assert_eq!(answer(split, &[x]).unwrap(), [(vec![2, 3], doubled), (vec![2], total)]);
    let mixed = f32s(Op::Mixed, &["ids", "mask"], &[("y", &["n"])]);
    let squares = answer(mixed.clone(), &[values(&[3.0, 15.0]), values(&[1.0, 0.0])]);
    assert_eq!(squares.unwrap(), [(vec![2], vec![9.0, 0.0])]);
    let unknown = answer(mixed, &[values(&[16.0]), values(&[1.0])]);
    assert_eq!(kind(unknown), ErrorKind::Failed);
    let expand = f32s(Op::Expand, &["x", "times"], &[("y", &["m"])]);
    let three = answer(expand, &[values(&[5.0]), values(&[3.0])]);
    assert_eq!(three.unwrap(), [(vec![3], vec![5.0; 3])]);
    let recorded = Op::Replay(vec![bytemuck::bytes_of(&9f32).to_vec()]);
    let replayed = Script::new(recorded).output("y", DType::F32, [Dim::Known(1)]);
    assert_eq!(answer(replayed, &[]).unwrap(), [(vec![1], vec![9.0])]);
}

#[test]
fn inputs_that_do_not_fit_are_refused_and_the_next_run_is_right() {
    let fake = FakeBackend::default();
    let mut context = context(&fake, &echo());
    assert_eq!(kind(block_on(context.run(Tensors::new())).map(drop)), ErrorKind::InvalidArgument);
    assert!(block_on(context.run(one(values(&[1.0])))).is_ok());
}

#[test]
fn a_product_is_one_and_its_faults_are_those_planned() {
    let dims = |size| [Dim::Symbol("n".into()), Dim::Known(size)];
    let weights = vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
    let script = Script::new(Op::Linear { weights, columns: 2 });
    let script = script.input("x", DType::F32, dims(3)).output("y", DType::F32, dims(2));
    let answer = |device: FakeDevice| {
        let mut context = context(&fake(device), &script);
        let x = Tensor::from_values([2, 3], &[1f32, 2.0, 3.0, 1.0, 0.0, 0.0]).unwrap();
        block_on(context.run(one(x))).unwrap()[0].values::<f32>().unwrap().to_vec()
    };
    assert_eq!(answer(device()), [14.0, 140.0, 1.0, 10.0]);
    assert_eq!(answer(device().wrong_weight(3, 0.5)), [14.0, 141.0, 1.0, 10.0]);
    let transposed = device().wrong(WrongAnswer::Transpose { output: 0 });
    assert_eq!(answer(transposed), [14.0, 1.0, 140.0, 10.0]);
    let affine = device().wrong(WrongAnswer::Affine { output: 0, factor: 2.0, by: 1.0 });
    assert_eq!(answer(affine), [29.0, 281.0, 3.0, 21.0]);
}

#[test]
fn sums_are_rounded_where_that_is_planned() {
    let rows = [Dim::Known(1), Dim::Known(3)];
    let script = Script::new(Op::Split).input("x", DType::F32, rows.clone());
    let script =
        script.output("doubled", DType::F32, rows).output("total", DType::F32, [Dim::Known(1)]);
    let total = |device: FakeDevice| {
        let mut context = context(&fake(device), &script);
        // In binary16 the numbers from 2048 on are even: each 1 is lost.
        let x = Tensor::from_values([1, 3], &[2048f32, 1.0, 1.0]).unwrap();
        block_on(context.run(one(x))).unwrap()[1].values::<f32>().unwrap()[0]
    };
    assert_eq!(total(device()), 2050.0);
    assert_eq!(total(device().accumulate_in(DType::F16)), 2048.0);
    let rounded = device().wrong(WrongAnswer::Round { output: 1, to: DType::Bf16 });
    assert_eq!(total(rounded), 2048.0);
}

#[test]
fn names_are_swapped_and_precision_is_what_was_said() {
    let two = Script::new(Op::Echo).input("a", DType::F32, n()).input("b", DType::F32, n());
    let two = two.output("c", DType::F32, n()).output("d", DType::F32, n());
    let fake = fake(device().swap_output_names(0, 1).precision(DType::Bf16));
    let graph = load(&fake, &two).unwrap();
    let names: Vec<_> = graph.info().signature.outputs.iter().map(|o| o.name.to_string()).collect();
    assert_eq!(names, ["d", "c"]);
    assert_eq!(graph.info().device.capabilities.precision, DType::Bf16);
}

#[test]
fn a_graph_on_a_group_holds_memory_of_each_member() {
    let device = || FakeDevice::new(DeviceKind::Gpu).memory(100);
    let fake = FakeBackend::builder().device(device()).device(device()).group([0, 1]).build();
    let used = || ["fake:0", "fake:1"].map(|id| fake.device(id).unwrap().used());
    let load = |footprint| {
        let model = Script::echo(DType::F32, [Dim::Known(2)]).footprint(footprint).model("echo");
        block_on(fake.load(&model, &Target::new("fake:0+1")))
    };
    let listed = fake.devices().unwrap();
    let members = |device: &Device| device.members().map(|id| id.to_string()).collect::<Vec<_>>();
    assert_eq!(
        listed.iter().map(members).collect::<Vec<_>>().concat(),
        ["fake:0", "fake:1", "fake:0", "fake:1"]
    );
    let graph = load(120).unwrap();
    let footprint = &graph.info().footprint;
    let by_device: Vec<_> = footprint.by_device().map(|(id, bytes)| (id.as_str(), bytes)).collect();
    assert_eq!((by_device, footprint.total()), (vec![("fake:0", 60), ("fake:1", 60)], 120));
    assert_eq!(used(), [60, 60]);
    assert_eq!(kind(load(120)), ErrorKind::OutOfMemory, "each member has room for 40 more");
    assert_eq!(used(), [60, 60]);
    drop(graph);
    assert_eq!(used(), [0, 0]);
}
