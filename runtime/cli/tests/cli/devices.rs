use crate::sandbox::Sandbox;

#[test]
fn json_has_every_device_and_every_absence() {
    let listing = Sandbox::new().godwit("devices --json").expect_success().json();
    let devices = listing["devices"].as_array().unwrap();
    let cpu = devices.iter().find(|device| device["id"] == "cpu:0").unwrap();
    assert_eq!(cpu["kind"], "cpu");
    assert!(cpu["capabilities"]["encodings"].as_array().unwrap().contains(&"onnx".into()));
    for absent in listing["absent"].as_array().unwrap() {
        assert!(!absent["why"].as_str().unwrap().is_empty(), "{absent}");
    }
}

#[test]
fn the_table_names_the_cpu() {
    let table = Sandbox::new().godwit("devices").expect_success().stdout;
    assert!(table.starts_with("DEVICE "), "{table}");
    let cpu = table.lines().find(|line| line.starts_with("cpu:0 ")).unwrap();
    assert!(cpu.contains("onnx"), "{cpu}");
}
