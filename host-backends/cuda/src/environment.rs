use std::env;

/// Environment variables that NVIDIA's libraries read when they are loaded.
///
/// They apply to the whole process: whether convolutions of `f32` use TF32, and whether matrix products are
/// reproducible on several streams. A program sets them before it starts its first thread, or is started with
/// them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NVIDIA_TF32_OVERRIDE`: with `0`, no library uses TF32 for `f32`.
    pub tf32_override: Option<String>,
    /// `CUBLAS_WORKSPACE_CONFIG`: with `:4096:8` or `:16:8`, products on several streams are reproducible.
    pub cublas_workspace: Option<String>,
    /// `CUDA_VISIBLE_DEVICES`: the GPUs that the driver shows the process.
    pub visible_devices: Option<String>,
}

impl Environment {
    /// The variable and value that rule out TF32 for convolutions of `f32`.
    pub const FULL_PRECISION: (&str, &str) = ("NVIDIA_TF32_OVERRIDE", "0");

    /// The variable and value that make products on several streams reproducible.
    pub const REPRODUCIBLE: (&str, &str) = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8");

    /// The variables of this process.
    pub fn of_process() -> Self {
        let read = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            tf32_override: read(Self::FULL_PRECISION.0),
            cublas_workspace: read(Self::REPRODUCIBLE.0),
            visible_devices: read("CUDA_VISIBLE_DEVICES"),
        }
    }

    /// Whether TF32 is ruled out.
    pub(crate) fn refuses_tf32(&self) -> bool {
        self.tf32_override.as_deref() == Some(Self::FULL_PRECISION.1)
    }

    /// Whether products on several streams are reproducible.
    pub(crate) fn is_reproducible(&self) -> bool {
        matches!(self.cublas_workspace.as_deref(), Some(":4096:8" | ":16:8"))
    }
}
