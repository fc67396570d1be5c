//! Every planted fault is caught, and named for what it is.

use godwit_backend::{DType, Device, ErrorKind, Model};
use godwit_fake::{FakeDevice, WrongAnswer};
use godwit_verify::report::Verdict;
use godwit_verify::{Diagnosis, Metric, ProfileName, ReportOptions, VerifyOptions, verify};

use crate::devices::{classifier, echo, pair, replay, sound, targets, two_outputs, verified};

/// The one diagnosis of a device that must differ, after a sound one that must not.
fn diagnosis(model: &Model, batch: usize, faulty: FakeDevice) -> (Diagnosis, Metric, String) {
    let replay = replay(model, batch);
    let (report, _) = verified(&replay, sound());
    assert_eq!(
        report.devices[1].verdict.word(),
        "equivalent",
        "a fault was seen in a sound device"
    );
    assert!(report.is_equivalent());

    let (report, _) = verified(&replay, faulty);
    assert!(!report.is_equivalent());
    let device = &report.devices[1];
    assert_eq!(device.verdict.word(), "differs", "{device:?}");
    let finding = &device.findings[0];
    let text = report.to_text();
    assert!(text.contains(&finding.diagnosis.to_string()), "the table does not say it:\n{text}");
    (finding.diagnosis.clone(), finding.metric, finding.what.clone())
}

#[test]
fn two_runs_on_one_device_agree() {
    let replay = replay(&classifier(), 2);
    let options = VerifyOptions {
        report: ReportOptions { profile: Some(ProfileName::Exact), ..Default::default() },
        ..Default::default()
    };
    let twice = [targets()[0].clone(), targets()[0].clone()];
    let (report, _) =
        futures::executor::block_on(verify(&pair(sound()), &replay, &twice, &options)).unwrap();
    assert_eq!(report.devices[1].verdict.word(), "equivalent");
    assert!(report.devices[1].outputs[0].comparison.is_exact());
    assert_eq!(report.devices[1].outputs[0].runs, 6);
}

#[test]
fn one_wrong_weight() {
    // Weight 1234 leads to output 4.
    let (found, metric, _) = diagnosis(&classifier(), 1, sound().wrong_weight(1234, 0.25));
    assert_eq!((found, metric), (Diagnosis::OneChannel { channel: 4 }, Metric::Element));
    let (found, ..) = diagnosis(&classifier(), 8, sound().wrong_weight(1239, -0.01));
    assert_eq!(found, Diagnosis::OneChannel { channel: 9 });
}

#[test]
fn a_transposed_output() {
    let fault = || sound().wrong(WrongAnswer::Transpose { output: 0 });
    for dims in [[4, 4].as_slice(), &[3, 5], &[2, 3, 5]] {
        let (found, ..) = diagnosis(&echo(DType::F32, dims), 1, fault());
        assert_eq!(found, Diagnosis::Transposed, "{dims:?}");
    }
}

#[test]
fn sums_in_binary16() {
    let (found, metric, _) = diagnosis(&classifier(), 4, sound().accumulate_in(DType::F16));
    assert!(
        matches!(
            found,
            Diagnosis::ReducedPrecision { looks_like: ProfileName::Fp16, rounded: true }
        ),
        "{found}"
    );
    assert_eq!(metric, Metric::Element);
}

#[test]
fn answers_rounded_to_bfloat16() {
    let fault = sound().wrong(WrongAnswer::Round { output: 0, to: DType::Bf16 });
    let (found, ..) = diagnosis(&classifier(), 4, fault);
    assert_eq!(found, Diagnosis::ReducedPrecision { looks_like: ProfileName::Bf16, rounded: true });
}

#[test]
fn an_argmax_that_is_off_by_one() {
    // As positions, and as scores that have moved on by one place.
    let plus_one = WrongAnswer::Affine { output: 0, factor: 1.0, by: 1.0 };
    for dims in [[1].as_slice(), &[8]] {
        let (found, metric, _) = diagnosis(&echo(DType::I64, dims), 1, sound().wrong(plus_one));
        assert_eq!((found, metric), (Diagnosis::OffByOneArgmax { by: 1 }, Metric::Integer));
    }
    let moved = sound().wrong(WrongAnswer::OffByOne { output: 0 });
    let (found, ..) = diagnosis(&classifier(), 1, moved);
    assert_eq!(found, Diagnosis::Shifted { by: 1 });
    assert!(found.to_string().contains("an argmax is off by +1"), "{found}");
}

#[test]
fn what_a_device_says_of_itself_is_reported_and_decides_the_profile() {
    let device = sound()
        .label(Device::OPERATORS_ELSEWHERE, "3")
        .label(Device::MULTIPLIES_IN, "tf32")
        .wrong(WrongAnswer::Affine { output: 0, factor: 1.0 + 2f64.powi(-12), by: 0.0 });
    let (report, _) = verified(&replay(&classifier(), 2), device);
    let told = &report.devices[1];
    assert_eq!(told.verdict.tolerance().unwrap().profile, ProfileName::Tf32);
    assert_eq!(told.verdict.word(), "equivalent", "it is within what tf32 explains");
    assert_eq!((report.devices[0].elsewhere, told.elsewhere), (None, Some(3)));
    assert_eq!(told.notes, ["3 of the models' operators did not run on the device"]);
}

