//! What libraries read from the environment.

/// What no library may do in a process of ours or in one that it starts: ONNX Runtime opens a store for telemetry in the
/// user's cache folder as soon as it is loaded, and its interface that turns telemetry off comes too late for that.
#[cfg(feature = "onnxruntime")]
const NO_TELEMETRY: (&str, &str) = ("ORT_DISABLE_TELEMETRY", "1");

/// Settles what libraries read once a process, before any of them is loaded. To be called first of all, while no
/// other thread runs: it changes this process's variables, and may start the program anew, in the same process.
///
/// ONNX Runtime's telemetry is turned off. Whether NVIDIA's libraries compute `f32` in TF32 is decided by a variable as
/// well, with which the program is started anew. What somebody set themselves stays.
pub fn prepare_process() {
    #[cfg(feature = "onnxruntime")]
    no_telemetry();
    #[cfg(all(feature = "cuda", unix))]
    refuse_tf32();
}

#[cfg(feature = "onnxruntime")]
#[allow(
    unsafe_code,
    reason = "the one place that changes the environment, before anyone can read it"
)]
fn no_telemetry() {
    let (name, value) = NO_TELEMETRY;
    if std::env::var_os(name).is_some() {
        return;
    }
    if !is_alone() {
        tracing::warn!(
            "ONNX Runtime's telemetry stays on: threads run already; start with {name}={value}"
        );
        return;
    }
    // SAFETY: no other thread of this process runs that could read the environment meanwhile.
    unsafe { std::env::set_var(name, value) };
}

/// Whether the calling thread is the only one, where the system tells; elsewhere the caller has promised it.
#[cfg(feature = "onnxruntime")]
fn is_alone() -> bool {
    std::fs::read_dir("/proc/self/task")
        .map_or(cfg!(not(target_os = "linux")), |tasks| tasks.count() == 1)
}

/// Starts this program anew, in the same process, without TF32 where nothing else was asked for.
#[cfg(all(feature = "cuda", unix))]
fn refuse_tf32() {
    use std::env;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use godwit_cuda::{CudaBackend, Environment};

    let (name, value) = Environment::FULL_PRECISION;
    if env::var_os(name).is_some() || !CudaBackend::has_driver() {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let error = Command::new(program).args(env::args_os().skip(1)).env(name, value).exec();
    // Without it, models with convolutions are refused on these GPUs, and say why.
    tracing::warn!(%error, "the program could not be started anew with {name}={value}");
}
