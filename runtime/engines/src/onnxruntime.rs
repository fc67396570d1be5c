use crate::library::Library;
use crate::release::{
    LINUX_AARCH64, LINUX_X86_64, MACOS_AARCH64, WINDOWS_X86_64, is_shared_library,
};
use crate::system::SystemPlace;
use crate::{Engine, Os, Release, Wheel};

/// Microsoft's ONNX Runtime: processors, and whatever execution providers the library was built with.
pub const ONNXRUNTIME: Engine = Engine {
    name: "onnxruntime",
    summary: "ONNX Runtime: CPUs, and what its library has providers for; reads onnx",
    variable: "GODWIT_ONNXRUNTIME",
    vendor_variable: Some("ORT_DYLIB_PATH"),
    release: RELEASE,
    by_hand: None,
    library: Library {
        linux: "libonnxruntime.so",
        macos: "libonnxruntime.dylib",
        windows: "onnxruntime.dll",
        counts_years: false,
    },
    system: SYSTEM,
    below: &["lib", "capi", "onnxruntime/capi"],
};

/// Not Windows' own folder: the library that is there is the system's, and years old.
const SYSTEM: &[SystemPlace] = &[
    SystemPlace::on(Os::Linux, "/opt/onnxruntime*/lib"),
    SystemPlace::on(Os::Linux, "/usr/local/lib"),
    SystemPlace::on(Os::Linux, "/usr/lib/{triple}"),
    SystemPlace::on(Os::Linux, "/usr/lib64"),
    SystemPlace::on(Os::Linux, "/usr/lib"),
    SystemPlace::on(Os::Macos, "/opt/homebrew/opt/onnxruntime/lib"),
    SystemPlace::on(Os::Macos, "/opt/homebrew/lib"),
    SystemPlace::on(Os::Macos, "/usr/local/lib"),
    SystemPlace::on(Os::Windows, "{ProgramFiles}/onnxruntime*/lib"),
];

const RELEASE: Release = Release {
    package: "onnxruntime",
    version: "1.31.1",
    wheels: &[
        Wheel {
            platform: LINUX_X86_64,
            file: "onnxruntime-1.31.1-cp312-cp312-manylinux_2_28_x86_64.whl",
            tag: "manylinux_2_28_x86_64",
            sha256: "1f3dea47f2f0e5117c2404cea7d21fd253ae7836a3bf167a501cdfbb2600d536",
            size: 23_760_988,
        },
        Wheel {
            platform: LINUX_AARCH64,
            file: "onnxruntime-1.31.1-cp312-cp312-manylinux_2_28_aarch64.whl",
            tag: "manylinux_2_28_aarch64",
            sha256: "0b9a492176886992e0e875f06bc0367e333f5fff11711a2d642e18b02f3009cc",
            size: 21_420_803,
        },
        Wheel {
            platform: MACOS_AARCH64,
            file: "onnxruntime-1.31.1-cp312-cp312-macosx_14_0_arm64.whl",
            tag: "macosx_14_0_arm64",
            sha256: "96dd2564b10ea7153ad9c207e7cd8e5917cb3ba521e0e0a62ac03486fdc8d56c",
            size: 20_882_125,
        },
        Wheel {
            platform: WINDOWS_X86_64,
            file: "onnxruntime-1.31.1-cp312-cp312-win_amd64.whl",
            tag: "win_amd64",
            sha256: "ae8a9a351efda685cc59a66226cdefaa37a126c1d66872ca23a2de9425326130",
            size: 14_888_466,
        },
    ],
    inside: "onnxruntime/capi/",
    keep,
};

/// Not the module for Python, which holds the whole runtime once more.
fn keep(file: &str) -> bool {
    is_shared_library(file)
        && (file.starts_with("libonnxruntime") || file.starts_with("onnxruntime"))
        && !file.contains("pybind")
}

#[cfg(test)]
mod tests {
    use super::keep;

    #[test]
    fn the_libraries_and_nothing_of_python() {
        for file in [
            "libonnxruntime.so.1.31.1",
            "libonnxruntime.1.31.1.dylib",
            "onnxruntime_providers_shared.dll",
        ] {
            assert!(keep(file), "{file}");
        }
        for file in [
            "onnxruntime_pybind11_state.so",
            "onnxruntime_pybind11_state.pyd",
            "training.py",
            "x.so",
        ] {
            assert!(!keep(file), "{file}");
        }
    }
}
