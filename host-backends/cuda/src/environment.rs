use std::env;

/// Variables that NVIDIA's libraries read when they are loaded, as the process was started with them.
///
/// They decide what cannot be decided a model: whether convolutions of `f32` are computed in TF32, and
/// whether matrix products give the same bits on several streams. A program sets them before it starts
/// its first thread, or is started with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NVIDIA_TF32_OVERRIDE`: with `0`, no library computes `f32` in TF32.
    pub tf32_override: Option<String>,
    /// `CUBLAS_WORKSPACE_CONFIG`: with `:4096:8` or `:16:8`, products on several streams are reproducible.
    pub cublas_workspace: Option<String>,
    /// `CUDA_VISIBLE_DEVICES`: the GPUs that the driver shows the process.
    pub visible_devices: Option<String>,
}

impl Environment {
    /// The variable without which the library may compute convolutions of `f32` in TF32, and its value.
    pub const FULL_PRECISION: (&str, &str) = ("NVIDIA_TF32_OVERRIDE", "0");

    /// The variable that makes products on several streams reproducible, and its value.
    pub const REPRODUCIBLE: (&str, &str) = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8");

    /// That of this process.
    pub fn of_process() -> Self {
        let read = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            tf32_override: read(Self::FULL_PRECISION.0),
            cublas_workspace: read(Self::REPRODUCIBLE.0),
            visible_devices: read("CUDA_VISIBLE_DEVICES"),
        }
    }

    /// Whether no library will compute `f32` in TF32.
    pub(crate) fn refuses_tf32(&self) -> bool {
        self.tf32_override.as_deref() == Some(Self::FULL_PRECISION.1)
    }

    /// Whether products on several streams give the same bits each time.
    pub(crate) fn is_reproducible(&self) -> bool {
        matches!(self.cublas_workspace.as_deref(), Some(":4096:8" | ":16:8"))
    }
}
