use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use godwit_backend::{Digest, Model};

/// What the sums of a folder's files are kept in.
const SUMS: &str = "sums";

/// The folder in which the library keeps one compiled model.
///
/// The library trusts what it finds there. So what it wrote is summed up afterwards, and files whose sum
/// is another one the next time are removed before it sees them.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The folder for `model` on `device` with `properties`, compiled by a library of build `build`.
    /// `None` when there can be none, which costs time and nothing else.
    pub(crate) fn open(
        root: &Path,
        model: &Model,
        device: &str,
        properties: &[(String, String)],
        build: &str,
    ) -> Option<Self> {
        let mut sorted = properties.to_vec();
        sorted.sort();
        let key = format!("{} {device:?} {sorted:?} {build:?}", model.digest());
        let folder = Self(root.join(Digest::of(key.as_bytes()).to_string()));
        match folder.prepare() {
            Ok(()) => Some(folder),
            Err(error) => {
                tracing::warn!(%error, "compiled models are not kept");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let sums = fs::read_to_string(self.0.join(SUMS)).unwrap_or_default();
        if sums != self.sums()? {
            tracing::info!("a compiled model is not what it was, and is removed");
            fs::remove_dir_all(&self.0)?;
            fs::create_dir_all(&self.0)?;
        }
        Ok(())
    }

    /// Remembers what the library wrote.
    pub(crate) fn seal(&self) {
        let written = self.sums().and_then(|sums| fs::write(self.0.join(SUMS), sums));
        if let Err(error) = written {
            tracing::warn!(%error, "a compiled model is not kept");
        }
    }

    fn sums(&self) -> io::Result<String> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.file_name() != Some(OsStr::new(SUMS)) && path.is_file() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push(format!("{} {name}\n", Digest::of(&fs::read(path)?)));
            }
        }
        files.sort();
        Ok(files.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_changed_are_removed_and_others_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let model = Model::onnx("m", b"model".to_vec());
        let open = || Folder::open(root.path(), &model, "CPU", &[], "1").unwrap();
        let blob = open().path().join("1.blob");
        fs::write(&blob, "compiled").unwrap();
        open();
        assert!(!blob.exists(), "what was never sealed was kept");
        let folder = Folder(open().path().to_owned());
        fs::write(&blob, "compiled").unwrap();
        folder.seal();
        open();
        assert!(blob.exists(), "what was sealed was removed");
        fs::write(&blob, "compilde").unwrap();
        open();
        assert!(!blob.exists(), "what changed was kept");
    }

    #[test]
    fn whatever_changes_the_compiled_model_changes_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let model = |text: &str| Model::onnx("m", text.as_bytes().to_vec());
        let hint = [("HINT".to_owned(), "f32".to_owned())];
        let open = |model, device, properties: &[_], build| {
            Folder::open(root.path(), &model, device, properties, build).unwrap().0
        };
        let all = [
            open(model("a"), "CPU", &[], "1"),
            open(model("b"), "CPU", &[], "1"),
            open(model("a"), "GPU.0", &[], "1"),
            open(model("a"), "CPU", &hint, "1"),
            open(model("a"), "CPU", &[], "2"),
        ];
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
