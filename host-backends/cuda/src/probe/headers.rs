//! Finds the headers that the compilation of kernels needs, in the folders that tract searches.

use std::env;
use std::path::{Path, PathBuf};

use super::{CCCL_HEADERS, MATH_HEADERS, Requirement, TOOLKIT_HEADERS};

/// The toolkit's folder in the system's packages.
const DEFAULT_ROOT: &str = "/usr/local/cuda";

/// The toolkit's folder: as configured, the default, or that of `nvcc`.
pub(crate) fn root() -> Option<PathBuf> {
    let set = ["CUDA_HOME", "CUDA_PATH"].iter().find_map(env::var_os).map(PathBuf::from);
    set.or_else(|| Some(PathBuf::from(DEFAULT_ROOT)).filter(|root| root.exists())).or_else(|| {
        let path = env::var_os("PATH")?;
        let nvcc = env::split_paths(&path).map(|dir| dir.join("nvcc")).find(|it| it.is_file())?;
        Some(nvcc.parent()?.parent()?.to_path_buf())
    })
}

/// The first header that is missing in `root`.
pub(crate) fn missing(root: Option<&Path>) -> Option<Requirement> {
    let Some(root) = root else { return Some(TOOLKIT_HEADERS) };
    let mut folders = vec![root.join("include")];
    let targets = root.join("targets").read_dir().into_iter().flatten().flatten();
    folders.extend(targets.map(|target| target.path().join("include")));
    let Some(include) = folders.into_iter().find(|folder| folder.join("cuda_fp16.h").exists())
    else {
        return Some(TOOLKIT_HEADERS);
    };
    if !include.join("math_constants.h").exists() {
        return Some(MATH_HEADERS);
    }
    let roots = ["cccl", "libcudacxx/include", ""];
    let found = roots.iter().any(|at| include.join(at).join("cuda/std/cstdint").exists());
    (!found).then_some(CCCL_HEADERS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn toolkit(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        root
    }

    #[test]
    fn each_missing_header_is_named() {
        assert_eq!(missing(None), Some(TOOLKIT_HEADERS));
        let of = |files: &[&str]| missing(Some(toolkit(files).path()));
        assert_eq!(of(&[]), Some(TOOLKIT_HEADERS));
        assert_eq!(of(&["include/cuda_fp16.h"]), Some(MATH_HEADERS));
        let both = ["include/cuda_fp16.h", "include/math_constants.h"];
        assert_eq!(of(&both), Some(CCCL_HEADERS));
    }

    #[test]
    fn each_layout_of_a_toolkit_is_understood() {
        for cccl in ["cccl/cuda/std/cstdint", "cuda/std/cstdint"] {
            for include in ["include", "targets/x86_64-linux/include"] {
                let files = ["cuda_fp16.h", "math_constants.h", cccl];
                let files = files.map(|file| format!("{include}/{file}"));
                let root = toolkit(&files.each_ref().map(String::as_str));
                assert_eq!(missing(Some(root.path())), None, "{files:?}");
            }
        }
    }
}
