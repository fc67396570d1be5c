//! What placement may rely on.

use godwit_backend::{Device, ErrorKind};
use godwit_verify::Equivalence;

use crate::devices::{classifier, pair, replay, sound, verified};

fn devices() -> Vec<Device> {
    pair(sound()).devices().unwrap()
}

#[test]
fn a_declaration_covers_what_was_verified_and_nothing_else() {
    let (report, _) = verified(&replay(&classifier(), 1), sound());
    let declared = report.equivalences();
    let read = Equivalence::parse(&Equivalence::to_json(&declared).unwrap()).unwrap();
    assert_eq!(read, declared);
    let [read] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!(read.samples, 6);

    let digest = classifier().digest().to_string();
    let devices = devices();
    assert!(read.covers(&digest, &devices[0], &devices[1]));
    assert!(read.covers(&digest, &devices[1], &devices[0]));
    assert!(!read.covers(&"0".repeat(64), &devices[0], &devices[1]), "another model");
    assert!(!read.covers(&digest, &devices[0], &devices[0]), "another pair");
    let mut updated = devices[1].clone();
    updated.driver = "godwit-fake 9".into();
    assert!(!read.covers(&digest, &devices[0], &updated), "another library");
}

#[test]
fn what_differs_is_not_declared() {
    let (report, _) = verified(&replay(&classifier(), 1), sound().wrong_weight(0, 1.0));
    assert!(report.equivalences().is_empty());
    assert_eq!(Equivalence::parse(b"[]").unwrap(), []);
    let other = br#"[{"format": "godwit-equivalence", "version": 2}]"#;
    for damaged in [&b"{}"[..], b"", other] {
        let error = Equivalence::parse(damaged).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidEncoding);
    }
}
