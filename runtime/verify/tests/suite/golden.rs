//! Yesterday against today, on one device.

use std::time::Duration;

use godwit_backend::{DType, Dim, ErrorKind, Model};
use godwit_fake::{FakeDevice, Script, WrongAnswer};
use godwit_verify::golden::{ChangeKind, Golden, GoldenOptions};
use godwit_verify::{Attempt, Replay};

use crate::devices::{attempts, classifier, replay, sound};

/// What changes from a sound device to `now`, through the file.
fn changes(replay: &Replay, now: &[Attempt]) -> Vec<(ChangeKind, String)> {
    let before = Golden::of(&attempts(replay, sound())).unwrap();
    let read = Golden::parse(&before.to_json().unwrap()).unwrap();
    let changes = read.compare(now, &GoldenOptions::default()).unwrap();
    changes.into_iter().map(|change| (change.kind, change.what)).collect()
}

/// The changes of answers alone: what runs in no time at all has no steady speed.
fn answers(now: FakeDevice) -> Vec<(ChangeKind, String)> {
    let replay = replay(&classifier(), 2);
    let mut found = changes(&replay, &attempts(&replay, now));
    found.retain(|(kind, _)| !matches!(kind, ChangeKind::Slower | ChangeKind::Faster));
    found
}

#[test]
fn the_same_device_is_equal() {
    let found = answers(sound());
    assert!(found.iter().all(|(kind, _)| *kind == ChangeKind::Equal), "{found:?}");
}

#[test]
fn a_changed_answer_is_told_from_changed_bits() {
    let perturbed = |by| sound().wrong(WrongAnswer::Perturb { output: 0, index: 3, by });
    let found = answers(perturbed(0.1));
    assert_eq!(found[0].0, ChangeKind::Answer, "{found:?}");
    assert!(found[0].1.contains("'logits' has"), "{found:?}");
    let found = answers(perturbed(1e-6));
    assert_eq!(found[0].0, ChangeKind::Bits, "{found:?}");
    let nan = answers(sound().wrong(WrongAnswer::Nan { output: 0, index: 0 }));
    assert_eq!(nan[0].0, ChangeKind::Answer);
    assert!(nan[0].1.contains("had 0 NaN(s) and has 1"), "{nan:?}");
}

#[test]
fn another_precision_is_another_library() {
    let found = answers(sound().precision(DType::Bf16));
    assert_eq!(found[0].0, ChangeKind::Library);
    assert!(found[0].1.contains("bf16"), "{found:?}");
}

#[test]
fn slow_by_two_is_caught_and_named() {
    let script = Script::echo(DType::F32, [Dim::Known(2)]).latency(Duration::from_millis(10));
    let slow: Model = script.model("slow");
    let replay = replay(&slow, 1);
    // Before, every run took its 10 ms exactly. A run of 20 ms takes no less, however busy the machine.
    let mut before = attempts(&replay, sound());
    for run in &mut before[0].outcome.as_mut().unwrap().runs {
        run.seconds.iter_mut().for_each(|seconds| *seconds = 0.010);
    }
    let golden = Golden::of(&before).unwrap();
    let now = attempts(&replay, sound().slower_by(2));
    let found = golden.compare(&now, &GoldenOptions::default()).unwrap();
    let found: Vec<_> = found.into_iter().map(|change| (change.kind, change.what)).collect();
    let [(ChangeKind::Slower, what)] = found.as_slice() else { panic!("{found:?}") };
    assert!(what.contains("times slower"), "{what}");
}

#[test]
fn what_is_missing_new_or_not_comparable() {
    let replay_ = replay(&classifier(), 2);
    let failing = attempts(&replay_, sound().fail_loads_from(1, ErrorKind::Unavailable));
    assert_eq!(changes(&replay_, &failing)[0].0, ChangeKind::Missing);

    let mut renamed = attempts(&replay_, sound());
    renamed[0].device = "fake:5".into();
    assert_eq!(changes(&replay_, &renamed)[0].0, ChangeKind::New);

    let other = replay(&classifier(), 3);
    let found = changes(&replay_, &attempts(&other, sound()));
    assert!(found.iter().any(|(kind, _)| *kind == ChangeKind::Inputs), "{found:?}");
}

#[test]
fn only_some_changes_close_a_gate() {
    let kinds = [ChangeKind::Answer, ChangeKind::Slower, ChangeKind::Missing];
    assert!(kinds.iter().all(|kind| kind.is_regression()));
    let kinds = [ChangeKind::Equal, ChangeKind::Bits, ChangeKind::Faster, ChangeKind::Library];
    assert!(!kinds.iter().any(|kind| kind.is_regression()));
}

#[test]
fn other_files_are_not_golden() {
    for bytes in
        [&b"{}"[..], b"[]", b"\xff", br#"{"format":"godwit-golden","version":9,"devices":[]}"#]
    {
        assert_eq!(Golden::parse(bytes).unwrap_err().kind(), ErrorKind::InvalidEncoding);
    }
}
