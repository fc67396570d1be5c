use crate::library::Library;
use crate::system::SystemPlace;
use crate::{Engine, Os, Release};

/// AMD's MIGraphX: AMD GPUs. It comes with ROCm, which belongs to a system's drivers: it is found here and
/// never installed.
pub const MIGRAPHX: Engine = Engine {
    name: "migraphx",
    summary: "MIGraphX: AMD GPUs; reads onnx",
    variable: "GODWIT_MIGRAPHX",
    vendor_variable: None,
    release: Release { package: "", version: "", wheels: &[], inside: "", keep: |_| false },
    by_hand: Some(
        "AMD's ROCm with its package migraphx, or on Debian and Ubuntu the package libmigraphx-c3",
    ),
    library: Library {
        linux: "libmigraphx_c.so",
        macos: "libmigraphx_c.dylib",
        windows: "migraphx_c.dll",
        counts_years: false,
    },
    system: SYSTEM,
    below: &["lib", "lib64"],
};

/// AMD's packages put everything below one folder, which a variable may name.
const SYSTEM: &[SystemPlace] = &[
    SystemPlace::on(Os::Linux, "{ROCM_PATH}/lib"),
    SystemPlace::on(Os::Linux, "/opt/rocm/lib"),
    SystemPlace::on(Os::Linux, "/opt/rocm-*/lib"),
    SystemPlace::on(Os::Linux, "/usr/lib/{triple}"),
    SystemPlace::on(Os::Linux, "/usr/lib64"),
    SystemPlace::on(Os::Linux, "/usr/local/lib"),
];
