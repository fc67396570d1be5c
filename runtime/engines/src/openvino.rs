use crate::library::Library;
use crate::release::{
    LINUX_AARCH64, LINUX_X86_64, MACOS_AARCH64, WINDOWS_X86_64, is_shared_library,
};
use crate::system::SystemPlace;
use crate::{Arch, Engine, Os, Release, Wheel};

/// Intel's OpenVINO: processors, Intel graphics and NPUs.
pub const OPENVINO: Engine = Engine {
    name: "openvino",
    summary: "OpenVINO: CPUs, Intel GPUs and NPUs; reads onnx and openvino",
    variable: "GODWIT_OPENVINO",
    vendor_variable: Some("INTEL_OPENVINO_DIR"),
    release: RELEASE,
    by_hand: None,
    library: Library {
        linux: "libopenvino_c.so",
        macos: "libopenvino_c.dylib",
        windows: "openvino_c.dll",
        counts_years: true,
    },
    system: SYSTEM,
    below: &[
        "runtime/lib/intel64",
        "runtime/lib/aarch64",
        "runtime/lib/arm64/Release",
        "runtime/bin/intel64/Release",
        "lib",
        "libs",
        "openvino/libs",
    ],
};

const SYSTEM: &[SystemPlace] = &[
    SystemPlace::only(Os::Linux, Arch::X86_64, "/opt/intel/openvino*/runtime/lib/intel64"),
    SystemPlace::only(Os::Linux, Arch::Aarch64, "/opt/intel/openvino*/runtime/lib/aarch64"),
    SystemPlace::on(Os::Linux, "/usr/local/lib"),
    SystemPlace::on(Os::Linux, "/usr/lib/{triple}"),
    SystemPlace::on(Os::Linux, "/usr/lib64"),
    SystemPlace::on(Os::Linux, "/usr/lib"),
    SystemPlace::on(Os::Macos, "/opt/intel/openvino*/runtime/lib/arm64/Release"),
    SystemPlace::on(Os::Macos, "/opt/homebrew/opt/openvino/lib"),
    SystemPlace::on(Os::Macos, "/opt/homebrew/lib"),
    SystemPlace::on(Os::Macos, "/usr/local/lib"),
    SystemPlace::on(Os::Windows, "{ProgramFiles(x86)}/Intel/openvino*/runtime/bin/intel64/Release"),
    SystemPlace::on(Os::Windows, "{ProgramFiles}/Intel/openvino*/runtime/bin/intel64/Release"),
];

const RELEASE: Release = Release {
    package: "openvino",
    version: "2026.4.1",
    wheels: &[
        Wheel {
            platform: LINUX_X86_64,
            file: "openvino-2026.4.1-22982-cp312-cp312-manylinux_2_28_x86_64.whl",
            tag: "manylinux_2_28_x86_64",
            sha256: "6b4375c17ddcac83a5180349e2e2bb811185c261066e2a920659892d58ef0e3b",
            size: 59_144_434,
        },
        Wheel {
            platform: LINUX_AARCH64,
            file: "openvino-2026.4.1-22982-cp312-cp312-manylinux_2_35_aarch64.whl",
            tag: "manylinux_2_35_aarch64",
            sha256: "82efccb2f9f1bdc7e5a1996e05a3b719ebff9232dd54b44150d6d2e983a86b7d",
            size: 30_332_437,
        },
        Wheel {
            platform: MACOS_AARCH64,
            file: "openvino-2026.4.1-22982-cp312-cp312-macosx_11_0_arm64.whl",
            tag: "macosx_11_0_arm64",
            sha256: "726ac547b8474a5e7b145bc1ae5a8bb6fbcbb60b79bd9a611c67eec2c74b7a5f",
            size: 33_341_733,
        },
        Wheel {
            platform: WINDOWS_X86_64,
            file: "openvino-2026.4.1-22982-cp312-cp312-win_amd64.whl",
            tag: "win_amd64",
            sha256: "4e04316abff1b99e29b8cbd38deaef9bde4739eba216d982d4b3981e456ecd87",
            size: 84_964_415,
        },
    ],
    inside: "openvino/libs/",
    keep,
};

/// The readers of encodings that no model comes in here stay out; each is found, when there, by name.
fn keep(file: &str) -> bool {
    let is_read = ["_ir_frontend", "_onnx_frontend"].iter().any(|name| file.contains(name));
    // The graphics plug-in's table of what runs fast.
    file == "cache.json" || is_shared_library(file) && (is_read || !file.contains("_frontend"))
}

#[cfg(test)]
mod tests {
    use super::keep;

    #[test]
    fn what_is_never_used_stays_out() {
        for file in [
            "libopenvino.so.2641",
            "libopenvino_c.2641.dylib",
            "libopenvino_onnx_frontend.so.2641",
            "openvino_ir_frontend.dll",
            "libopenvino_intel_npu_plugin.so",
            "libtbb.so.12",
            "cache.json",
        ] {
            assert!(keep(file), "{file}");
        }
        for file in [
            "libopenvino_tensorflow_lite_frontend.so.2641",
            "libopenvino_gguf_frontend.2641.dylib",
            "openvino_jax_frontend.dll",
            "openvino_onnx_frontend.lib",
            "tbb.pc",
        ] {
            assert!(!keep(file), "{file}");
        }
    }
}
