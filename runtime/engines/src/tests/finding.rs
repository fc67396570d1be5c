use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::folder::Record;
use crate::release::{LINUX_X86_64, MACOS_AARCH64, WINDOWS_X86_64};
use crate::{
    Absent, Environment, Found, MIGRAPHX, ONNXRUNTIME, OPENVINO, Outcome, Platform, Source,
    Version, find_in,
};

const OPENVINO_FILE: &str = "libopenvino_c.so.2641";

/// A machine with nothing on it, and what a test adds.
struct Machine {
    root: TempDir,
    environment: Environment,
}

impl Machine {
    fn new(platform: Platform) -> Self {
        let root = TempDir::new().unwrap();
        let environment = Environment {
            platform: Some(platform),
            variables: BTreeMap::new(),
            root: root.path().to_owned(),
            data: Some(root.path().join("home/data")),
        };
        Self { root, environment }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn file(&self, path: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        path
    }

    /// A library with the record of its installation.
    fn installed(&self, path: &str) -> PathBuf {
        let file = self.file(path);
        let record = Record { wheel: String::new(), sha256: String::new(), files: BTreeMap::new() };
        record.write(file.parent().unwrap()).unwrap();
        file
    }

    fn set(&mut self, name: &str, value: impl AsRef<Path>) {
        let value = value.as_ref().as_os_str().to_owned();
        self.environment.variables.insert(name.into(), value);
    }

    fn openvino(&self, explicit: Option<&Path>) -> Result<Found, Absent> {
        find_in(&self.environment, &OPENVINO, explicit)
    }
}

fn version(text: &str) -> Option<Version> {
    Version::parse(text)
}

/// Each place alone is found, and each that is asked earlier wins over all that are asked later.
#[test]
fn the_order_of_places() {
    let mut machine = Machine::new(LINUX_X86_64);
    let absent = machine.openvino(None).unwrap_err();
    let sources: Vec<_> = absent.looked.iter().map(|place| place.source).collect();
    assert_eq!(sources.first(), Some(&Source::Variable("GODWIT_OPENVINO")));
    assert_eq!(sources.last(), Some(&Source::Python));
    assert!(absent.wrong().is_none(), "{absent}");

    let python =
        machine.file(&format!("venv/lib/python3.12/site-packages/openvino/libs/{OPENVINO_FILE}"));
    machine.set("VIRTUAL_ENV", machine.path("venv"));
    let found = machine.openvino(None).unwrap();
    assert_eq!((found.place.source, &found.path), (Source::Python, &python));

    let system = machine.file(&format!("usr/lib/x86_64-linux-gnu/{OPENVINO_FILE}"));
    let found = machine.openvino(None).unwrap();
    assert_eq!((found.place.source, &found.path), (Source::System, &system));

    let installed =
        machine.installed(&format!("home/data/godwit/engines/openvino/2025.1.0/{OPENVINO_FILE}"));
    let found = machine.openvino(None).unwrap();
    assert_eq!((found.place.source, &found.path), (Source::Installed, &installed));
    assert_eq!(found.version, version("2025.1.0"));

    let vendor = machine.file(&format!("vendor/runtime/lib/intel64/{OPENVINO_FILE}"));
    machine.set("INTEL_OPENVINO_DIR", machine.path("vendor"));
    let found = machine.openvino(None).unwrap();
    assert_eq!(found.place.source, Source::Variable("INTEL_OPENVINO_DIR"));
    assert_eq!(found.path, vendor);

    let own = machine.file(&format!("own/{OPENVINO_FILE}"));
    machine.set("GODWIT_OPENVINO", &own);
    let found = machine.openvino(None).unwrap();
    assert_eq!(found.place.source, Source::Variable("GODWIT_OPENVINO"));
    assert_eq!(found.path, own);

    let explicit = machine.file("explicit/built-by-me.so");
    let found = machine.openvino(Some(&explicit)).unwrap();
    assert_eq!((found.place.source, &found.path), (Source::Configured, &explicit));
    assert_eq!(found.version, None);
}

/// What its vendor installs is found where the vendor puts it, and the remedy names no command of ours.
#[test]
fn an_engine_that_is_not_ours_to_install() {
    let mut machine = Machine::new(LINUX_X86_64);
    let find = |machine: &Machine| find_in(&machine.environment, &MIGRAPHX, None);
    let absent = find(&machine).unwrap_err();
    let looked: Vec<_> = absent.looked.iter().filter_map(|place| place.path.clone()).collect();
    assert!(looked.contains(&machine.path("opt/rocm/lib")), "{looked:?}");
    assert!(absent.remedy().contains("migraphx"), "{}", absent.remedy());
    assert!(!absent.remedy().contains("godwit engines install"), "{}", absent.remedy());

    let plain = machine.file("opt/rocm-7.1.1/lib/libmigraphx_c.so.3.0");
    assert_eq!(find(&machine).unwrap().path, plain);
    // Of one version, the one whose place is asked first.
    let chosen = machine.file("elsewhere/lib/libmigraphx_c.so.3.0");
    machine.set("ROCM_PATH", machine.path("elsewhere"));
    let found = find(&machine).unwrap();
    assert_eq!((found.path, found.version), (chosen, version("3.0")));
    let own = machine.file("own/lib/libmigraphx_c.so.3");
    machine.set("GODWIT_MIGRAPHX", machine.path("own"));
    assert_eq!(find(&machine).unwrap().path, own);
}

#[test]
fn godwits_folder_may_be_elsewhere() {
    let mut machine = Machine::new(LINUX_X86_64);
    machine.installed(&format!("home/data/godwit/engines/openvino/2026.4.1/{OPENVINO_FILE}"));
    let elsewhere = machine.installed(&format!("elsewhere/openvino/2024.6.0/{OPENVINO_FILE}"));
    machine.set("GODWIT_ENGINES", machine.path("elsewhere"));
    assert_eq!(machine.openvino(None).unwrap().path, elsewhere);
    // Set to nothing is not set.
    machine.set("GODWIT_ENGINES", "");
    assert_eq!(machine.openvino(None).unwrap().version, version("2026.4.1"));
}

/// Whoever filled the folder that a user happens to be in must not choose what is loaded.
#[test]
fn godwits_folder_does_not_depend_on_the_current_one() {
    let mut machine = Machine::new(LINUX_X86_64);
    machine.installed(&format!("home/data/godwit/engines/openvino/2026.4.1/{OPENVINO_FILE}"));
    machine.set("GODWIT_ENGINES", "engines");
    let absent = machine.openvino(None).unwrap_err();
    assert!(
        absent.to_string().contains("GODWIT_ENGINES: engines is not an absolute path"),
        "{absent}"
    );
    assert!(absent.wrong().is_some());
    assert!(machine.environment.engines_folder().is_err());
    machine.environment.variables.clear();
    machine.environment.data = Some("data".into());
    assert!(machine.environment.engines_folder().is_err());
}

#[test]
fn what_has_no_record_was_not_installed() {
    let machine = Machine::new(LINUX_X86_64);
    let file = machine.file(&format!("home/data/godwit/engines/openvino/2026.4.1/{OPENVINO_FILE}"));
    let absent = machine.openvino(None).unwrap_err();
    let place = absent.looked.iter().find(|place| place.source == Source::Installed).unwrap();
    assert_eq!(place.path.as_deref(), file.parent());
    assert!(place.to_string().ends_with("has no record of what was installed"), "{place}");
    // Nor is one with the record of an earlier version of this program, which names no hashes.
    let old = r#"{"wheel": "", "sha256": "", "files": {"libopenvino_c.so.2641": 0}}"#;
    fs::write(file.with_file_name("installed.json"), old).unwrap();
    assert!(machine.openvino(None).is_err());
}

#[test]
fn a_relative_path_becomes_absolute() {
    let machine = Machine::new(LINUX_X86_64);
    let found = machine.openvino(Some(Path::new("Cargo.toml"))).unwrap();
    assert_eq!(found.path, std::env::current_dir().unwrap().join("Cargo.toml"));
}

/// A folder without a home: services have none.
#[test]
fn a_user_without_a_home() {
    let mut machine = Machine::new(LINUX_X86_64);
    machine.environment.data = None;
    let absent = machine.openvino(None).unwrap_err();
    let own = absent.looked.iter().find(|place| place.source == Source::Installed).unwrap();
    assert_eq!((own.outcome, &own.path), (Outcome::Unset, &None));
}

#[test]
fn the_newest_version_wins_within_a_place() {
    let machine = Machine::new(LINUX_X86_64);
    machine.file("opt/intel/openvino_2024.6.0/runtime/lib/intel64/libopenvino_c.so");
    machine.file("usr/lib/x86_64-linux-gnu/libopenvino_c.so.2500");
    let newest = machine.file("opt/intel/openvino_2026.4.1/runtime/lib/intel64/libopenvino_c.so");
    let found = machine.openvino(None).unwrap();
    assert_eq!((found.path, found.version), (newest, version("2026.4.1")));

    for folder in ["2026.10.0", "2026.9.0", "notes"] {
        machine.installed(&format!("home/data/godwit/engines/openvino/{folder}/{OPENVINO_FILE}"));
    }
    machine.file("home/data/godwit/engines/openvino/2027.0.0/half-copied.txt");
    assert_eq!(machine.openvino(None).unwrap().version, version("2026.10.0"));

    let ort = ["libonnxruntime.so", "libonnxruntime.so.1.9.0", "libonnxruntime.so.1.31.1"];
    let files: Vec<_> =
        ort.iter().map(|file| machine.file(&format!("usr/local/lib/{file}"))).collect();
    let found = find_in(&machine.environment, &ONNXRUNTIME, None).unwrap();
    assert_eq!((found.path, found.version), (files[2].clone(), version("1.31.1")));
}

#[test]
fn what_a_person_named_is_never_passed_over() {
    let mut machine = Machine::new(LINUX_X86_64);
    machine.file(&format!("usr/lib/x86_64-linux-gnu/{OPENVINO_FILE}"));
    fs::create_dir(machine.path("empty")).unwrap();

    for (path, outcome) in [("nowhere.so", Outcome::Missing), ("empty", Outcome::Empty)] {
        let path = machine.path(path);
        let absent = machine.openvino(Some(&path)).unwrap_err();
        let wrong = absent.wrong().unwrap();
        assert_eq!((wrong.source, wrong.outcome), (Source::Configured, outcome));
        assert_eq!(wrong.path.as_ref(), Some(&path));
        assert!(absent.to_string().contains(&path.display().to_string()), "{absent}");
    }
    for name in ["INTEL_OPENVINO_DIR", "GODWIT_OPENVINO"] {
        machine.set(name, machine.path("nowhere"));
        let absent = machine.openvino(None).unwrap_err();
        assert_eq!(absent.wrong().unwrap().source, Source::Variable(name));
        assert!(absent.to_string().contains(name), "{absent}");
    }
}

#[test]
fn a_folder_may_be_named_with_the_library_below() {
    let machine = Machine::new(LINUX_X86_64);
    let libraries = [
        "a/libopenvino_c.so",
        "b/runtime/lib/intel64/libopenvino_c.so",
        "c/lib/libopenvino_c.so.2641",
        "d/openvino/libs/libopenvino_c.so.2641",
    ];
    for library in libraries {
        let file = machine.file(library);
        let found = machine.openvino(Some(&machine.path(&library[..1]))).unwrap();
        assert_eq!(found.path, file);
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_no_library() {
    let machine = Machine::new(LINUX_X86_64);
    let file = machine.file("usr/lib/x86_64-linux-gnu/libopenvino_c.so.2541");
    let dangling = machine.path("usr/lib/x86_64-linux-gnu/libopenvino_c.so.2641");
    std::os::unix::fs::symlink(machine.path("gone"), dangling).unwrap();
    assert_eq!(machine.openvino(None).unwrap().path, file);
}

#[test]
fn macos_and_windows_have_places_of_their_own() {
    let machine = Machine::new(MACOS_AARCH64);
    machine.file("usr/lib/x86_64-linux-gnu/libopenvino_c.so");
    let file = machine.file("opt/homebrew/lib/libopenvino_c.2641.dylib");
    let found = machine.openvino(None).unwrap();
    assert_eq!((found.path, found.version), (file, version("2026.4.1")));

    let mut machine = Machine::new(WINDOWS_X86_64);
    machine.file("Windows/System32/onnxruntime.dll");
    machine.set("ProgramFiles", machine.path("Program Files"));
    let absent = find_in(&machine.environment, &ONNXRUNTIME, None).unwrap_err();
    assert!(absent.looked.iter().all(|place| place.outcome != Outcome::Found));
    let file = machine.file("Program Files/onnxruntime-1.31.1/lib/onnxruntime.dll");
    let found = find_in(&machine.environment, &ONNXRUNTIME, None).unwrap();
    assert_eq!((found.path, found.version), (file, version("1.31.1")));
}

/// A wheel's file need not carry its version; what is installed beside it does.
#[test]
fn a_python_environment_tells_the_version() {
    let mut machine = Machine::new(WINDOWS_X86_64);
    let packages = "venv/Lib/site-packages";
    let file = machine.file(&format!("{packages}/onnxruntime/capi/onnxruntime.dll"));
    machine.file(&format!("{packages}/onnxruntime-1.31.1.dist-info/METADATA"));
    machine.set("VIRTUAL_ENV", machine.path("venv"));
    let found = find_in(&machine.environment, &ONNXRUNTIME, None).unwrap();
    assert_eq!((found.path, found.version), (file, version("1.31.1")));

    let mut machine = Machine::new(LINUX_X86_64);
    let file = machine.file("conda/lib/libonnxruntime.so.1.30.0");
    machine.set("CONDA_PREFIX", machine.path("conda"));
    let found = find_in(&machine.environment, &ONNXRUNTIME, None).unwrap();
    assert_eq!((found.path, found.place.source), (file, Source::Python));
}

/// On a platform that no engine exists for, a library that is named is still taken.
#[test]
fn an_unknown_platform() {
    let mut machine = Machine::new(LINUX_X86_64);
    machine.environment.platform = None;
    let file = machine.file("mine/engine.so");
    assert_eq!(machine.openvino(Some(&file)).unwrap().path, file);
    assert!(machine.openvino(None).is_err());
}

#[test]
fn every_place_has_a_line() {
    let machine = Machine::new(LINUX_X86_64);
    fs::create_dir_all(machine.path("usr/local/lib")).unwrap();
    let absent = machine.openvino(None).unwrap_err();
    let lines: Vec<String> = absent.looked.iter().map(ToString::to_string).collect();
    let root = machine.root.path().display();
    for line in [
        "GODWIT_OPENVINO: not set".to_owned(),
        format!("installed by godwit: {root}/home/data/godwit/engines/openvino is not there"),
        format!("system: {root}/usr/local/lib does not hold the library"),
        format!("system: {root}/opt/intel/openvino*/runtime/lib/intel64 is not there"),
        "Python environment: none is active".to_owned(),
    ] {
        assert!(lines.contains(&line), "{line}\n{lines:#?}");
    }
    assert_eq!(absent.remedy(), "godwit engines install openvino");
    let json = serde_json::to_value(&absent.looked[0]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "source": "variable", "variable": "GODWIT_OPENVINO", "path": null, "outcome": "unset"
        })
    );
}
