use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::install::sha256;
use crate::library::Library;
use crate::release::LINUX_X86_64;
use crate::{Engine, Release, Wheel};

pub(super) const FILE: &str = "godwit_probe-1.2.3-cp312-cp312-manylinux_2_28_x86_64.whl";

/// What the wheel holds besides its own description.
pub(super) const CONTENTS: [(&str, &str); 9] = [
    ("godwit_probe/libs/libprobe.so.1.2.3", "the library"),
    ("godwit_probe/libs/libneeded.so", "what it needs"),
    ("godwit_probe/libs/unused.so", "never"),
    ("godwit_probe/libs/deeper/libprobe.so.9", "never"),
    ("godwit_probe/libs/../../escape.so", "never"),
    ("godwit_probe/__init__.py", "never"),
    ("godwit_probe-1.2.3.dist-info/licenses/LICENSE", "do as you like"),
    ("godwit_probe-1.2.3.dist-info/licenses/x/tbb_third-party-programs.txt", "theirs"),
    ("godwit_probe/test/LICENSE", "never"),
];

/// Makes a wheel that the package client takes, and the engine that pins it.
pub(super) fn engine(folder: &Path, contents: &[(&str, &str)]) -> (&'static Engine, PathBuf) {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(FILE);
    let mut archive = ZipWriter::new(File::create(&path).unwrap());
    let description = "Metadata-Version: 2.1\nName: godwit-probe\nVersion: 1.2.3\n";
    let wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_28_x86_64\n";
    let own = [
        ("godwit_probe-1.2.3.dist-info/METADATA", description),
        ("godwit_probe-1.2.3.dist-info/WHEEL", wheel),
    ];
    for (name, text) in contents.iter().chain(&own) {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let hash = sha256(&path).unwrap();
    (pinned(&hash, fs::metadata(&path).unwrap().len()), path)
}

/// An engine whose release is the file with this hash.
pub(super) fn pinned(sha256: &str, size: u64) -> &'static Engine {
    let wheel = Wheel {
        platform: LINUX_X86_64,
        file: FILE,
        tag: "manylinux_2_28_x86_64",
        sha256: Box::leak(sha256.to_owned().into_boxed_str()),
        size,
    };
    Box::leak(Box::new(Engine {
        name: "probe",
        summary: "a file",
        variable: "GODWIT_PROBE",
        vendor_variable: Some("PROBE"),
        release: Release {
            package: "godwit_probe",
            version: "1.2.3",
            wheels: Box::leak(Box::new([wheel])),
            inside: "godwit_probe/libs/",
            keep: |file| file.starts_with("lib"),
        },
        by_hand: None,
        library: Library {
            linux: "libprobe.so",
            macos: "libprobe.dylib",
            windows: "probe.dll",
            counts_years: false,
        },
        system: &[],
        below: &[],
    }))
}
