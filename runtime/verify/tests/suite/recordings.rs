//! Recordings made through a [`Recorder`], kept on disk, asked again, and compared.

use std::sync::Arc;

use futures::executor::block_on;
use godwit_backend::{
    Backend, CheckedContext, DType, Dim, ErrorKind, Model, Quota, Target, Tensor, Tensors,
};
use godwit_fake::{FakeBackend, FakeDevice, Script};
use godwit_verify::trace::{self, TraceLimits};
use godwit_verify::{
    Attempt, Recorder, Recording, Replay, ReplayOptions, Report, ReportOptions, Tape,
};

use crate::devices::sound;

fn double() -> Model {
    let dims = [Dim::Known(2)];
    Script::add(DType::F32, dims).model("double")
}

/// What an app does: it passes the answer of one run on to the next, in the order of `inputs`.
fn app(device: FakeDevice, id: &str, inputs: &[f32], chained: bool) -> Attempt {
    let fake: Arc<dyn Backend> = Arc::new(FakeBackend::builder().device(device).build());
    let tape = Tape::default();
    let recorder = Recorder::new(fake, tape.clone());
    let work = async {
        let graph = recorder.load(&double(), &Target::new("fake:0")).await?;
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await?;
        let mut last: Option<Tensor> = None;
        for input in inputs {
            let fresh = Tensor::from_values([2], &[*input, 3.0])?;
            let x = last.take().filter(|_| chained).unwrap_or(fresh);
            last = context.run(Tensors::from_iter([x.clone(), x])).await?.pop();
        }
        Ok(())
    };
    let ended: godwit_backend::Result<()> = block_on(work);
    assert!(ended.is_ok() || ended.unwrap_err().kind() == ErrorKind::Failed);
    Attempt::recorded(id, tape.recording())
}

fn report(attempts: &[Attempt]) -> Report {
    Report::from_recordings(attempts, &ReportOptions::default()).unwrap()
}

fn recording(attempt: &Attempt) -> &Recording {
    attempt.outcome.as_ref().unwrap()
}

#[test]
fn a_trace_is_asked_again_without_the_app() {
    let attempt = app(sound(), "fake:0", &[1.0, 2.0, 3.0], true);
    let folder = tempfile::tempdir().unwrap();
    trace::write(recording(&attempt), folder.path()).unwrap();
    let read = trace::read(folder.path(), &TraceLimits::default()).unwrap();
    let replay = Replay {
        models: vec![double()],
        samples: read.samples(),
        options: ReplayOptions { warmup: 2, repeats: 4 },
    };
    let backend: Arc<dyn Backend> = Arc::new(FakeBackend::builder().device(sound()).build());
    let again = block_on(replay.run(&backend, &Target::new("fake:0"))).unwrap();
    assert_eq!(again.runs.len(), 3);
    assert!(again.runs.iter().all(|run| run.seconds.len() == 4 && !run.unsteady));
    let report = report(&[
        Attempt { device: "then".into(), outcome: Ok(read) },
        Attempt { device: "now".into(), outcome: Ok(again) },
    ]);
    assert_eq!((report.samples, report.devices[1].verdict.word()), (3, "equivalent"));
    assert!(report.devices[1].outputs[0].comparison.is_exact());
    assert!(report.devices[1].notes.is_empty(), "{:?}", report.devices[1].notes);
}

#[test]
fn runs_in_another_order_are_matched_by_their_inputs() {
    let one = app(sound(), "a", &[1.0, 2.0, 3.0], false);
    let other = app(sound(), "b", &[3.0, 1.0, 2.0], false);
    let report = report(&[one, other]);
    assert_eq!(report.devices[1].verdict.word(), "equivalent", "{}", report.to_text());
    assert!(report.devices[1].notes.is_empty());
}

#[test]
fn answers_that_are_passed_on_are_noted() {
    use godwit_fake::WrongAnswer::Perturb;
    let one = app(sound(), "a", &[1.0; 3], true);
    let wrong = sound().wrong_at_run(1, Perturb { output: 0, index: 0, by: 1e-6 });
    let report = report(&[one, app(wrong, "b", &[1.0; 3], true)]);
    assert_eq!(report.devices[1].verdict.word(), "equivalent");
    assert!(report.devices[1].notes[0].starts_with("2 of 3 runs had other inputs"));
}

#[test]
fn an_app_that_runs_less_often_elsewhere_differs() {
    let one = app(sound(), "a", &[1.0, 2.0], false);
    let report = report(&[one, app(sound(), "b", &[1.0], false)]);
    assert_eq!(report.devices[1].verdict.word(), "differs");
    assert!(report.to_text().contains("the device did not run this"), "{}", report.to_text());
}

#[test]
fn a_run_that_fails_on_both_is_no_difference() {
    let failing = || sound().fail_run(2, ErrorKind::Failed);
    let one = app(failing(), "a", &[1.0, 2.0], false);
    let both = report(&[one.clone(), app(failing(), "b", &[1.0, 2.0], false)]);
    assert_eq!(both.devices[1].verdict.word(), "equivalent", "{}", both.to_text());
    let better = report(&[one, app(sound(), "b", &[1.0, 2.0], false)]);
    assert_eq!(better.devices[1].verdict.word(), "differs");
}

#[test]
fn a_tape_that_is_not_whole_is_a_failure() {
    let one = app(sound(), "a", &[1.0], false);
    let torn = Attempt::recorded("b", Err(godwit_backend::Error::too_large("not whole")));
    let report = report(&[one, torn]);
    assert_eq!(report.devices[1].verdict.word(), "failed");
    assert!(!report.is_equivalent());
}

#[test]
fn variants_of_a_model_stand_in_for_one_another() {
    use godwit_backend::Encoding;
    let onnx = double();
    let dims = [Dim::Known(2)];
    let ir = Script::add(DType::F32, dims).model_as("double", Encoding::Openvino);
    assert_ne!(onnx.digest(), ir.digest());
    let reads_ir = || sound().encodings([Encoding::Openvino]);
    let backend = FakeBackend::builder().device(sound()).device(reads_ir()).build();
    let backend: Arc<dyn Backend> = Arc::new(backend);
    let recorded = app(sound(), "fake:0", &[1.0, 2.0], false);
    let samples = recording(&recorded).samples();
    let options = ReplayOptions::default();
    let replay = Replay { models: vec![onnx, ir.clone()], samples, options };
    let there = block_on(replay.run(&backend, &Target::new("fake:1"))).unwrap();
    assert_eq!(there.loads[0].digest, ir.digest().to_string());
    let report = report(&[recorded, Attempt::recorded("fake:1", Ok(there))]);
    assert_eq!(report.devices[1].verdict.word(), "equivalent", "{}", report.to_text());
    assert_eq!(report.devices[1].outputs[0].runs, 2);
    assert_eq!(report.models.len(), 2);
}