#[test]
fn a_nan_at_one_index() {
    let fault = sound().wrong_at_run(3, WrongAnswer::Nan { output: 0, index: 7 });
    let replay = replay(&classifier(), 1);
    let (report, _) = verified(&replay, fault);
    let finding = &report.devices[1].findings[0];
    assert_eq!(finding.diagnosis, Diagnosis::NotANumber { count: 1 });
    assert_eq!(finding.metric, Metric::NonFinite);
    // Runs 1 and 2 of the device are the first sample's, run 3 the second's.
    assert_eq!((finding.run, finding.first[0].index.clone()), (1, vec![0, 7]));
    // Its repetition was sound, which is a fault of its own.
    assert!(report.devices[1].notes[0].contains("1 run(s) gave different bytes"));
}

#[test]
fn swapped_outputs_and_swapped_names() {
    for fault in
        [sound().wrong(WrongAnswer::Swap { first: 0, second: 1 }), sound().swap_output_names(0, 1)]
    {
        let (found, ..) = diagnosis(&two_outputs(), 3, fault);
        assert_eq!(found, Diagnosis::SwappedOutputs { with: "right".into() });
    }
}

#[test]
fn everything_scaled_and_everything_moved() {
    let affine = |factor, by| sound().wrong(WrongAnswer::Affine { output: 0, factor, by });
    let (found, ..) = diagnosis(&classifier(), 2, affine(1.5, 0.0));
    assert!(
        matches!(found, Diagnosis::Scaled { factor } if (factor - 1.5).abs() < 1e-5),
        "{found}"
    );
    let (found, ..) = diagnosis(&classifier(), 2, affine(1.0, -0.25));
    assert!(matches!(found, Diagnosis::Offset { by } if (by + 0.25).abs() < 1e-5), "{found}");
}

#[test]
fn one_element_among_many() {
    let fault = sound().wrong_at_run(5, WrongAnswer::Perturb { output: 0, index: 11, by: 0.5 });
    let (found, _, what) = diagnosis(&classifier(), 4, fault);
    assert_eq!(found, Diagnosis::OneElement);
    assert!(what.contains("off by 5.000e-1"), "{what}");
}

#[test]
fn precision_that_is_admitted_is_within_its_profile() {
    let rounding = WrongAnswer::Round { output: 0, to: DType::Bf16 };
    let honest = sound().precision(DType::Bf16).wrong(rounding);
    let (report, _) = verified(&replay(&classifier(), 4), honest);
    let device = &report.devices[1];
    assert_eq!(device.verdict.word(), "equivalent");
    assert_eq!(device.verdict.tolerance().unwrap().profile, ProfileName::Bf16);
    // The more precise device is the reference, wherever it stands.
    assert_eq!(report.reference.as_deref(), Some("fake:0"));
    let wrong = sound().precision(DType::Bf16).wrong_weight(0, 2.0);
    let (report, _) = verified(&replay(&classifier(), 4), wrong);
    assert_eq!(report.devices[1].verdict.word(), "differs", "bf16 does not excuse a wrong weight");
}

#[test]
fn what_fails_and_what_is_absent_is_told_apart() {
    let replay = replay(&classifier(), 1);
    let (report, _) = verified(&replay, sound().fail_runs_from(3, ErrorKind::DeviceLost));
    let Verdict::Failed { why } = &report.devices[1].verdict else { panic!("{report:?}") };
    assert!(why.starts_with("run 1:") && why.contains("device-lost"), "{why}");
    assert!(!report.is_equivalent());

    let (report, _) = verified(&replay, sound().fail_load(1, ErrorKind::Unsupported));
    assert!(matches!(&report.devices[1].verdict, Verdict::Failed { .. }));

    let options = VerifyOptions::default();
    let three = [targets()[0].clone(), godwit_backend::Target::new("fake:7")];
    let (report, _) =
        futures::executor::block_on(verify(&pair(sound()), &replay, &three, &options)).unwrap();
    let Verdict::Absent { why } = &report.devices[1].verdict else { panic!("{report:?}") };
    assert!(why.contains("there is no device 'fake:7'"), "{why}");
    assert!(report.is_equivalent(), "what is absent gives no wrong answer");
}

#[test]
fn a_reference_that_cannot_be_one_is_an_error() {
    let replay = replay(&classifier(), 1);
    for (reference, part) in [("fake:1", "did not answer"), ("fake:9", "was not run")] {
        let mut options = VerifyOptions::default();
        options.report.reference = Some(reference.into());
        let backend = pair(sound().fail_loads_from(1, ErrorKind::Failed));
        let outcome = futures::executor::block_on(verify(&backend, &replay, &targets(), &options));
        let error = outcome.map(drop).unwrap_err();
        assert!(error.message().contains(part), "{error}");
    }
    let mut empty = replay.clone();
    empty.models.clear();
    let outcome = futures::executor::block_on(verify(
        &pair(sound()),
        &empty,
        &targets(),
        &VerifyOptions::default(),
    ));
    assert_eq!(outcome.map(drop).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn rounding_is_no_factor_even_where_nothing_is_allowed() {
    let options = VerifyOptions {
        report: ReportOptions { profile: Some(ProfileName::Exact), ..Default::default() },
        ..Default::default()
    };
    let replay = replay(&classifier(), 4);
    let backend = pair(sound().accumulate_in(DType::F32));
    let outcome = futures::executor::block_on(verify(&backend, &replay, &targets(), &options));
    let (report, _) = outcome.unwrap();
    let finding = &report.devices[1].findings[0];
    let rounding = Diagnosis::ReducedPrecision { looks_like: ProfileName::Fp32, rounded: false };
    assert_eq!(finding.diagnosis, rounding);
}
