/// Settles what libraries read once a process, before any of them is loaded. To be called first of all, while no
/// other thread runs: it may start the program anew, in the same process.
///
/// Whether NVIDIA's libraries compute `f32` in TF32 is decided by a variable. A program may change its own
/// variables while no other thread reads them; to start anew asks for no such promise.
pub fn prepare_process() {
    #[cfg(all(feature = "cuda", unix))]
    refuse_tf32();
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
