//! Libraries, and the client that fetches them, are what they were when they were installed, or are not used.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sandbox::{Ended, Sandbox, engines};

/// A module that leaves a trace when Python imports or runs it.
fn plant(path: &Path, trace: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("open({trace:?}, 'a').write(__name__)\n")).unwrap();
}

#[test]
fn a_package_client_that_lies_here_is_not_run() {
    let sandbox = Sandbox::new();
    let trace = sandbox.path("ran");
    for module in ["pip/__init__.py", "pip/__main__.py", "json.py", "sitecustomize.py"] {
        plant(&sandbox.path(module), &trace);
    }
    // An index without anything: what is asked is whether the client that lies here is started.
    sandbox.folder("index");
    let client = |command: &mut Command| {
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", sandbox.path("index"));
        command.env("PIP_CONFIG_FILE", "/dev/null").env("PYTHONPATH", sandbox.path("."));
    };
    let mut install = sandbox.command("engines install onnxruntime");
    client(&mut install);
    let ended = Ended::of(install, "engines install onnxruntime");
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains("the package index has no onnxruntime-"), "{}", ended.stderr);
    assert!(!trace.exists(), "{}", fs::read_to_string(trace).unwrap());

    // The trap is one.
    let mut usual = Command::new("python3");
    client(usual.args(["-m", "pip", "--version"]).current_dir(sandbox.path(".")));
    let _ = usual.output().unwrap();
    assert!(trace.exists());
}

#[test]
fn a_folder_of_engines_that_lies_here_is_not_used() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink(engines(), sandbox.path("engines")).unwrap();
    let relative = |typed: &str| {
        let mut command = sandbox.command_with_engines(typed);
        command.env("GODWIT_ENGINES", "engines");
        Ended::of(command, typed)
    };
    let listed = relative("devices").expect_success().stdout;
    assert!(listed.contains("GODWIT_ENGINES: engines is not an absolute path"), "{listed}");
    assert!(!listed.contains("ort-cpu:0") && !listed.contains("openvino-cpu:0"), "{listed}");
    let refused = relative("engines install openvino");
    assert_eq!(refused.code, Some(66), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("export GODWIT_ENGINES=\"$PWD/engines\""),
        "{}",
        refused.stderr
    );
}

/// A folder of engines in which `engine` may be damaged: its files are copies.
fn copy(sandbox: &Sandbox, engine: &str) -> PathBuf {
    let release = fs::read_dir(engines().join(engine)).unwrap().flatten();
    let release =
        release.map(|entry| entry.path()).find(|path| path.join("installed.json").exists());
    let release = release.unwrap();
    let place = sandbox.path("engines").join(engine).join(release.file_name().unwrap());
    fs::create_dir_all(&place).unwrap();
    for entry in fs::read_dir(release).unwrap().flatten() {
        if entry.path().is_file() && entry.file_name() != "checked.json" {
            fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
        }
    }
    let licences = place.join("licenses");
    fs::create_dir_all(&licences).unwrap();
    for entry in fs::read_dir(engines().join(engine)).unwrap().flatten() {
        for file in fs::read_dir(entry.path().join("licenses")).into_iter().flatten().flatten() {
            fs::copy(file.path(), licences.join(file.file_name())).unwrap();
        }
    }
    place
}

/// `godwit devices` with these engines alone.
fn devices(sandbox: &Sandbox, variable: &str) -> String {
    let mut command = sandbox.command("devices");
    command.env_remove(variable);
    Ended::of(command, "devices").expect_success().stdout
}

#[test]
fn a_damaged_library_is_an_error_that_says_how_to_mend_it() {
    for (engine, variable, device, prefix) in [
        ("onnxruntime", "GODWIT_ONNXRUNTIME", "ort-cpu:0", "libonnxruntime.so"),
        // Not the library that is named, but one that it loads.
        ("openvino", "GODWIT_OPENVINO", "openvino-cpu:0", "libopenvino_intel_cpu_plugin.so"),
    ] {
        let sandbox = Sandbox::new();
        let place = copy(&sandbox, engine);
        let file = fs::read_dir(&place).unwrap().flatten().map(|entry| entry.path());
        let mut file =
            file.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix));
        let file = file.next().unwrap();
        let whole = fs::read(&file).unwrap();
        assert!(devices(&sandbox, variable).contains(device), "{engine} does not work");

        let length = whole.len();
        let cuts = [0, 1, 63, 64, 4096, length / 4, length / 2, length - 4096, length - 1];
        let mut damaged: Vec<_> = cuts.map(|cut| whole[..cut].to_vec()).into();
        damaged.push([&whole[..], b"x"].concat());
        for at in [0, 16, 100, length / 3, length / 2, length - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            damaged.push(flipped);
        }
        for bytes in damaged {
            fs::write(&file, &bytes).unwrap();
            let listed = devices(&sandbox, variable);
            assert!(!listed.contains(&format!("{device} ")), "{listed}");
            assert!(listed.contains(&format!("the library of {engine} is damaged")), "{listed}");
            assert!(listed.contains(&format!("godwit engines install {engine}")), "{listed}");
        }
        // A plug-in that was not installed, beside those that were.
        fs::write(&file, &whole).unwrap();
        fs::write(place.join("libopenvino_mine_plugin.so"), "").unwrap();
        assert!(devices(&sandbox, variable).contains("was not installed"));
        fs::remove_file(place.join("libopenvino_mine_plugin.so")).unwrap();
        assert!(devices(&sandbox, variable).contains(device));
    }
}

/// A library that a person names has no record. Its file is still not mapped beyond its end.
#[test]
fn a_named_library_that_was_cut_off_is_an_error() {
    let sandbox = Sandbox::new();
    let place = copy(&sandbox, "onnxruntime");
    let mut library = fs::read_dir(&place).unwrap().flatten().map(|entry| entry.path());
    let library = library.find(|path| path.to_string_lossy().contains("libonnxruntime.so"));
    let whole = fs::read(library.unwrap()).unwrap();
    sandbox.folder("own");
    let named = sandbox.path("own/libonnxruntime.so");
    let typed = "devices --library onnxruntime=own/libonnxruntime.so";
    let length = whole.len();
    for cut in [0, 1, 63, 64, 4096, length / 4, length / 2, length - 4096, length - 1] {
        fs::write(&named, &whole[..cut]).unwrap();
        let listed = sandbox.godwit(typed).expect_success().stdout;
        assert!(!listed.contains("ort-cpu:0 "), "{listed}");
        assert!(cut < 64 || listed.contains("is cut off"), "{cut}: {listed}");
    }
    fs::write(&named, &whole).unwrap();
    assert!(sandbox.godwit(typed).expect_success().stdout.contains("ort-cpu:0 "));
}
