//! Weights that a model keeps in other files.

use std::fs;

use godwit_backend::{DType, ErrorKind, Memory, Result, Tensor};
use godwit_fixtures::onnx::Graph;
use godwit_fixtures::onnx::proto::{DataLocation, StringStringEntryProto};

use crate::common::{context, load, load_on, run, target};

/// `x` `f32[2]` -> `y` = x + c, where c is in the file `location`.
fn external(location: &str) -> Vec<u8> {
    let mut graph = Graph::new("external");
    graph.input("x", DType::F32, [2]);
    graph.raw_initializer("c", DType::F32, [2], Vec::new());
    graph.node("Add", ["x", "c"], "y");
    graph.output("y", DType::F32, [2]);
    for constant in &mut graph.proto().initializer {
        let entry = |key: &str, value: &str| StringStringEntryProto {
            key: Some(key.into()),
            value: Some(value.into()),
        };
        constant.raw_data = None;
        constant.external_data =
            vec![entry("location", location), entry("offset", "4"), entry("length", "8")];
        constant.data_location = Some(DataLocation::External.into());
    }
    graph.into_bytes()
}

fn answer(location: &str, folder: &std::path::Path) -> Result<Vec<f32>> {
    let folder = folder.to_str().unwrap();
    let graph = load_on(external(location), &target().with_option("external_data", folder))?;
    let x = Tensor::from_values([2], &[10f32, 20.0]).unwrap();
    let y = run(&mut context(&graph, &Memory::unlimited()), [x])?.remove(0);
    Ok(y.values::<f32>().unwrap().to_vec())
}

#[test]
fn weights_elsewhere_are_read_only_from_the_folder_that_was_granted() {
    let error = load(external("c.bin")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("external_data"), "{error}");

    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("granted");
    fs::create_dir(&inner).unwrap();
    let bytes: Vec<u8> = [9f32, 1.0, 2.0].iter().flat_map(|it| it.to_le_bytes()).collect();
    fs::write(inner.join("c.bin"), &bytes).unwrap();
    fs::write(outer.path().join("secret.bin"), &bytes).unwrap();
    std::os::unix::fs::symlink(outer.path().join("secret.bin"), inner.join("link.bin")).unwrap();

    assert_eq!(answer("c.bin", &inner).unwrap(), [11.0, 22.0]);
    let absolute = outer.path().join("secret.bin").display().to_string();
    for location in ["../secret.bin", "link.bin", &absolute, "absent.bin", ""] {
        let error = answer(location, &inner).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{location}: {}", error.report());
        assert!(!error.message().contains(outer.path().to_str().unwrap()), "{error}");
    }
}
