//! `expected.toml` and the guests name the same cases, and every model that is asked for is there.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use godwit_wasi_nn_suite::{Abi, cases, read_hosts};

/// The names in the lists of a guest's sources.
fn in_the_guest(abi: Abi) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/src").join(abi.name());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let Some((_, list)) = text.split_once("const CASES: &[Case] =") else { continue };
        let (list, _) = list.split_once("];").unwrap();
        names.extend(
            list.split("(\"").skip(1).map(|case| case.split('"').next().unwrap().to_owned()),
        );
    }
    names
}

#[test]
fn every_case_of_a_guest_is_expected_and_no_other() {
    for abi in [Abi::Component, Abi::Module] {
        let expected = cases().unwrap().into_iter().filter(|case| case.abi == abi);
        let expected: BTreeSet<String> = expected.map(|case| case.case).collect();
        assert!(expected.len() > 20, "{expected:?}");
        assert_eq!(expected, in_the_guest(abi), "{abi:?}");
    }
}

#[test]
fn names_are_single_and_models_are_there() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut names = BTreeSet::new();
    for case in cases().unwrap() {
        assert!(names.insert(case.name.clone()), "{} stands there twice", case.name);
        assert!(!case.expect.is_empty() && !case.says.is_empty() && !case.source.is_empty());
        assert!(!case.says.contains('|'), "it would end a cell: {}", case.says);
        for model in &case.models {
            assert!(models.join(model).join("model.xml").exists(), "{}: {model}", case.name);
        }
    }
}

#[test]
fn the_hosts_here_are_well_written() {
    for file in ["godwit.toml", "wasmtime.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts").join(file);
        assert!(!read_hosts(&path).unwrap().is_empty());
    }
}
