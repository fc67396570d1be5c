use std::fs;
use std::path::{Path, PathBuf};

use godwit_backend::{Digest, ErrorKind, Tensor};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::recording::{Captured, DeviceStamp, LoadRecord, Recording, RunRecord};

fn captured(name: &str, values: &[f32]) -> Captured {
    let tensor = Tensor::from_values([values.len()], values).unwrap();
    let digest = Digest::of(tensor.host().unwrap());
    Captured { name: name.into(), digest, tensor }
}

fn recording() -> Recording {
    let device = DeviceStamp {
        id: "fake:0".into(),
        kind: "cpu".into(),
        name: "a device".into(),
        driver: "a library 1.2".into(),
        precision: "f32".into(),
    };
    let load = LoadRecord {
        model: "m".into(),
        digest: Digest::of(b"m").to_string(),
        target: "fake:0".into(),
        device: Some(device),
        seconds: 0.25,
        footprint: 9,
        elsewhere: Some(1),
        failure: None,
    };
    let run = |value: f32| RunRecord {
        load: 0,
        inputs: vec![captured("x", &[value, 1.0])],
        outputs: vec![captured("y", &[value, 1.0]), captured("z", &[f32::NAN])],
        failure: None,
        seconds: vec![0.5],
        unsteady: false,
    };
    Recording { loads: vec![load], runs: vec![run(1.0), run(1.0), run(2.0)] }
}

fn written() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(&recording(), folder.path()).unwrap();
    folder
}

fn tensor_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(TENSORS)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn refusal(folder: &Path) -> (ErrorKind, String) {
    let error = read(folder, &TraceLimits::default()).map(drop).unwrap_err();
    assert!(!error.message().contains('/'), "a path in {error}");
    (error.kind(), error.message().to_owned())
}

#[test]
fn what_is_written_is_read_and_equal_tensors_share_a_file() {
    let folder = written();
    assert_eq!(tensor_files(folder.path()).len(), 3);
    let (before, after) = (recording(), read(folder.path(), &TraceLimits::default()).unwrap());
    assert_eq!(before.loads, after.loads);
    for (before, after) in before.runs.iter().zip(&after.runs) {
        assert_eq!((before.load, &before.seconds), (after.load, &after.seconds));
        let pairs = before.inputs.iter().chain(&before.outputs);
        for (before, after) in pairs.zip(after.inputs.iter().chain(&after.outputs)) {
            assert_eq!((&before.name, before.digest), (&after.name, after.digest));
            assert_eq!(&before.tensor.host().unwrap()[..], &after.tensor.host().unwrap()[..]);
        }
    }
}

#[test]
fn a_trace_is_never_written_over() {
    let folder = written();
    let error = write(&recording(), folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn damaged_tensors_are_found() {
    type Damage = fn(&Path);
    let damages: [(Damage, ErrorKind); 5] = [
        (|file| fs::remove_file(file).unwrap(), ErrorKind::NotFound),
        (|file| fs::write(file, b"cut").unwrap(), ErrorKind::InvalidEncoding),
        (|file| fs::write(file, [0; 4096]).unwrap(), ErrorKind::TooLarge),
        (
            |file| {
                let mut bytes = fs::read(file).unwrap();
                bytes[0] ^= 1;
                fs::write(file, bytes).unwrap();
            },
            ErrorKind::InvalidEncoding,
        ),
        (
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
            },
            ErrorKind::InvalidArgument,
        ),
    ];
    for (damage, kind) in damages {
        let folder = written();
        damage(&tensor_files(folder.path())[0]);
        assert_eq!(refusal(folder.path()).0, kind);
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let folder = written();
    let file = &tensor_files(folder.path())[0];
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, file).unwrap();
    assert_eq!(refusal(folder.path()).0, ErrorKind::InvalidArgument);
}

#[test]
fn hostile_documents_are_refused() {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 12] = [
        (|json| json["version"] = json!(2), "version"),
        (|json| json["format"] = json!("other"), "version"),
        (|json| json["more"] = json!(1), "not a trace"),
        (|json| json["runs"][0]["load"] = json!(7), "load"),
        (|json| json["runs"][0]["seconds"] = json!([-1.0]), "time"),
        (|json| json["runs"][0]["failure"] = json!({"kind": "failed", "message": ""}), "outputs"),
        (|json| json["runs"][0]["inputs"][0]["dtype"] = json!("f33"), "dtype"),
        (|json| json["runs"][0]["inputs"][0]["digest"] = json!("../../../etc/passwd"), "digest"),
        (|json| json["runs"][0]["inputs"][0]["shape"] = json!([u64::MAX, 2]), "overflow"),
        (|json| json["runs"][0]["inputs"][0]["shape"] = json!([1u64 << 40]), "exceed the limit"),
        (|json| json["runs"][0]["inputs"][0]["shape"] = json!([1]), "exceeds the limit"),
        (|json| json["loads"][0]["digest"] = json!("ABC"), "digest"),
    ];
    for (change, part) in changes {
        let folder = written();
        let file = folder.path().join(FILE);
        let mut json: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        change(&mut json);
        fs::write(&file, json.to_string()).unwrap();
        let (_, message) = refusal(folder.path());
        assert!(message.contains(part), "'{part}' in '{message}'");
    }
    let empty = TempDir::new().unwrap();
    assert_eq!(refusal(empty.path()).0, ErrorKind::NotFound);
    fs::write(empty.path().join(FILE), "{".repeat(10_000)).unwrap();
    assert_eq!(refusal(empty.path()).0, ErrorKind::InvalidEncoding);
}
